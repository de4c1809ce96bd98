//! The syntax of the Common Expression Language, as far as istiod checks it: names, functions and
//! types of a filter mean nothing to it, only whether the expression parses.

/// Why a text is no expression: what was expected, at which byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at offset {offset}")]
pub(crate) struct CelError {
    expected: &'static str,
    offset: usize,
}

/// Checks that `text` is an expression.
pub(crate) fn check(text: &str) -> Result<(), CelError> {
    let mut parser = Parser { text, offset: 0, depth: 0 };
    parser.skip_space();
    parser.expression()?;
    if parser.rest().is_empty() { Ok(()) } else { parser.fail("the end of the expression") }
}

struct Parser<'a> {
    text: &'a str,
    offset: usize,
    depth: usize,
}

type Parsed<T = ()> = Result<T, CelError>;

/// What a member expression turned out to be, for the macros that ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Name,
    Selection,
    Other,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn fail<T>(&self, expected: &'static str) -> Parsed<T> {
        Err(CelError { expected, offset: self.offset })
    }

    fn advance(&mut self, bytes: usize) {
        self.offset += bytes;
        self.skip_space();
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest().trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.offset = self.text.len() - rest.len();
            if !rest.starts_with("//") {
                return;
            }
            self.offset += rest.find('\n').unwrap_or(rest.len());
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.advance(token.len());
        }
        found
    }

    fn expect(&mut self, token: &str, expected: &'static str) -> Parsed {
        if self.eat(token) { Ok(()) } else { self.fail(expected) }
    }

    fn word(&self) -> &'a str {
        let rest = self.rest();
        let starts = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        if starts { rest.get(..end.unwrap_or(rest.len())).unwrap_or_default() } else { "" }
    }

    /// `a ? b : c`, and everything below it.
    fn expression(&mut self) -> Parsed<Form> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("less nesting");
        }
        let mut form = self.operation()?;
        if self.eat("?") {
            self.operation()?;
            self.expect(":", "`:`")?;
            self.expression()?;
            form = Form::Other;
        }
        self.depth -= 1;
        Ok(form)
    }

    /// Operands with infix operators; precedence makes no difference to validity.
    fn operation(&mut self) -> Parsed<Form> {
        let mut form = self.unary()?;
        loop {
            let infix = ["||", "&&", "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "%"];
            let operator = infix.into_iter().find(|operator| self.rest().starts_with(operator));
            match operator {
                Some(operator) => self.advance(operator.len()),
                None if self.word() == "in" => self.advance(2),
                None => return Ok(form),
            }
            self.unary()?;
            form = Form::Other;
        }
    }

    fn unary(&mut self) -> Parsed<Form> {
        let Some(sign @ ('!' | '-')) = self.rest().chars().next() else {
            return self.member();
        };
        // A row of one operator, not a mixture.
        while self.rest().starts_with(sign) {
            self.advance(1);
        }
        self.member().map(|_| Form::Other)
    }

    fn member(&mut self) -> Parsed<Form> {
        let mut form = self.primary()?;
        loop {
            if self.rest().starts_with('.') {
                self.advance(1);
                let name = self.word();
                if name.is_empty() || KEYWORDS.contains(&name) {
                    return self.fail("the name of a field");
                }
                self.advance(name.len());
                form = Form::Selection;
                if self.eat("(") {
                    self.arguments(name, true)?;
                    form = Form::Other;
                } else if self.rest().starts_with('{') {
                    self.fields()?;
                    form = Form::Other;
                }
            } else if self.eat("[") {
                self.expression()?;
                self.expect("]", "`]`")?;
                form = Form::Other;
            } else {
                return Ok(form);
            }
        }
    }

    fn primary(&mut self) -> Parsed<Form> {
        let rest = self.rest();
        if self.literal()? {
            return Ok(Form::Other);
        }
        if self.eat("(") {
            let form = self.expression()?;
            self.expect(")", "`)`")?;
            return Ok(form);
        }
        if self.eat("[") {
            return self.list("]", |parser| parser.expression().map(drop)).map(|()| Form::Other);
        }
        if self.eat("{") {
            let entry = |parser: &mut Self| {
                parser.expression()?;
                parser.expect(":", "`:`")?;
                parser.expression().map(drop)
            };
            return self.list("}", entry).map(|()| Form::Other);
        }
        if rest.starts_with('.') {
            self.advance(1);
        }
        let name = self.word();
        if name.is_empty() || KEYWORDS.contains(&name) || RESERVED.contains(&name) {
            return self.fail("a name, a literal or `(`");
        }
        self.advance(name.len());
        if self.eat("(") {
            self.arguments(name, false)?;
            return Ok(Form::Other);
        }
        if self.rest().starts_with('{') {
            self.fields()?;
            return Ok(Form::Other);
        }
        Ok(Form::Name)
    }

    /// The fields of a message, `{a: 1, b: 2}`.
    fn fields(&mut self) -> Parsed {
        self.advance(1);
        self.list("}", |parser| {
            let name = parser.word();
            if name.is_empty() || KEYWORDS.contains(&name) {
                return parser.fail("the name of a field");
            }
            parser.advance(name.len());
            parser.expect(":", "`:`")?;
            parser.expression().map(drop)
        })
    }

    /// Items up to `end`; a comma may follow the last one.
    fn list(&mut self, end: &str, mut item: impl FnMut(&mut Self) -> Parsed) -> Parsed {
        if self.eat(",") {
            return self.expect(end, "the closing bracket");
        }
        let mut any = false;
        loop {
            if self.eat(end) {
                return Ok(());
            }
            if any {
                self.expect(",", "`,` or the closing bracket")?;
                if self.eat(end) {
                    return Ok(());
                }
            }
            item(self)?;
            any = true;
        }
    }

    /// Arguments up to `)`. Macros ask for more than functions do.
    fn arguments(&mut self, function: &str, on_member: bool) -> Parsed {
        let mut forms = Vec::new();
        if !self.eat(")") {
            loop {
                forms.push(self.expression()?);
                if self.eat(")") {
                    break;
                }
                self.expect(",", "`,` or `)`")?;
            }
        }
        let fits = match (function, on_member, forms.as_slice()) {
            ("has", false, [argument]) => *argument == Form::Selection,
            ("all" | "exists" | "exists_one" | "existsOne" | "filter", true, [variable, _])
            | ("map", true, [variable, _] | [variable, _, _]) => *variable == Form::Name,
            _ => true,
        };
        if fits { Ok(()) } else { self.fail("a macro's argument of the right form") }
    }

    /// Reads a literal, if there is one.
    fn literal(&mut self) -> Parsed<bool> {
        let rest = self.rest();
        let word = self.word();
        if matches!(word, "true" | "false" | "null") {
            self.advance(word.len());
            return Ok(true);
        }
        let prefix = rest.bytes().take(2).take_while(|b| b"rRbB".contains(b)).count();
        let raw = rest.bytes().take(prefix).any(|b| matches!(b, b'r' | b'R'));
        let body = rest.get(prefix..).unwrap_or_default();
        if body.starts_with(['"', '\'']) && prefix <= 2 {
            self.offset += prefix;
            return self.string(body, raw).map(|()| true);
        }
        let mut digits = rest.trim_start_matches('.').bytes();
        if rest.starts_with(|c: char| c.is_ascii_digit())
            || (rest.starts_with('.') && digits.next().is_some_and(|b| b.is_ascii_digit()))
        {
            return self.number(rest).map(|()| true);
        }
        Ok(false)
    }

    fn string(&mut self, body: &str, raw: bool) -> Parsed {
        let quote = if body.starts_with('"') { '"' } else { '\'' };
        let triple = body.bytes().take(3).filter(|b| char::from(*b) == quote).count() == 3;
        let opening = if triple { 3 } else { 1 };
        let mut at = opening;
        while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
            let closes = rest.bytes().take(opening).filter(|b| char::from(*b) == quote).count();
            if closes == opening {
                self.advance(at + opening);
                return Ok(());
            }
            let mut chars = rest.chars();
            let c = chars.next().unwrap_or_default();
            at += c.len_utf8();
            if c == '\n' && !triple {
                break;
            }
            if c == '\\' && !raw {
                let Some(length) = escape_length(chars.as_str()) else { break };
                at += length;
            }
        }
        self.fail("the end of the string")
    }

    fn number(&mut self, rest: &str) -> Parsed {
        if let Some(hex) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
            let end = hex.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(hex.len());
            let digits = hex.get(..end).unwrap_or_default();
            let unsigned = hex.get(end..).is_some_and(|rest| rest.starts_with(['u', 'U']));
            let Ok(value) = u64::from_str_radix(digits, 16) else { return self.fail("a number") };
            return self.whole(value, unsigned, 2 + end);
        }
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(rest);
        let mut end = whole;
        let mut float = false;
        if let Some(fraction) = rest.get(end..).and_then(|rest| rest.strip_prefix('.')) {
            let count = digits(fraction);
            if count > 0 {
                end += 1 + count;
                float = true;
            }
        }
        if let Some(exponent) = rest.get(end..).and_then(|rest| rest.strip_prefix(['e', 'E'])) {
            let sign = usize::from(exponent.starts_with(['+', '-']));
            let count = digits(exponent.get(sign..).unwrap_or_default());
            if count > 0 {
                end += 1 + sign + count;
                float = true;
            }
        }
        if float {
            self.advance(end);
            return Ok(());
        }
        let Ok(value) = rest.get(..whole).unwrap_or_default().parse() else {
            return self.fail("a number of 64 bits");
        };
        let unsigned = rest.get(end..).is_some_and(|rest| rest.starts_with(['u', 'U']));
        self.whole(value, unsigned, end)
    }

    fn whole(&mut self, value: u64, unsigned: bool, length: usize) -> Parsed {
        // One more than the greatest can still be the magnitude of the least.
        if !unsigned && value > 1 << 63 {
            return self.fail("a number of 64 bits");
        }
        self.advance(length + usize::from(unsigned));
        Ok(())
    }
}

/// How many bytes after a backslash belong to it; `None` for an escape that does not exist.
fn escape_length(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    let hex = |count: usize| {
        let digits = rest.get(1..=count)?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then_some(1 + count)
    };
    match first {
        'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' | '\'' | '"' | '`' | '?' => Some(1),
        'x' | 'X' => hex(2),
        'u' => hex(4),
        'U' => hex(8),
        '0'..='3' => {
            let digits = rest.get(..3)?;
            digits.bytes().all(|b| matches!(b, b'0'..=b'7')).then_some(3)
        }
        _ => None,
    }
}

const MAX_DEPTH: usize = 250;
const KEYWORDS: [&str; 4] = ["true", "false", "null", "in"];
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        for text in [
            "response.code >= 400 && connection.mtls",
            "nobody.knows == 1",
            "!has(request.headers) || a['x'] > size(b) - 1u",
            "a.b[0].c(1, 'x', \"\"\"y\"\"\")",
            "[1, 2.5, .5, 1e3, 0xFF,].exists(x, x in {'a': 1, 'b': 2})",
            "a ? b : c ? d : e",
            "-x + --1 == -9223372036854775808 // end",
            "a.b.C{f: 1, g: 2}",
            "r'\\d' + b\"\\x00\\377\"",
            ".a",
            "x.map(y, y > 1, y)",
            "a.package",
            "[,]",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "this is not CEL (",
            "a &&",
            "a b",
            "(a",
            "a = b",
            "has(a)",
            "has(a['x'])",
            "x.all(1, true)",
            "package == 1",
            "'a",
            "'\\q'",
            "a.?b",
            "a ? b",
            "[,1]",
            "99999999999999999999",
            "a..b",
            "!-a",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(check(&"(".repeat(10_000)).is_err());
    }
}
