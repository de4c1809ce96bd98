//! The grammar of expressions, with the limits that istiod's parser has on their depth.

use super::lexer::{Lexed, Token};
use super::{CelError, Parsed};

/// Parses an expression; `end` is the length of its text.
pub(super) fn parse(tokens: &[Lexed<'_>], end: usize) -> Parsed {
    let mut parser = Parser { tokens, end, at: 0, depths: [0; 3] };
    let whole = parser.expression()?;
    if parser.peek().is_some() {
        return parser.fail("the end of the expression");
    }
    if whole.height > MAX_DEPTH {
        return parser.fail("fewer operators, selections and calls that follow each other");
    }
    Ok(())
}

struct Parser<'t, 'a> {
    tokens: &'t [Lexed<'a>],
    end: usize,
    at: usize,
    /// How many of each [`Rule`] are being read.
    depths: [usize; 3],
}

/// The rules of the grammar that can nest deepest.
#[derive(Clone, Copy)]
enum Rule {
    Expression,
    Relation,
    Calculation,
}

/// A part of the expression that was read.
#[derive(Clone, Copy)]
struct Node<'a> {
    form: Form<'a>,
    /// How many operators, selections, indices and calls of methods lie within each other.
    height: usize,
}

/// What a part turned out to be, for the macros that ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form<'a> {
    Name(&'a str),
    Selection,
    Other,
}

impl Node<'_> {
    const LEAF: Self = Node { form: Form::Other, height: 0 };

    /// A part of no particular form around this one and others.
    fn around(self, others: usize) -> Self {
        Node { form: Form::Other, height: 1 + self.height.max(others) }
    }
}

impl<'a> Parser<'_, 'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).map(|lexed| lexed.token)
    }

    fn peek_after(&self, tokens: usize) -> Option<Token<'a>> {
        self.tokens.get(self.at + tokens).map(|lexed| lexed.token)
    }

    fn symbol(&self) -> &'static str {
        match self.peek() {
            Some(Token::Symbol(symbol)) => symbol,
            _ => "",
        }
    }

    fn fail<T>(&self, expected: &'static str) -> Parsed<T> {
        let offset = self.tokens.get(self.at).map_or(self.end, |lexed| lexed.offset);
        Err(CelError { expected, offset })
    }

    fn eat(&mut self, symbol: &'static str) -> bool {
        let found = self.symbol() == symbol;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &'static str, expected: &'static str) -> Parsed {
        if self.eat(symbol) { Ok(()) } else { self.fail(expected) }
    }

    /// Runs a rule that can be within itself.
    fn nest(
        &mut self,
        rule: Rule,
        parse: impl FnOnce(&mut Self) -> Parsed<Node<'a>>,
    ) -> Parsed<Node<'a>> {
        let too_deep = self.depths.get_mut(rule as usize).is_none_or(|depth| {
            *depth += 1;
            *depth > MAX_DEPTH
        });
        if too_deep {
            return self.fail("less nesting");
        }
        let node = parse(self)?;
        if let Some(depth) = self.depths.get_mut(rule as usize) {
            *depth -= 1;
        }
        Ok(node)
    }

    /// `a ? b : c`, and everything below it.
    fn expression(&mut self) -> Parsed<Node<'a>> {
        self.nest(Rule::Expression, |parser| {
            let condition = parser.logic()?;
            if !parser.eat("?") {
                return Ok(condition);
            }
            let then = parser.logic()?;
            parser.expect(":", "`:`")?;
            let otherwise = parser.expression()?;
            Ok(condition.around(then.height.max(otherwise.height)))
        })
    }

    /// `&&` and `||`. Rows of them have no depth, and precedence makes no difference here.
    fn logic(&mut self) -> Parsed<Node<'a>> {
        let mut node = self.relation(true)?;
        while self.eat("&&") || self.eat("||") {
            let height = node.height.max(self.relation(true)?.height);
            node = Node { form: Form::Other, height };
        }
        Ok(node)
    }

    /// A row of comparisons; the right side of one is not a row.
    fn relation(&mut self, row: bool) -> Parsed<Node<'a>> {
        self.nest(Rule::Relation, |parser| {
            let mut left = parser.calculation(1)?;
            while row && parser.compares() {
                parser.at += 1;
                let right = parser.relation(false)?;
                left = left.around(right.height);
            }
            Ok(left)
        })
    }

    fn compares(&self) -> bool {
        matches!(self.symbol(), "<" | "<=" | ">=" | ">" | "==" | "!=")
            || self.peek() == Some(Token::Name("in"))
    }

    /// Arithmetic with operators that bind at least as tightly as `precedence`.
    fn calculation(&mut self, precedence: u8) -> Parsed<Node<'a>> {
        self.nest(Rule::Calculation, |parser| {
            let mut left = parser.unary()?;
            loop {
                let binds = match parser.symbol() {
                    "*" | "/" | "%" => 2,
                    "+" | "-" => 1,
                    _ => 0,
                };
                if binds < precedence {
                    return Ok(left);
                }
                parser.at += 1;
                let right = parser.calculation(binds + 1)?;
                left = left.around(right.height);
            }
        })
    }

    /// A row of one operator, not a mixture; two of them cancel each other out.
    fn unary(&mut self) -> Parsed<Node<'a>> {
        let operator = self.symbol();
        if !matches!(operator, "!" | "-") || self.is_negative_number() {
            return self.member();
        }
        let from = self.at;
        while self.eat(operator) {}
        let count = self.at - from;
        let node = self.member()?;
        Ok(if count.is_multiple_of(2) { node } else { Node { form: Form::Other, ..node } })
    }

    fn is_negative_number(&self) -> bool {
        self.symbol() == "-" && matches!(self.peek_after(1), Some(Token::Int(_) | Token::Float(_)))
    }

    fn member(&mut self) -> Parsed<Node<'a>> {
        let mut node = self.primary()?;
        loop {
            if self.eat(".") {
                node = match self.peek() {
                    Some(Token::Name(name)) if !is_keyword(name) => {
                        self.at += 1;
                        if self.eat("(") {
                            let arguments = self.arguments(name, true)?;
                            node.around(arguments.height)
                        } else {
                            Node { form: Form::Selection, height: node.height + 1 }
                        }
                    }
                    Some(Token::Quoted) => {
                        self.at += 1;
                        Node { form: Form::Selection, height: node.height + 1 }
                    }
                    _ => return self.fail("the name of a field"),
                };
            } else if self.eat("[") {
                let index = self.expression()?;
                self.expect("]", "`]`")?;
                node = node.around(index.height);
            } else {
                return Ok(node);
            }
        }
    }

    fn primary(&mut self) -> Parsed<Node<'a>> {
        if self.eat("(") {
            let inner = self.expression()?;
            self.expect(")", "`)`")?;
            return Ok(inner);
        }
        if self.eat("[") {
            return self.list("]", |parser| Ok(parser.expression()?.height));
        }
        if self.eat("{") {
            return self.list("}", |parser| {
                let key = parser.expression()?;
                parser.expect(":", "`:`")?;
                Ok(key.height.max(parser.expression()?.height))
            });
        }
        if self.literal()? {
            return Ok(Node::LEAF);
        }
        self.named()
    }

    /// A name, a call of a function, or a message, `a.b.Message{field: 1}`.
    fn named(&mut self) -> Parsed<Node<'a>> {
        let rooted = self.eat(".");
        let Some(Token::Name(name)) = self.peek().filter(|token| !is_reserved(*token, true)) else {
            return self.fail("a name, a literal or `(`");
        };
        if let Some(tokens) = self.message_name() {
            self.at += tokens + 1;
            return self.list("}", Self::field);
        }
        if is_reserved(Token::Name(name), false) {
            return self.fail("a name that is not reserved");
        }
        self.at += 1;
        if self.eat("(") {
            // With a dot before it, it is not the macro of that name.
            return self.arguments(if rooted { "" } else { name }, false);
        }
        Ok(Node { form: Form::Name(if rooted { "" } else { name }), height: 0 })
    }

    /// How many tokens up to the `{` of a message are its name, if there is one.
    fn message_name(&self) -> Option<usize> {
        let mut tokens = 1;
        loop {
            match self.peek_after(tokens)? {
                Token::Symbol("{") => return Some(tokens),
                Token::Symbol(".") => {}
                _ => return None,
            }
            self.peek_after(tokens + 1)
                .filter(|token| matches!(token, Token::Name(_)) && !is_reserved(*token, true))?;
            tokens += 2;
        }
    }

    fn field(&mut self) -> Parsed<usize> {
        match self.peek() {
            Some(Token::Name(name)) if !is_keyword(name) => {}
            Some(Token::Quoted) => {}
            _ => return self.fail("the name of a field"),
        }
        self.at += 1;
        self.expect(":", "`:`")?;
        Ok(self.expression()?.height)
    }

    /// Items up to `end`; a comma may follow the last one, or stand alone.
    fn list(
        &mut self,
        end: &'static str,
        item: impl Fn(&mut Self) -> Parsed<usize>,
    ) -> Parsed<Node<'a>> {
        let mut height = 0;
        while !matches!(self.symbol(), "," | "]" | "}") {
            height = height.max(item(self)?);
            if self.symbol() != "," {
                break;
            }
            // The comma is the last one where the end follows.
            if matches!(self.peek_after(1), Some(Token::Symbol(symbol)) if symbol == end) {
                break;
            }
            self.at += 1;
            if matches!(self.symbol(), "," | "]" | "}") {
                return self.fail("an item");
            }
        }
        self.eat(",");
        self.expect(end, "`,` or the closing bracket")?;
        Ok(Node { form: Form::Other, height })
    }

    /// Arguments up to `)`. Macros ask for more than functions do.
    fn arguments(&mut self, function: &str, on_member: bool) -> Parsed<Node<'a>> {
        let mut first = Form::Other;
        let (mut count, mut height) = (0, 0);
        if !self.eat(")") {
            loop {
                let argument = self.expression()?;
                first = if count == 0 { argument.form } else { first };
                (count, height) = (count + 1, height.max(argument.height));
                if self.eat(")") {
                    break;
                }
                self.expect(",", "`,` or `)`")?;
            }
        }
        let is_macro = match (function, on_member, count) {
            ("has", false, 1) => {
                if first != Form::Selection {
                    return self.fail("the selection of a field in `has(…)`");
                }
                return Ok(Node { form: Form::Selection, height });
            }
            ("all" | "exists" | "exists_one" | "filter" | "map", true, 2) | ("map", true, 3) => {
                true
            }
            _ => false,
        };
        // The name that the macros use themselves cannot be that of the variable.
        if is_macro && !matches!(first, Form::Name(name) if name != "__result__") {
            return self.fail("a macro's variable as the first argument");
        }
        Ok(Node { form: Form::Other, height })
    }

    /// Reads a literal, if there is one.
    fn literal(&mut self) -> Parsed<bool> {
        let negative = self.is_negative_number();
        let token = self.peek_after(usize::from(negative));
        let fits = match token {
            Some(Token::Int(text)) => is_whole(text, negative),
            Some(Token::Uint(text)) => whole(text).is_some(),
            Some(Token::Float(text)) => text.parse().is_ok_and(f64::is_finite),
            Some(Token::Text | Token::Name("true" | "false" | "null")) => true,
            _ => return Ok(false),
        };
        if !fits {
            return self.fail("a number of 64 bits");
        }
        self.at += 1 + usize::from(negative);
        Ok(true)
    }
}

/// Whether an integer fits 64 bits with its sign.
fn is_whole(text: &str, negative: bool) -> bool {
    let limit = if negative { 1 << 63 } else { (1 << 63) - 1 };
    whole(text).is_some_and(|value| value <= limit)
}

fn whole(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Words that are tokens of their own.
fn is_keyword(name: &str) -> bool {
    matches!(name, "true" | "false" | "null" | "in")
}

/// Words that name no variable and no function; fields and messages can be called so, if they
/// are not keywords.
fn is_reserved(token: Token<'_>, keywords_only: bool) -> bool {
    let Token::Name(name) = token else { return false };
    is_keyword(name) || (!keywords_only && RESERVED.contains(&name))
}

const MAX_DEPTH: usize = 250;
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
