//! The syntax of the Common Expression Language, as far as istiod checks it: names, functions and
//! types of a filter mean nothing to it, only whether the expression parses.

mod lexer;
mod parser;

/// Why a text is no expression: what was expected, at which byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at offset {offset}")]
pub(crate) struct CelError {
    expected: &'static str,
    offset: usize,
}

type Parsed<T = ()> = Result<T, CelError>;

/// Checks that `text` is an expression.
pub(crate) fn check(text: &str) -> Parsed {
    if text.chars().nth(MAX_LENGTH).is_some() {
        return Err(CelError { expected: "at most 100000 characters", offset: 0 });
    }
    let tokens = lexer::lex(text)?;
    parser::parse(&tokens, text.len())
}

const MAX_LENGTH: usize = 100_000;

#[cfg(test)]
mod tests;
