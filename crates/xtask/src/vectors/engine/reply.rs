//! Reads an HTTP/1 answer from bytes, as far as they go.

use indexmap::IndexMap;

use crate::vectors::scenario::OneOrMany;

/// Headers of an answer.
type Headers = IndexMap<String, OneOrMany>;

/// What the bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// A whole answer: status, headers, body.
    Whole(u16, Headers, String),
    /// An answer that goes on until the connection ends.
    UntilEnd(u16, Headers, String),
    /// The beginning of an answer.
    Partial,
    /// No HTTP.
    NotHttp,
}

impl Reply {
    /// Reads an answer to a request; `head` when it was a HEAD request.
    pub(super) fn parse(bytes: &[u8], head: bool) -> Self {
        let start = b"HTTP/1.";
        let length = bytes.len().min(start.len());
        if bytes.get(..length) != start.get(..length) {
            return Self::NotHttp;
        }
        let Some(end) = find(bytes, b"\r\n\r\n") else { return Self::Partial };
        let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
        let rest = bytes.get(end + 4..).unwrap_or_default();
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let Some(status) = status else { return Self::NotHttp };
        let mut headers = Headers::new();
        for line in lines {
            let Some((name, value)) = line.split_once(':') else { return Self::NotHttp };
            let name = name.to_ascii_lowercase();
            headers.entry(name).or_default().0.push(value.trim().to_owned());
        }
        match status {
            101 => return Self::Whole(status, headers, String::new()),
            100..=199 => return Self::parse(rest, head),
            204 | 304 => return Self::Whole(status, headers, String::new()),
            _ if head => return Self::Whole(status, headers, String::new()),
            _ => {}
        }
        let first = |name: &str| headers.get(name).and_then(|OneOrMany(all)| all.first());
        if first("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            return match chunks(rest) {
                Some(body) => Self::Whole(status, headers, text_of(&body)),
                None => Self::Partial,
            };
        }
        match first("content-length").and_then(|length| length.parse::<usize>().ok()) {
            Some(length) => match rest.get(..length) {
                Some(body) => Self::Whole(status, headers, text_of(body)),
                None => Self::Partial,
            },
            None => Self::UntilEnd(status, headers, text_of(rest)),
        }
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// The body of a whole chunked answer.
fn chunks(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = find(bytes, b"\r\n")?;
        let size = String::from_utf8_lossy(bytes.get(..line)?).into_owned();
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        bytes = bytes.get(line + 2..)?;
        if size == 0 {
            // Trailers, if any, end with an empty line.
            let over = bytes.starts_with(b"\r\n") || find(bytes, b"\r\n\r\n").is_some();
            return over.then_some(body);
        }
        body.extend_from_slice(bytes.get(..size)?);
        bytes = bytes.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::Reply;

    #[test]
    fn reads_lengths_chunks_and_ends() {
        let whole = |text: &str| match Reply::parse(text.as_bytes(), false) {
            Reply::Whole(status, _, body) => (status, body),
            other => panic!("{other:?}"),
        };
        assert_eq!(whole("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), (200, "ok".to_owned()));
        let chunked = "HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
        assert_eq!(whole(chunked), (503, "ab".to_owned()));
        assert_eq!(Reply::parse(b"HTTP/1.1 200", false), Reply::Partial);
        assert_eq!(Reply::parse(b"hello", false), Reply::NotHttp);
    }
}
