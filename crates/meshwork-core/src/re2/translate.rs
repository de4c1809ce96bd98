//! From RE2's syntax to the syntax of Rust's regex parser.

use std::{iter::Peekable, str::CharIndices};

/// Writes an RE2 pattern in Rust's syntax.
///
/// What differs: `\Q…\E`, octal escapes, ASCII meaning of `\d \w \s \b`, a brace that starts no
/// repetition, nested brackets and set operators in classes (plain characters in RE2), flags and
/// escapes that only one of them knows.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        rest: pattern.char_indices().peekable(),
        pattern,
        out: String::with_capacity(pattern.len() + 16),
    };
    translator.run()?;
    Ok(translator.out)
}

struct Translator<'a> {
    pattern: &'a str,
    rest: Peekable<CharIndices<'a>>,
    out: String,
}

impl Translator<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some((at, c)) = self.rest.next() {
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group(at)?,
                '{' if !starts_repetition(self.tail(at)) => self.out.push_str("\\{"),
                c => self.out.push(c),
            }
        }
        Ok(())
    }

    fn tail(&self, at: usize) -> &str {
        self.pattern.get(at..).unwrap_or_default()
    }

    fn literal(&mut self, c: char) {
        // Rust's parser takes `\<` and `\>` for word boundaries.
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    /// After a `\` outside a class.
    fn escape(&mut self) -> Result<(), String> {
        let Some((at, c)) = self.rest.next() else {
            return Err("trailing `\\`".into());
        };
        match c {
            'A' | 'z' => {
                self.out.push('\\');
                self.out.push(c);
            }
            'b' => self.out.push_str("(?-u:\\b)"),
            'B' => self.out.push_str("(?-u:\\B)"),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                let negated = if c.is_ascii_uppercase() { "^" } else { "" };
                self.out.push_str(&format!("[{negated}{}]", perl_class(c)));
            }
            'Q' => self.quote(),
            'C' => return Err("`\\C` is not supported".into()),
            'p' | 'P' => self.property(c)?,
            c => {
                let c = self.character(at, c)?;
                self.literal(c);
            }
        }
        Ok(())
    }

    /// After `\Q`, up to `\E` or the end.
    fn quote(&mut self) {
        while let Some((at, c)) = self.rest.next() {
            if self.tail(at).starts_with("\\E") {
                self.rest.next();
                return;
            }
            self.literal(c);
        }
    }

    /// An escape that stands for one character.
    fn character(&mut self, at: usize, c: char) -> Result<char, String> {
        match c {
            'a' => Ok('\u{7}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\u{b}'),
            'x' => self.hexadecimal(),
            '0'..='7' => self.octal(at, c),
            c if c.is_ascii_alphanumeric() => Err(format!("invalid escape sequence `\\{c}`")),
            c => Ok(c),
        }
    }

    fn hexadecimal(&mut self) -> Result<char, String> {
        let invalid = || String::from("invalid escape sequence `\\x`");
        let mut digits = String::new();
        if self.rest.next_if(|(_, c)| *c == '{').is_some() {
            loop {
                match self.rest.next() {
                    Some((_, '}')) => break,
                    Some((_, c)) if c.is_ascii_hexdigit() => digits.push(c),
                    _ => return Err(invalid()),
                }
            }
        } else {
            for _ in 0..2 {
                let digit = self.rest.next_if(|(_, c)| c.is_ascii_hexdigit());
                digits.push(digit.ok_or_else(invalid)?.1);
            }
        }
        let value = u32::from_str_radix(&digits, 16).map_err(|_| invalid())?;
        char::from_u32(value).ok_or_else(invalid)
    }

    /// Up to three octal digits; one that is not 0 would be a back reference.
    fn octal(&mut self, at: usize, first: char) -> Result<char, String> {
        let digits: String =
            self.tail(at).chars().take(3).take_while(|c| matches!(c, '0'..='7')).collect();
        if first != '0' && digits.len() == 1 {
            return Err(format!("invalid escape sequence `\\{first}`: no back references"));
        }
        for _ in 1..digits.len() {
            self.rest.next();
        }
        u32::from_str_radix(&digits, 8)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| "invalid escape sequence".into())
    }

    /// After `\p` or `\P`: a general category or a script, by its one name.
    fn property(&mut self, kind: char) -> Result<(), String> {
        let (mut negated, name) = match self.rest.next() {
            Some((_, '{')) => {
                let mut name = String::new();
                loop {
                    match self.rest.next() {
                        Some((_, '}')) => break,
                        Some((_, c)) => name.push(c),
                        None => return Err("invalid character class range".into()),
                    }
                }
                match name.strip_prefix('^') {
                    Some(rest) => (true, rest.to_owned()),
                    None => (false, name),
                }
            }
            Some((_, c)) => (false, c.to_string()),
            None => return Err("invalid character class range `\\p`".into()),
        };
        negated ^= kind == 'P';
        let letter = if negated { 'P' } else { 'p' };
        match name.as_str() {
            "Any" => self.out.push_str(if negated { "[^\\s\\S]" } else { "[\\s\\S]" }),
            name if CATEGORIES.contains(&name) => {
                self.out.push_str(&format!("\\{letter}{{{name}}}"));
            }
            name if is_script(name) => {
                self.out.push_str(&format!("\\{letter}{{Script={name}}}"));
            }
            name => return Err(format!("invalid character class range `\\{kind}{{{name}}}`")),
        }
        Ok(())
    }

    /// After `(`: which kinds of groups and which flags RE2 knows.
    fn group(&mut self, at: usize) -> Result<(), String> {
        self.out.push('(');
        let tail = self.tail(at);
        let Some(inner) = tail.strip_prefix("(?") else { return Ok(()) };
        if inner.starts_with("P<")
            || (inner.starts_with('<') && !inner.starts_with("<=") && !inner.starts_with("<!"))
        {
            return Ok(());
        }
        let flags: String = inner.chars().take_while(|c| !matches!(c, ':' | ')')).collect();
        if flags.is_empty() && !inner.starts_with(':')
            || !flags.chars().all(|c| matches!(c, 'i' | 'm' | 's' | 'U' | '-'))
        {
            return Err(format!("invalid perl operator `(?{flags}`"));
        }
        Ok(())
    }

    /// After `[`: everything up to the bracket that closes the class.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.rest.next_if(|(_, c)| *c == '^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        while let Some((at, c)) = self.rest.next() {
            match c {
                ']' if !first => {
                    self.out.push(']');
                    return Ok(());
                }
                '[' if self.tail(at).starts_with("[:") => self.posix(at)?,
                '\\' => self.class_escape()?,
                '-' if first || self.tail(at).starts_with("-]") => self.out.push_str("\\-"),
                '-' => self.out.push('-'),
                c => self.literal(c),
            }
            first = false;
        }
        Err("missing closing `]`".into())
    }

    /// `[:alpha:]` in a class; where no `:]` follows, `[` is a plain character.
    fn posix(&mut self, at: usize) -> Result<(), String> {
        let tail = self.tail(at);
        let Some(end) = tail.find(":]") else {
            self.out.push_str("\\[");
            return Ok(());
        };
        let name = tail.get(..end + 2).unwrap_or_default().to_owned();
        let bare = name.trim_start_matches("[:").trim_start_matches('^').trim_end_matches(":]");
        if !POSIX.contains(&bare) {
            return Err(format!("invalid character class range `{name}`"));
        }
        for _ in 1..name.chars().count() {
            self.rest.next();
        }
        self.out.push_str(&name);
        Ok(())
    }

    fn class_escape(&mut self) -> Result<(), String> {
        let Some((at, c)) = self.rest.next() else {
            return Err("trailing `\\`".into());
        };
        match c {
            'd' | 's' | 'w' => self.out.push_str(perl_class(c)),
            'D' | 'S' | 'W' => self.out.push_str(&format!("[^{}]", perl_class(c))),
            'p' | 'P' => self.property(c)?,
            c => {
                let c = self.character(at, c)?;
                self.literal(c);
            }
        }
        Ok(())
    }
}

/// What stands for a Perl class inside brackets; `\s` has no vertical tab.
fn perl_class(letter: char) -> &'static str {
    match letter.to_ascii_lowercase() {
        'd' => "0-9",
        's' => "\\t\\n\\f\\r ",
        _ => "0-9A-Za-z_",
    }
}

/// `{2}`, `{2,}` or `{2,5}`; any other brace is a plain character.
fn starts_repetition(tail: &str) -> bool {
    let Some((inner, _)) = tail.strip_prefix('{').and_then(|tail| tail.split_once('}')) else {
        return false;
    };
    let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
    !low.is_empty() && low.bytes().chain(high.bytes()).all(|byte| byte.is_ascii_digit())
}

/// RE2 knows scripts by their full names in canonical letter case.
fn is_script(name: &str) -> bool {
    name.len() > 2
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
        && regex_syntax::Parser::new().parse(&format!("\\p{{Script={name}}}")).is_ok()
}

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

const CATEGORIES: [&str; 36] = [
    "C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N",
    "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So",
    "Z", "Zl", "Zp", "Zs",
];
