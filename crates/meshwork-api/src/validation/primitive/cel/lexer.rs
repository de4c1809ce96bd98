//! The words of an expression: the longest token at each place, as CEL's lexer takes it.

use super::{CelError, Parsed};

/// A token, and the byte at which it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexed<'a> {
    pub(super) token: Token<'a>,
    pub(super) offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// An identifier; `true`, `false`, `null` and `in` are the parser's to tell apart.
    Name(&'a str),
    /// The name of a field in backticks.
    Quoted,
    Int(&'a str),
    /// Without its `u`.
    Uint(&'a str),
    Float(&'a str),
    /// A string or bytes.
    Text,
    Symbol(&'static str),
}

/// Splits an expression into its tokens.
pub(super) fn lex(text: &str) -> Parsed<Vec<Lexed<'_>>> {
    let mut tokens = Vec::new();
    let mut offset = 0;
    while let Some(rest) = text.get(offset..).filter(|rest| !rest.is_empty()) {
        let space = blank(rest);
        if space > 0 {
            offset += space;
            continue;
        }
        let (token, length) = token(rest).map_err(|expected| CelError { expected, offset })?;
        tokens.push(Lexed { token, offset });
        offset += length;
    }
    Ok(tokens)
}

/// How many bytes of white space and comments `rest` begins with.
fn blank(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']).len()
}

fn token(rest: &str) -> Result<(Token<'_>, usize), &'static str> {
    let mut bytes = rest.bytes();
    let first = bytes.next().unwrap_or_default();
    let (second, third) = (bytes.next(), bytes.next());
    // `b` and `r`, in this order, say how a text is meant.
    let is_quote = |byte: Option<u8>| matches!(byte, Some(b'"' | b'\''));
    let is_raw = |byte: u8| matches!(byte, b'r' | b'R');
    let prefix = match first {
        b'b' | b'B' if is_quote(second) => Some(1),
        b'b' | b'B' if second.is_some_and(is_raw) && is_quote(third) => Some(2),
        b'r' | b'R' if is_quote(second) => Some(1),
        b'"' | b'\'' => Some(0),
        _ => None,
    };
    if let Some(prefix) = prefix {
        let (marks, body) = rest.split_at_checked(prefix).unwrap_or_default();
        let kind =
            Kind { raw: marks.bytes().any(is_raw), bytes: marks.bytes().any(|byte| !is_raw(byte)) };
        let length = kind.length(body).ok_or("the end of the string")?;
        return Ok((Token::Text, prefix + length));
    }
    if first.is_ascii_digit() || (first == b'.' && second.is_some_and(|b| b.is_ascii_digit())) {
        return Ok(number(rest));
    }
    if first.is_ascii_alphabetic() || first == b'_' {
        let name = leading(rest, |b| b.is_ascii_alphanumeric() || b == b'_');
        return Ok((Token::Name(name), name.len()));
    }
    if let Some(quoted) = rest.strip_prefix('`') {
        let name = leading(quoted, |b| b.is_ascii_alphanumeric() || b"_.-/ ".contains(&b));
        let closed = quoted.get(name.len()..).is_some_and(|rest| rest.starts_with('`'));
        if name.is_empty() || !closed {
            return Err("the name of a field between backticks");
        }
        return Ok((Token::Quoted, name.len() + 2));
    }
    let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
    symbol.map(|symbol| (Token::Symbol(symbol), symbol.len())).ok_or("a name, a literal or `(`")
}

/// The bytes at the beginning that belong together; they are ASCII.
fn leading(text: &str, belongs: impl Fn(u8) -> bool) -> &str {
    let end = text.bytes().position(|byte| !belongs(byte)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn number(rest: &str) -> (Token<'_>, usize) {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let from = |at: usize| rest.get(at..).unwrap_or_default();
    let hex = rest.strip_prefix("0x").map_or("", |hex| leading(hex, |b| b.is_ascii_hexdigit()));
    let whole = if hex.is_empty() { digits(rest) } else { 2 + hex.len() };
    if hex.is_empty() {
        let mut end = whole;
        let fraction = from(end).strip_prefix('.').map_or(0, digits);
        if fraction > 0 {
            end += 1 + fraction;
        }
        if let Some(exponent) = from(end).strip_prefix(['e', 'E']) {
            let sign = usize::from(exponent.starts_with(['+', '-']));
            let count = digits(exponent.get(sign..).unwrap_or_default());
            end += if count > 0 { 1 + sign + count } else { 0 };
        }
        if end > whole {
            return (Token::Float(rest.get(..end).unwrap_or_default()), end);
        }
    }
    let text = rest.get(..whole).unwrap_or_default();
    if from(whole).starts_with(['u', 'U']) {
        (Token::Uint(text), whole + 1)
    } else {
        (Token::Int(text), whole)
    }
}

/// How a text is meant.
#[derive(Clone, Copy)]
struct Kind {
    /// A backslash is a backslash.
    raw: bool,
    bytes: bool,
}

impl Kind {
    /// The length of a text in quotes, three of a kind or one.
    fn length(self, body: &str) -> Option<usize> {
        let quote = body.chars().next()?;
        let triple = body.chars().take(3).filter(|c| *c == quote).count() == 3;
        let mark = if triple { body.get(..3)? } else { body.get(..1)? };
        let mut at = mark.len();
        loop {
            let rest = body.get(at..)?;
            if rest.starts_with(mark) {
                return Some(at + mark.len());
            }
            let mut chars = rest.chars();
            at += match chars.next()? {
                '\n' | '\r' if !triple => return None,
                '\\' if !self.raw => 1 + self.escape(chars.as_str())?,
                c => c.len_utf8(),
            };
        }
    }

    /// How many bytes after a backslash belong to it; `None` for an escape that does not exist.
    fn escape(self, rest: &str) -> Option<usize> {
        let digits = |from: usize, count: usize, radix: u32| {
            let digits = rest.get(from..from + count)?;
            digits.bytes().all(|b| char::from(b).is_digit(radix)).then_some(())?;
            u32::from_str_radix(digits, radix).ok()
        };
        // Bytes have no code points.
        let code_point = |count: usize| {
            let code_point = digits(1, count, 16).filter(|_| !self.bytes)?;
            char::from_u32(code_point).map(|_| 1 + count)
        };
        match rest.chars().next()? {
            'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' | '\'' | '"' | '`' | '?' => Some(1),
            'x' | 'X' => digits(1, 2, 16).map(|_| 3),
            'u' => code_point(4),
            'U' => code_point(8),
            '0'..='3' => digits(0, 3, 8).map(|_| 3),
            _ => None,
        }
    }
}

/// Longer ones first.
const SYMBOLS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!",
    "?", ":", "+", "*", "/", "%",
];
