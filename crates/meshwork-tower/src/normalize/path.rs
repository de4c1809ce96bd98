//! Path normalisation as `meshConfig.pathNormalization` says and Envoy does it.

use std::borrow::Cow;

/// What is done to a path before anything matches it.
///
/// The normalised path is what routes match, what policies see and what is forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PathNormalization {
    /// RFC 3986: dot segments are resolved, `\` becomes `/`, escaped unreserved characters are
    /// decoded (Istio's `BASE` and above).
    pub resolve: bool,
    /// Runs of `/` become one (`MERGE_SLASHES` and above).
    pub merge_slashes: bool,
    /// What becomes of `%2F` and `%5C`.
    pub escaped_slashes: EscapedSlashes,
}

/// What becomes of `%2F` and `%5C` in a path: where they are unescaped, `/` and `\`, of which
/// resolving makes `/` as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EscapedSlashes {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are unescaped first of all (`DECODE_AND_MERGE_SLASHES`).
    UnescapeAndForward,
    /// The client is sent to the unescaped path with 307 (gateways with the profile `EDGE`).
    UnescapeAndRedirect,
    /// The request is refused with 400 (`REJECT_REQUEST` of `connectionSettings`).
    Reject,
}

impl PathNormalization {
    /// Istio's `NONE`: only a fragment is stripped.
    pub const NONE: Self =
        Self { resolve: false, merge_slashes: false, escaped_slashes: EscapedSlashes::Keep };
    /// Istio's `BASE`, which is also `DEFAULT`.
    pub const BASE: Self = Self { resolve: true, ..Self::NONE };
    /// Istio's `MERGE_SLASHES`.
    pub const MERGE_SLASHES: Self = Self { merge_slashes: true, ..Self::BASE };
    /// Istio's `DECODE_AND_MERGE_SLASHES`.
    pub const DECODE_AND_MERGE_SLASHES: Self =
        Self { escaped_slashes: EscapedSlashes::UnescapeAndForward, ..Self::MERGE_SLASHES };
    /// What gateways with the connection profile `EDGE` do.
    pub const EDGE: Self =
        Self { escaped_slashes: EscapedSlashes::UnescapeAndRedirect, ..Self::MERGE_SLASHES };

    /// Normalises a request target in origin form, its query included.
    ///
    /// ```
    /// use meshwork_tower::PathNormalization;
    /// let path = PathNormalization::BASE.apply("/a/./b/%2e%2e/%7Ec?q=/../x")?;
    /// assert_eq!(path.target, "/a/~c?q=/../x");
    /// # Ok::<(), meshwork_tower::PathNormalizationError>(())
    /// ```
    ///
    /// # Errors
    /// [`PathNormalizationError`] for `%00` where dot segments are resolved, and for `%2F` and
    /// `%5C` where they are refused; Envoy answers 400.
    pub fn apply<'a>(&self, target: &'a str) -> Result<NormalizedPath<'a>, PathNormalizationError> {
        let target = target.split_once('#').map_or(target, |(before, _)| before);
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let unescaped = match self.escaped_slashes {
            EscapedSlashes::Keep => None,
            _ => unescape_slashes(path),
        };
        if unescaped.is_some() && self.escaped_slashes == EscapedSlashes::Reject {
            return Err(PathNormalizationError);
        }
        let redirect =
            unescaped.is_some() && self.escaped_slashes == EscapedSlashes::UnescapeAndRedirect;
        let mut path = unescaped.map_or(Cow::Borrowed(path), Cow::Owned);
        if self.resolve && needs_resolving(path.as_bytes()) {
            path = Cow::Owned(resolve(path.as_bytes())?);
        }
        if self.merge_slashes && path.contains("//") {
            path = Cow::Owned(merge_slashes(&path));
        }
        let target = match (path, query) {
            (Cow::Borrowed(_), _) => Cow::Borrowed(target),
            (Cow::Owned(path), None) => Cow::Owned(path),
            (Cow::Owned(mut path), Some(query)) => {
                path.push('?');
                path.push_str(query);
                Cow::Owned(path)
            }
        };
        Ok(NormalizedPath { target, redirect })
    }
}

impl Default for PathNormalization {
    fn default() -> Self {
        Self::BASE
    }
}

/// A normalised request target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NormalizedPath<'a> {
    /// Path and query; borrowed where nothing had to change.
    pub target: Cow<'a, str>,
    /// Whether the client is to be sent there (307) instead of being served.
    pub redirect: bool,
}

/// The path holds an escaped NUL, or an escaped slash that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path cannot be normalised: it holds `%00`, or an escaped slash that is refused")]
pub struct PathNormalizationError;

/// Whether resolving could change anything, so that most paths are not copied.
fn needs_resolving(path: &[u8]) -> bool {
    path.iter().enumerate().any(|(index, &byte)| match byte {
        b'%' | b'\\' => true,
        b'.' => index.checked_sub(1).and_then(|before| path.get(before)) == Some(&b'/'),
        _ => is_escaped_in_paths(byte),
    })
}

/// Resolves dot segments the way browsers do: from left to right over what was written so far.
fn resolve(path: &[u8]) -> Result<String, PathNormalizationError> {
    let path = &without_parameters(path);
    let mut out = Vec::with_capacity(path.len() + 8);
    let mut rest = path.as_slice();
    // Where a `%` stands that begins no escape.
    let mut lone_percent = None;
    while let Some((&byte, after)) = rest.split_first() {
        if out.last() == Some(&b'/')
            && let Some((segment, after)) = dot_segment(rest)
        {
            if segment == DotSegment::Up {
                back_to_previous_slash(&mut out);
            }
            rest = after;
            continue;
        }
        rest = after;
        match byte {
            b'\\' => out.push(b'/'),
            b'%' => match escape(rest) {
                Some((0, _)) => return Err(PathNormalizationError),
                Some((decoded, after)) if is_unreserved(decoded) => {
                    out.push(decoded);
                    rest = after;
                    if let Some(at) = lone_percent {
                        keep_apart(&mut out, at, rest.first().copied());
                    }
                }
                Some(_) => out.push(b'%'),
                None => {
                    lone_percent = Some(out.len());
                    out.push(b'%');
                }
            },
            byte if is_escaped_in_paths(byte) => {
                out.push(b'%');
                out.extend(hex(byte));
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).map_err(|_| PathNormalizationError)
}

/// A character that was just decoded must not make an escape out of a `%` before it, which the next
/// reader would decode: such a `%` becomes `%25`.
fn keep_apart(out: &mut Vec<u8>, percent: usize, next: Option<u8>) {
    let digits = match out.get(percent + 1..) {
        Some(&[first]) => [Some(first), next],
        Some(&[first, second]) => [Some(first), Some(second)],
        _ => return,
    };
    if digits.iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())) {
        out.splice(percent..=percent, *b"%25");
    }
}

/// Takes the parameters off segments that are `.` or `..` as written: `/..;p=1/` is `/../`.
fn without_parameters(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    for (index, segment) in path.split(|&byte| byte == b'/').enumerate() {
        if index > 0 {
            out.push(b'/');
        }
        let name = segment.split(|&byte| byte == b';').next().unwrap_or(segment);
        out.extend_from_slice(if matches!(name, b"." | b"..") { name } else { segment });
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DotSegment {
    Current,
    Up,
}

/// Reads a whole dot segment with the slash that ends it.
fn dot_segment(path: &[u8]) -> Option<(DotSegment, &[u8])> {
    let after = dot(path)?;
    match end_of_segment(after) {
        Some(rest) => Some((DotSegment::Current, rest)),
        None => Some((DotSegment::Up, end_of_segment(dot(after)?)?)),
    }
}

fn end_of_segment(path: &[u8]) -> Option<&[u8]> {
    match path.split_first() {
        None => Some(path),
        Some((&byte, rest)) if is_slash(byte) => Some(rest),
        Some(_) => None,
    }
}

/// A dot, escaped or not.
fn dot(path: &[u8]) -> Option<&[u8]> {
    match path {
        [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// `out` ends with a slash; the segment before it goes. The root stays.
fn back_to_previous_slash(out: &mut Vec<u8>) {
    if out.len() <= 1 {
        return;
    }
    out.pop();
    let keep = out.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    out.truncate(keep);
}

/// `%2F` becomes `/` and `%5C` becomes `\`; `None` where there are none.
fn unescape_slashes(path: &str) -> Option<String> {
    let mut out = String::with_capacity(path.len());
    let mut found = false;
    let mut pieces = path.split('%');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let codes = [("2F", '/'), ("2f", '/'), ("5C", '\\'), ("5c", '\\')];
        let after = codes.iter().find_map(|(code, slash)| Some((piece.strip_prefix(code)?, slash)));
        match after {
            Some((after, slash)) => {
                found = true;
                out.push(*slash);
                out.push_str(after);
            }
            None => {
                out.push('%');
                out.push_str(piece);
            }
        }
    }
    found.then_some(out)
}

/// Runs of slashes become one; a path of slashes alone keeps two, as Envoy has it.
fn merge_slashes(path: &str) -> String {
    if path.bytes().all(|byte| byte == b'/') {
        return "//".to_owned();
    }
    let mut out = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !out.ends_with('/') {
            out.push(character);
        }
    }
    out
}

fn is_slash(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What a path does not hold as it is.
fn is_escaped_in_paths(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x7f..)
}

/// The byte that two hexadecimal digits stand for, and what follows them.
fn escape(digits: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], rest) = digits.split_first_chunk::<2>()?;
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some((digit(high)? << 4 | digit(low)?, rest))
}

fn hex(byte: u8) -> [u8; 2] {
    const fn digit(nibble: u8) -> u8 {
        if nibble < 10 { b'0' + nibble } else { b'A' + (nibble - 10) }
    }
    [digit(byte >> 4), digit(byte & 0xf)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mode: PathNormalization, path: &str, expected: &str) {
        let normalized = mode.apply(path).unwrap();
        assert_eq!(normalized.target, expected, "{path} with {mode:?}");
    }

    #[test]
    fn base_resolves_and_decodes() {
        for (path, expected) in [
            ("/a/./b", "/a/b"),
            ("/a/c/../b", "/a/b"),
            ("/../../a", "/a"),
            ("/a//b", "/a//b"),
            ("/x//../admin", "/x/admin"),
            ("/a%2Fb", "/a%2Fb"),
            (r"/a\b", "/a/b"),
            ("/a%5Cb", "/a%5Cb"),
            ("/%7Euser", "/~user"),
            ("/%61/%62", "/a/b"),
            ("/a/%2e%2e/admin", "/admin"),
            ("/x/..%2Fadmin", "/x/..%2Fadmin"),
            ("/x/%2E%2E%2fadmin", "/x/..%2fadmin"),
            ("/a%252Fb", "/a%252Fb"),
            ("/a/b?p=/x/../y//z%2F", "/a/b?p=/x/../y//z%2F"),
            ("/a/b/.", "/a/b/"),
            ("/admin/..", "/"),
            ("/a/b#/../c", "/a/b"),
            ("/a/b?q#f", "/a/b?q"),
            ("/a;p=1/b", "/a;p=1/b"),
            ("/a/..;/admin", "/admin"),
            ("/x/..;a=b/admin", "/admin"),
            ("/x/.;/y", "/x/y"),
            ("/x/%2e%2e;/admin", "/x/..;/admin"),
            ("/x/...//admin", "/x/...//admin"),
            ("/a{b}", "/a%7Bb%7D"),
            ("/a|b^c`\"<>", "/a%7Cb%5Ec%60%22%3C%3E"),
            ("/a[b]", "/a[b]"),
            ("/a%zz%", "/a%zz%"),
            ("/%2%41", "/%252A"),
            ("/%%41b%41", "/%25AbA"),
            ("/%%41g", "/%Ag"),
            (r"/a\.;/b", "/a/.;/b"),
            ("/", "/"),
        ] {
            check(PathNormalization::BASE, path, expected);
        }
        assert!(PathNormalization::BASE.apply("/a%00").is_err());
    }

    #[test]
    fn other_modes() {
        check(PathNormalization::NONE, "/a/../b//%61#f", "/a/../b//%61");
        check(PathNormalization::NONE, "/a%00", "/a%00");
        check(PathNormalization::MERGE_SLASHES, "/a//.//b//", "/a/b/");
        check(PathNormalization::MERGE_SLASHES, "/a%2f%2fb", "/a%2f%2fb");
        check(PathNormalization::MERGE_SLASHES, "///", "//");
        check(PathNormalization::MERGE_SLASHES, "//?a//b", "//?a//b");
        check(PathNormalization::DECODE_AND_MERGE_SLASHES, "/a/..%2F%5cb?%2F", "/b?%2F");
        // An unescaped backslash separates no parameters yet.
        check(PathNormalization::DECODE_AND_MERGE_SLASHES, "/%5c..;/b", "/..;/b");
        check(PathNormalization::DECODE_AND_MERGE_SLASHES, "//..;%5C%3B-", "/");
        assert!(PathNormalization::EDGE.apply("/a%2Fb").unwrap().redirect);
        assert!(!PathNormalization::EDGE.apply("/a//b").unwrap().redirect);
        let reject = PathNormalization {
            escaped_slashes: EscapedSlashes::Reject,
            ..PathNormalization::BASE
        };
        assert!(reject.apply("/a%5cb").is_err());
        check(reject, "/a?b%2f", "/a?b%2f");
    }

    #[test]
    fn normalising_twice_changes_nothing_more() {
        for path in ["/a//../b", "/%2e/x", "/a%5c..%5cb", "/%61%2e%2e/x", "/..;/..;a/b"] {
            let once = PathNormalization::DECODE_AND_MERGE_SLASHES.apply(path).unwrap().target;
            let twice = PathNormalization::DECODE_AND_MERGE_SLASHES.apply(&once).unwrap().target;
            assert_eq!(once, twice);
        }
    }
}
