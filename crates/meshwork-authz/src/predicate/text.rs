//! The string matching of AuthorizationPolicy: stars, templates.

use std::{fmt, sync::Arc};

use super::Unevaluable;

/// A value of a policy, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TextMatch {
    /// Anything, the empty text included.
    Present,
    /// Anything but the empty text.
    NonEmpty,
    Exact(Arc<str>),
    Prefix(Arc<str>),
    Suffix(Arc<str>),
    /// Pieces between stars, each of which stands for anything.
    Stars(Box<[Box<str>]>),
    /// A path template.
    Template(Box<[Segment]>),
}

/// A part of a path template between slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(Box<str>),
    /// `{*}`: one segment, not empty.
    One,
    /// `{**}`: the rest, slashes included, possibly nothing.
    Rest,
}

impl TextMatch {
    /// Istio's reading of a value: `*` alone is anything but nothing, a leading star a suffix, a
    /// trailing one a prefix; any other star is a star.
    pub(crate) fn new(value: &str) -> Self {
        if value == "*" {
            return Self::NonEmpty;
        }
        if let Some(suffix) = value.strip_prefix('*') {
            return Self::Suffix(suffix.into());
        }
        match value.strip_suffix('*') {
            Some(prefix) => Self::Prefix(prefix.into()),
            None => Self::Exact(value.into()),
        }
    }

    /// The same where `*` alone asks for presence: headers, hosts, methods.
    pub(crate) fn or_present(value: &str) -> Self {
        if value == "*" { Self::Present } else { Self::new(value) }
    }

    /// A value in which every star stands for anything, as in namespaces.
    pub(crate) fn stars(value: &str) -> Self {
        if value.contains('*') {
            Self::Stars(value.split('*').map(Into::into).collect())
        } else {
            Self::Exact(value.into())
        }
    }

    /// A path, or a path template where it holds `{*}` or `{**}`.
    pub(crate) fn path(value: &str) -> Result<Self, Unevaluable> {
        if !value.contains("{*}") && !value.contains("{**}") {
            return Ok(Self::new(value));
        }
        let unsound = || Unevaluable(format!("`{value}` is no path template"));
        let rest = value.strip_prefix('/').ok_or_else(unsound)?;
        let mut segments = Vec::new();
        for part in rest.split('/') {
            segments.push(match part {
                "{*}" => Segment::One,
                "{**}" => Segment::Rest,
                _ if part.contains(['{', '}', '*']) => return Err(unsound()),
                literal => Segment::Literal(literal.into()),
            });
        }
        Ok(Self::Template(segments.into()))
    }

    pub(crate) fn is_match(&self, value: &str) -> bool {
        self.is_match_bytes(value.as_bytes())
    }

    pub(crate) fn is_match_bytes(&self, value: &[u8]) -> bool {
        match self {
            Self::Present => true,
            Self::NonEmpty => !value.is_empty(),
            Self::Exact(wanted) => wanted.as_bytes() == value,
            Self::Prefix(prefix) => value.starts_with(prefix.as_bytes()),
            Self::Suffix(suffix) => value.ends_with(suffix.as_bytes()),
            Self::Stars(pieces) => stars(pieces, value),
            Self::Template(segments) => {
                value.strip_prefix(b"/").is_some_and(|rest| template(segments, rest))
            }
        }
    }

    /// The same without regard to ASCII letter case.
    pub(crate) fn is_match_ignoring_case(&self, value: &str) -> bool {
        let (value, len) = (value.as_bytes(), value.len());
        match self {
            Self::Exact(wanted) => wanted.as_bytes().eq_ignore_ascii_case(value),
            Self::Prefix(prefix) => value
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes())),
            Self::Suffix(suffix) => len
                .checked_sub(suffix.len())
                .and_then(|at| value.get(at..))
                .is_some_and(|end| end.eq_ignore_ascii_case(suffix.as_bytes())),
            other => other.is_match_bytes(value),
        }
    }
}

/// Pieces in order, the first at the beginning and the last at the end.
fn stars(pieces: &[Box<str>], mut value: &[u8]) -> bool {
    let Some(((first, last), middle)) = pieces
        .split_first()
        .and_then(|(first, rest)| rest.split_last().map(|(last, middle)| ((first, last), middle)))
    else {
        return false;
    };
    let Some(rest) = value.strip_prefix(first.as_bytes()) else { return false };
    value = rest;
    for piece in middle {
        let Some(at) = find(value, piece.as_bytes()) else { return false };
        value = value.get(at + piece.len()..).unwrap_or_default();
    }
    value.ends_with(last.as_bytes())
}

fn find(value: &[u8], piece: &[u8]) -> Option<usize> {
    if piece.is_empty() {
        return Some(0);
    }
    value.windows(piece.len()).position(|window| window == piece)
}

/// Whether the segments cover `path`, from which the leading slash was taken.
fn template(segments: &[Segment], path: &[u8]) -> bool {
    let Some((first, rest)) = segments.split_first() else { return path.is_empty() };
    if *first == Segment::Rest {
        // No further than the bytes go that a template covers.
        let covered = path.iter().position(|byte| *byte != b'/' && !is_covered(*byte));
        if rest.is_empty() {
            return covered.is_none();
        }
        let covered = covered.unwrap_or(path.len());
        // What follows begins behind some slash.
        let slashes = path.iter().enumerate().take(covered).filter(|(_, byte)| **byte == b'/');
        return slashes.filter_map(|(at, _)| path.get(at + 1..)).any(|path| template(rest, path));
    }
    let end = path.iter().position(|byte| *byte == b'/');
    let (segment, after) = match end {
        Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..)),
        None => (path, None),
    };
    let fits = match first {
        Segment::Literal(literal) => literal.as_bytes() == segment,
        _ => !segment.is_empty() && segment.iter().all(|byte| is_covered(*byte)),
    };
    fits && match (after, rest.is_empty()) {
        (None, true) => true,
        (Some(after), false) => template(rest, after),
        _ => false,
    }
}

/// What `{*}` and `{**}` stand for in a segment: the characters of RFC 3986, as in Envoy. A path may
/// hold others, `[` for instance.
fn is_covered(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;:@=".contains(&byte)
}

impl fmt::Display for TextMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("any value"),
            Self::NonEmpty => f.write_str("any value but the empty one"),
            Self::Exact(value) => write!(f, "{value:?}"),
            Self::Prefix(value) => write!(f, "prefix {value:?}"),
            Self::Suffix(value) => write!(f, "suffix {value:?}"),
            Self::Stars(pieces) => write!(f, "{:?}", pieces.join("*")),
            Self::Template(segments) => {
                for segment in segments {
                    match segment {
                        Segment::Literal(literal) => write!(f, "/{literal}")?,
                        Segment::One => f.write_str("/{*}")?,
                        Segment::Rest => f.write_str("/{**}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_cover_the_characters_of_paths_alone() {
        let check = |template: &str, path: &str, expected| {
            let matches = TextMatch::path(template).unwrap().is_match(path);
            assert_eq!(matches, expected, "{template} {path}");
        };
        check("/foo/{*}", "/foo/a!$&'()+,;:@=*%7e", true);
        for odd in ["[", "]", "|", "\\", "{", "^", "\"", "<"] {
            check("/foo/{*}", &format!("/foo/a{odd}"), false);
            check("/foo/{**}", &format!("/foo/a/b{odd}/c"), false);
            check("/foo/{**}/bar", &format!("/foo/a{odd}/bar"), false);
            check("/foo/{**}/{*}", &format!("/foo/a/b/{odd}"), false);
        }
        check("/foo/{**}/bar", "/foo/a/b/bar", true);
    }

    #[test]
    fn templates_as_recorded() {
        let templates = [
            "/foo/{*}",
            "/foo/{**}",
            "/foo/{**}/",
            "/foo/{*}/bar/{**}",
            "/foo/{*}/",
            "/foo/{*}/{**}",
        ];
        let table = [
            ("/foo", "------"),
            ("/foo/", "-x----"),
            ("/foo//", "-xx---"),
            ("/foo/bar", "xx----"),
            ("/foo/bar/", "-xx-xx"),
            ("/foo/bar/baz", "-x---x"),
            ("/foo/x/bar", "-x---x"),
            ("/foo/x/bar/", "-xxx-x"),
            ("/foo/*", "xx----"),
            ("/foo/a%2fb", "xx----"),
            // Sent as `/foo/a|b` and `/foo/{x}`.
            ("/foo/a%7Cb", "xx----"),
            ("/foo/%7Bx%7D", "xx----"),
        ];
        for (path, row) in table {
            for (template, cell) in templates.iter().zip(row.chars()) {
                let compiled = TextMatch::path(template).unwrap();
                assert_eq!(compiled.is_match(path), cell == 'x', "{template} {path}");
            }
        }
    }

    #[test]
    fn stars_where_istio_puts_them() {
        let check = |value: &str, text: &str, want| {
            assert_eq!(TextMatch::new(value).is_match(text), want, "{value} {text}");
        };
        check("*", "", false);
        check("*", "x", true);
        check("*x*", "foox*", true);
        check("*x*", "fooxy", false);
        check("/a/*/b", "/a/x/b", false);
        check("/a*", "/ab", true);
        let check = |value: &str, text: &str, want| {
            assert_eq!(TextMatch::stars(value).is_match(text), want, "{value} {text}");
        };
        check("a*c", "abc", true);
        check("a*c", "ac", true);
        check("a*b*c", "a-b-c", true);
        check("a*b*c", "a-c", false);
        check("ab*b", "ab", false);
        check("*", "", true);
    }
}
