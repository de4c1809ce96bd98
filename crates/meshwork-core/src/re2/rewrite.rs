//! Replacing what a pattern matches, in RE2's form.

use std::{borrow::Cow, fmt, hash, sync::Arc};

use regex_automata::{Input, meta};

use super::{Re2, Re2Error};

/// A pattern and what replaces each of its matches, as in Istio's `uriRegexRewrite`.
///
/// In the replacement `\0` to `\9` stand for groups and `\\` for a backslash. A group that the
/// pattern does not have, or any other escape, makes RE2 give up: the text then stays as it was.
///
/// ```
/// use meshwork_core::Re2Rewrite;
/// let rewrite = Re2Rewrite::new("/u/([^/]+)", r"/user-\1")?;
/// assert_eq!(rewrite.apply("/u/7/posts"), "/user-7/posts");
/// # Ok::<(), meshwork_core::Re2Error>(())
/// ```
#[derive(Clone)]
pub struct Re2Rewrite {
    pattern: Arc<str>,
    regex: Arc<meta::Regex>,
    replacement: Arc<str>,
    /// `None` where RE2 would give up.
    pieces: Option<Arc<[Piece]>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Group(usize),
}

impl Re2Rewrite {
    /// Compiles the pattern; every replacement is accepted.
    ///
    /// # Errors
    /// As [`Re2::new`].
    pub fn new(pattern: &str, replacement: &str) -> Result<Self, Re2Error> {
        let regex = Re2::build(pattern, &Re2::parse(pattern)?)?;
        let pieces = parse(replacement).filter(|pieces| {
            pieces.iter().all(|piece| match piece {
                Piece::Group(number) => *number < regex.group_info().group_len(0.into()),
                Piece::Text(_) => true,
            })
        });
        Ok(Self {
            pattern: pattern.into(),
            regex: Arc::new(regex),
            replacement: replacement.into(),
            pieces: pieces.map(Into::into),
        })
    }

    /// The pattern as written.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The replacement as written.
    pub fn replacement(&self) -> &str {
        &self.replacement
    }

    /// Whether the replacement can be made: RE2 knows its escapes and the pattern has its groups.
    pub fn is_effective(&self) -> bool {
        self.pieces.is_some()
    }

    /// Replaces every match, from left to right and without overlap.
    pub fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(pieces) = &self.pieces else { return Cow::Borrowed(text) };
        let mut out = String::new();
        let mut done = 0;
        for captures in self.regex.captures_iter(Input::new(text)) {
            let Some(whole) = captures.get_match() else { continue };
            out.push_str(text.get(done..whole.start()).unwrap_or_default());
            for piece in &**pieces {
                match piece {
                    Piece::Text(plain) => out.push_str(plain),
                    Piece::Group(number) => {
                        let group = captures.get_group(*number);
                        out.push_str(
                            group.and_then(|span| text.get(span.range())).unwrap_or_default(),
                        );
                    }
                }
            }
            done = whole.end();
        }
        if done == 0 && out.is_empty() {
            return Cow::Borrowed(text);
        }
        out.push_str(text.get(done..).unwrap_or_default());
        Cow::Owned(out)
    }
}

impl PartialEq for Re2Rewrite {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern && self.replacement == other.replacement
    }
}

impl Eq for Re2Rewrite {}

impl hash::Hash for Re2Rewrite {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.pattern.hash(state);
        self.replacement.hash(state);
    }
}

impl fmt::Debug for Re2Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/ -> {:?}", self.pattern, self.replacement)
    }
}

fn parse(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match rest.next()? {
            '\\' => plain.push('\\'),
            c => {
                let number = usize::try_from(c.to_digit(10)?).ok()?;
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain).into()));
                }
                pieces.push(Piece::Group(number));
            }
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain.into()));
    }
    Some(pieces)
}
