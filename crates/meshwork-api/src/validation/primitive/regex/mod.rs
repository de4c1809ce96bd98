//! The syntax of regular expressions as Go's `regexp` takes it, which is RE2's.
//!
//! Only validity is judged here. Rust's own syntax differs in both directions (`a**`, `[[a]`,
//! `\Q…\E`, repeat counts), so a text that compiles there says little about what istiod accepts.

mod unicode;

use unicode::is_unicode_class;

/// Why a text is no regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegexError {
    #[error("must not be empty")]
    Empty,
    #[error("is longer than 1024 bytes")]
    TooLong,
    #[error("has `*`, `+`, `?` or `{{…}}` without anything to repeat")]
    NothingToRepeat,
    #[error("repeats a repetition, as in `a**` or `a++`")]
    NestedRepeat,
    #[error("repeats something more than 1000 times")]
    RepeatCount,
    #[error("lacks a `)`")]
    MissingParenthesis,
    #[error("has a `)` without a `(`")]
    UnexpectedParenthesis,
    #[error("lacks a `]`")]
    MissingBracket,
    #[error("has a range of characters that ends before it begins")]
    Range,
    #[error("has a character class that does not exist")]
    Class,
    #[error("has an escape that does not exist (there are no back references)")]
    Escape,
    #[error("has a `(?` that does not exist (there is no look-around)")]
    Group,
    #[error("has a group whose name is not one")]
    GroupName,
    #[error("ends with a backslash")]
    TrailingBackslash,
}

/// Checks the expression of a match: RE2 syntax, neither empty nor longer than 1024 bytes.
pub(crate) fn check(text: &str) -> Result<(), RegexError> {
    if text.is_empty() {
        return Err(RegexError::Empty);
    }
    if text.len() > 1024 {
        return Err(RegexError::TooLong);
    }
    check_syntax(text)
}

/// Checks the syntax alone.
pub(crate) fn check_syntax(text: &str) -> Result<(), RegexError> {
    let mut parser = Parser { rest: text, open: vec![Level::default()] };
    while let Some(c) = parser.peek() {
        parser.element(c)?;
    }
    if parser.open.len() == 1 { Ok(()) } else { Err(RegexError::MissingParenthesis) }
}

struct Parser<'a> {
    rest: &'a str,
    open: Vec<Level>,
}

/// What is known of the group that is being read.
#[derive(Default)]
struct Level {
    /// What a following repetition would repeat.
    last: Option<Operand>,
    /// The highest product of counted repetitions within the group.
    repeats: u32,
}

#[derive(Clone, Copy)]
struct Operand {
    /// The product of counted repetitions in it.
    repeats: u32,
    /// A repetition came last, so another one cannot follow at once.
    repeated: bool,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn level(&mut self) -> Option<&mut Level> {
        self.open.last_mut()
    }

    /// Notes that something was read that can be repeated.
    fn operand(&mut self, repeats: u32) {
        if let Some(level) = self.level() {
            level.last = Some(Operand { repeats, repeated: false });
            level.repeats = level.repeats.max(repeats);
        }
    }

    fn element(&mut self, c: char) -> Result<(), RegexError> {
        match c {
            '(' => self.open_group()?,
            ')' => {
                self.take();
                let closed = self.open.pop();
                if self.open.is_empty() {
                    return Err(RegexError::UnexpectedParenthesis);
                }
                self.operand(closed.map_or(1, |level| level.repeats.max(1)));
            }
            '|' => {
                self.take();
                if let Some(level) = self.level() {
                    level.last = None;
                }
            }
            '*' | '+' | '?' => {
                self.take();
                self.repeat(None)?;
            }
            '{' => match self.counts() {
                Some(counts) => self.repeat(Some(counts))?,
                // Braces that hold no counts stand for themselves.
                None => {
                    self.take();
                    self.operand(1);
                }
            },
            '[' => {
                self.class()?;
                self.operand(1);
            }
            '\\' => self.escape()?,
            _ => {
                self.take();
                self.operand(1);
            }
        }
        Ok(())
    }

    fn repeat(&mut self, counts: Option<(u32, Option<u32>)>) -> Result<(), RegexError> {
        self.eat("?");
        let level = self.open.last_mut().ok_or(RegexError::UnexpectedParenthesis)?;
        let Some(operand) = level.last else { return Err(RegexError::NothingToRepeat) };
        if operand.repeated {
            return Err(RegexError::NestedRepeat);
        }
        let mut repeats = operand.repeats;
        if let Some((min, max)) = counts {
            if max.is_some_and(|max| max < min) || min.max(max.unwrap_or(0)) > MAX_REPEAT {
                return Err(RegexError::RepeatCount);
            }
            // Nested counts multiply; a repetition of nothing hides what it repeats.
            let times = max.unwrap_or(min);
            if min >= 2 || times >= 2 {
                repeats = repeats.saturating_mul(times.max(1));
            } else if max == Some(0) {
                repeats = 1;
            }
            if repeats > MAX_REPEAT {
                return Err(RegexError::RepeatCount);
            }
        }
        level.last = Some(Operand { repeats, repeated: true });
        level.repeats = level.repeats.max(repeats);
        Ok(())
    }

    /// Reads `{2}`, `{2,}` or `{2,3}`; anything else is left alone.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let (inner, rest) = self.rest.strip_prefix('{')?.split_once('}')?;
        let (min, max) = match inner.split_once(',') {
            Some((min, "")) => (count(min)?, None),
            Some((min, max)) => (count(min)?, Some(count(max)?)),
            None => (count(inner)?, Some(count(inner)?)),
        };
        self.rest = rest;
        Some((min, max))
    }

    fn open_group(&mut self) -> Result<(), RegexError> {
        self.take();
        if !self.eat("?") {
            self.open.push(Level::default());
            return Ok(());
        }
        if self.eat("P<") || self.eat("<") {
            let (name, rest) = self.rest.split_once('>').ok_or(RegexError::GroupName)?;
            let valid = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            if name.is_empty() || !name.bytes().all(valid) {
                return Err(RegexError::GroupName);
            }
            self.rest = rest;
            self.open.push(Level::default());
            return Ok(());
        }
        let (mut negative, mut flag) = (false, false);
        loop {
            match self.take() {
                Some('i' | 'm' | 's' | 'U') => flag = true,
                Some('-') if !negative => (negative, flag) = (true, false),
                Some(':') if flag || !negative => {
                    self.open.push(Level::default());
                    return Ok(());
                }
                Some(')') if flag || !negative => {
                    // What comes next can repeat once more what was repeated before the flags.
                    if let Some(last) = self.level().and_then(|level| level.last.as_mut()) {
                        last.repeated = false;
                    }
                    return Ok(());
                }
                _ => return Err(RegexError::Group),
            }
        }
    }

    fn escape(&mut self) -> Result<(), RegexError> {
        if self.eat("\\Q") {
            let literal = match self.rest.split_once("\\E") {
                Some((literal, rest)) => {
                    self.rest = rest;
                    literal
                }
                None => std::mem::take(&mut self.rest),
            };
            if !literal.is_empty() {
                self.operand(1);
            }
            return Ok(());
        }
        self.take();
        match self.peek() {
            None => return Err(RegexError::TrailingBackslash),
            Some('A' | 'b' | 'B' | 'z' | 'd' | 'D' | 's' | 'S' | 'w' | 'W') => {
                self.take();
            }
            Some('p' | 'P') => self.unicode_class()?,
            Some(_) => {
                self.character()?;
            }
        }
        self.operand(1);
        Ok(())
    }

    /// Reads what follows the backslash of an escaped character.
    fn character(&mut self) -> Result<char, RegexError> {
        let c = self.take().ok_or(RegexError::TrailingBackslash)?;
        match c {
            '1'..='7' if !self.rest.starts_with(|c: char| matches!(c, '0'..='7')) => {
                Err(RegexError::Escape)
            }
            '0'..='7' => {
                let mut code = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
                    self.take();
                    code = code * 8 + digit;
                }
                char::from_u32(code).ok_or(RegexError::Escape)
            }
            'x' => {
                let digits = if self.eat("{") {
                    let (digits, rest) = self.rest.split_once('}').ok_or(RegexError::Escape)?;
                    self.rest = rest;
                    digits
                } else {
                    let (digits, rest) = self.rest.split_at_checked(2).ok_or(RegexError::Escape)?;
                    self.rest = rest;
                    digits
                };
                let hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
                let code = hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten();
                let code = code.filter(|code| *code <= 0x10_FFFF).ok_or(RegexError::Escape)?;
                // Surrogates are code points to Go; none is a character that could be matched.
                Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            'a' => Ok('\u{7}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\u{b}'),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(c),
            _ => Err(RegexError::Escape),
        }
    }

    /// Reads `pN`, `p{Name}`, `p{^Name}` and the same with `P`.
    fn unicode_class(&mut self) -> Result<(), RegexError> {
        self.take();
        let first = self.peek().ok_or(RegexError::Class)?;
        let name = if self.eat("{") {
            let (name, rest) = self.rest.split_once('}').ok_or(RegexError::Class)?;
            self.rest = rest;
            name.strip_prefix('^').unwrap_or(name)
        } else {
            let (name, rest) = self.rest.split_at(first.len_utf8());
            self.rest = rest;
            name
        };
        if is_unicode_class(name) { Ok(()) } else { Err(RegexError::Class) }
    }

    fn class(&mut self) -> Result<(), RegexError> {
        self.take();
        self.eat("^");
        let mut first = true;
        loop {
            match self.peek() {
                None => return Err(RegexError::MissingBracket),
                Some(']') if !first => {
                    self.take();
                    return Ok(());
                }
                Some(_) => self.class_item()?,
            }
            first = false;
        }
    }

    fn class_item(&mut self) -> Result<(), RegexError> {
        if let Some((name, rest)) = self.rest.strip_prefix("[:").and_then(|r| r.split_once(":]")) {
            self.rest = rest;
            let name = name.strip_prefix('^').unwrap_or(name);
            return if POSIX.contains(&name) { Ok(()) } else { Err(RegexError::Class) };
        }
        if let Some(class) = self.rest.strip_prefix('\\').and_then(|rest| rest.chars().next()) {
            match class {
                'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                    self.take();
                    self.take();
                    return Ok(());
                }
                'p' | 'P' => {
                    self.take();
                    return self.unicode_class();
                }
                _ => {}
            }
        }
        let low = self.class_character()?;
        let mut ahead = self.rest.chars();
        if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
            self.take();
            if self.class_character()? < low {
                return Err(RegexError::Range);
            }
        }
        Ok(())
    }

    fn class_character(&mut self) -> Result<char, RegexError> {
        match self.take() {
            None => Err(RegexError::MissingBracket),
            Some('\\') => self.character(),
            Some(c) => Ok(c),
        }
    }
}

fn count(text: &str) -> Option<u32> {
    let plain = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    // Counts that fit no number are out of range like any other that is too high.
    plain.then(|| text.parse().unwrap_or(u32::MAX))
}

const MAX_REPEAT: u32 = 1000;
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

#[cfg(test)]
mod tests;
