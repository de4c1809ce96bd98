//! Reading values with command operators.

use std::str::FromStr;

use super::{
    Format, Piece,
    command::{Command, Names, OTHER, PLAIN, PathFrom, takes},
};

/// A value that Envoy would refuse, and the whole route table with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// A `%` that nothing closes.
    #[error("`{0}` has a `%` that begins no operator; write `%%` for the character")]
    Unclosed(String),
    /// No operator has that name.
    #[error("`%{0}%` is no operator of Envoy")]
    Unknown(String),
    /// The operator needs a name in parentheses, or cannot have one.
    #[error("`%{0}%` has the wrong argument")]
    Argument(String),
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            plain.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                plain.push('%');
                rest = after;
                continue;
            }
            let (inner, after) =
                operator(after).ok_or_else(|| FormatError::Unclosed(text.to_owned()))?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain).into()));
            }
            pieces.push(command(inner)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain.into()));
        }
        Ok(Self { text: text.into(), pieces: pieces.into() })
    }
}

/// The operator at the start and what follows its `%`; an argument may hold a `%`.
fn operator(text: &str) -> Option<(&str, &str)> {
    let close = match (text.find('('), text.find('%')?) {
        (Some(open), percent) if open < percent => {
            let argument = text.get(open..)?.find(')')? + open;
            text.get(argument..)?.find('%')? + argument
        }
        (_, percent) => percent,
    };
    Some((text.get(..close)?, text.get(close + 1..)?))
}

/// `NAME`, `NAME(argument)` or `NAME(argument):most`.
fn command(inner: &str) -> Result<Piece, FormatError> {
    let wrong = || FormatError::Argument(inner.to_owned());
    let (head, most) = match inner.rsplit_once(':') {
        Some((head, digits))
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            (head, Some(digits.parse().map_err(|_| wrong())?))
        }
        _ => (inner, None),
    };
    let (name, argument) = match head.split_once('(') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(')').ok_or_else(wrong)?)),
        None => (head, None),
    };
    let command = match (name, argument) {
        ("REQ", Some(names)) => Command::Request(read_names(names).ok_or_else(wrong)?),
        ("RESP", Some(names)) => Command::Response(read_names(names).ok_or_else(wrong)?),
        ("REQ" | "RESP", None) => return Err(wrong()),
        ("PATH", options) => path(options.unwrap_or_default()).ok_or_else(wrong)?,
        ("QUERY_PARAM", Some(name)) if !name.is_empty() => Command::QueryParam(name.into()),
        ("QUERY_PARAM", _) => return Err(wrong()),
        (name, argument) => match PLAIN.iter().find(|(known, _)| *known == name) {
            None if !OTHER.contains(&name) => return Err(FormatError::Unknown(inner.to_owned())),
            _ if !takes(name, argument) => return Err(wrong()),
            Some((_, plain)) if argument.is_none_or(str::is_empty) => Command::Plain(*plain),
            _ => Command::Other(head.into()),
        },
    };
    Ok(Piece::Command { command, most })
}

/// `WQ` or `NQ`, and where the path is from: `WQ:ORIG`.
fn path(options: &str) -> Option<Command> {
    let (query, from) = options.split_once(':').unwrap_or((options, ""));
    let query = match query {
        "WQ" | "" => true,
        "NQ" => false,
        _ => return None,
    };
    let from = match from {
        "ORIG" => PathFrom::Original,
        "PATH" => PathFrom::Current,
        "ORIG_OR_PATH" | "" => PathFrom::Either,
        _ => return None,
    };
    Some(Command::Path { from, query })
}

/// `main` or `main?alternative`; Envoy folds the letter case of both.
fn read_names(text: &str) -> Option<Names> {
    if text.is_empty() {
        return None;
    }
    let mut names = text.split('?').map(|name| name.to_ascii_lowercase().into());
    let main = names.next()?;
    let alternative = names.next();
    names.next().is_none().then_some(Names { main, alternative })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::action::FormatContext;

    #[test]
    fn reads_operators_and_literals() {
        for (text, literal) in [
            ("100%%", Some("100%")),
            ("", Some("")),
            ("%%REQ(x)%%", Some("%REQ(x)%")),
            ("%REQ(x?y):3%", None),
            ("%START_TIME(%Y-%m)%", None),
            ("%PROTOCOL()%", None),
            ("%PATH(NQ:ORIG)%", None),
            ("%QUERY_PARAM(q)%", None),
            ("%DOWNSTREAM_PEER_CERT_V_START(%Y)%", None),
            ("%RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)%", None),
        ] {
            let format: Format = text.parse().unwrap();
            assert_eq!(format.as_literal(), literal, "{text}");
        }
        for text in [
            "50%",
            "%FOO%",
            "%REQ%",
            "%REQ()%",
            "%REQ(a?b?c)%",
            "%protocol%",
            "%PROTOCOL(x)%",
            "%UPSTREAM_CLUSTER(x)%",
            "%QUERY_PARAM%",
            "%DYNAMIC_METADATA%",
            "%REQ_WITHOUT_QUERY(:path)%",
            "%PATH(X)%",
        ] {
            assert!(text.parse::<Format>().is_err(), "{text}");
        }
    }

    #[test]
    fn evaluates_what_is_known() {
        let mut headers = http::HeaderMap::new();
        headers.insert("x-in", http::HeaderValue::from_static("hello"));
        let cx = FormatContext {
            request: Some(meshwork_core::RequestHead::new("GET", "http", "web", "/a?b", &headers)),
            protocol: Some("HTTP/1.1"),
            ..FormatContext::default()
        };
        for (text, value) in [
            ("%REQ(X-In)%", "hello"),
            ("%REQ(x-none?x-in)%", "hello"),
            ("%REQ(x-in):3%", "hel"),
            ("a-%REQ(x-none)%-b", "a--b"),
            ("%REQ(:path)%", "/a?b"),
            ("%PROTOCOL%", "HTTP/1.1"),
            ("%UPSTREAM_HOST%", ""),
            // Before there is an answer.
            ("%RESPONSE_CODE% %RESPONSE_FLAGS% %UPSTREAM_REQUEST_ATTEMPT_COUNT%", "0 - 1"),
            ("%PATH%", "/a?b"),
            ("%PATH(NQ)% %PATH(WQ:PATH)%", "/a /a?b"),
            ("%PATH(NQ:ORIG)%", ""),
            ("%QUERY_PARAMS%", "b"),
            ("%QUERY_PARAM(b)%%QUERY_PARAM(c)%", ""),
        ] {
            let format: Format = text.parse().unwrap();
            assert_eq!(format.evaluate(&cx), value.as_bytes(), "{text}");
        }
    }

    #[test]
    fn a_rewritten_path_has_two_forms() {
        let mut headers = http::HeaderMap::new();
        let old = http::HeaderValue::from_static("/old?q=a%20b&q=2&x=%zz");
        headers.insert("x-envoy-original-path", old);
        let path = "/new?q=a%20b&q=2&x=%zz";
        let cx = FormatContext {
            request: Some(meshwork_core::RequestHead::new("GET", "http", "web", path, &headers)),
            response: Some(&headers),
            response_status: Some(404),
            attempts: Some(0),
            ..FormatContext::default()
        };
        for (text, value) in [
            ("%PATH(NQ)%", "/old"),
            ("%PATH(NQ:ORIG)%", "/old"),
            ("%PATH(NQ:PATH)%", "/new"),
            ("%QUERY_PARAM(q)%", "a b"),
            ("%QUERY_PARAM(x)%", "%zz"),
            ("%RESPONSE_CODE% %RESP(:status)% %UPSTREAM_REQUEST_ATTEMPT_COUNT%", "0 404 0"),
        ] {
            let format: Format = text.parse().unwrap();
            assert_eq!(format.evaluate(&cx), value.as_bytes(), "{text}");
        }
    }
}
