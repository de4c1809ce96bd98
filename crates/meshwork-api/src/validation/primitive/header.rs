//! Names and values of HTTP headers.

/// Whether `name` is a token of RFC 9110, with commas in it perhaps: istiod lets these through.
pub(crate) fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+,-.^_`|~".contains(&b))
}

/// Whether `name` can be matched on: a header, a pseudo-header or a claim of a token.
pub(crate) fn is_matchable(name: &str) -> bool {
    is_claim(name)
        || matches!(name, ":method" | ":scheme" | ":authority" | ":path" | ":status")
        || is_token(name)
}

/// Whether `name` stands for a claim: `@request.auth.claims.sub` or `@request.auth.claims[sub]`.
pub(crate) fn is_claim(name: &str) -> bool {
    let prefix = "@request.auth.claims";
    let Some((head, rest)) = name.split_at_checked(prefix.len()) else { return false };
    if !head.eq_ignore_ascii_case(prefix) {
        return false;
    }
    let dotted = rest.starts_with('.') && rest.len() > 1;
    dotted || (rest.starts_with('[') && rest.ends_with(']') && rest.len() > 2)
}

/// Whether `name` is the host of a request, by either of its names.
pub(crate) fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host")
}

/// Why Envoy would not take a header's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    #[error("holds a control character")]
    ControlCharacter,
    #[error("ends with a single `%`; a literal one is written `%%`")]
    LonePercent,
    #[error("has a `%…%` expression that does not end")]
    Unterminated,
    #[error("has a `%…%` expression with a list that is not `[\"a\", \"b\"]`")]
    List,
    #[error("has text between the `)` and the `%` of an expression")]
    AfterArguments,
}

/// Checks a value that is added or set: Envoy expands `%VARIABLE%` in it.
///
/// What the variables mean is not looked at, only their form: `%NAME%`, `%NAME(argument)%` or
/// `%NAME(["a", "b"])%`.
pub(crate) fn check_value(value: &str) -> Result<(), ValueError> {
    if value.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
        return Err(ValueError::ControlCharacter);
    }
    let mut state = State::Literal;
    let mut bytes = value.bytes().peekable();
    while let Some(byte) = bytes.next() {
        state = match (state, byte) {
            (State::Literal, b'%') => match bytes.peek() {
                None => return Err(ValueError::LonePercent),
                Some(b'%') => {
                    bytes.next();
                    State::Literal
                }
                Some(_) => State::Name,
            },
            (State::Name, b'%') => State::Literal,
            (State::Name, b'(') => State::Arguments,
            (State::Arguments, b'[') => State::ListItem,
            (State::Arguments | State::ListItem | State::ListNext | State::ListEnd, b' ') => state,
            (State::Arguments, _) => State::Text,
            (State::ListItem, b'"') => State::Text,
            (State::Text, b'\\') => match bytes.next() {
                None => return Err(ValueError::Unterminated),
                Some(_) => State::Text,
            },
            (State::Text, b')') => State::End,
            (State::Text, b'"') => State::ListNext,
            (State::ListNext, b',') => State::ListItem,
            (State::ListNext, b']') => State::ListEnd,
            (State::ListEnd, b')') => State::End,
            (State::End, b'%') => State::Literal,
            (State::End, b' ') | (State::Literal | State::Name | State::Text, _) => state,
            (State::ListItem | State::ListNext | State::ListEnd, _) => {
                return Err(ValueError::List);
            }
            (State::End, _) => return Err(ValueError::AfterArguments),
        };
    }
    if state == State::Literal { Ok(()) } else { Err(ValueError::Unterminated) }
}

/// Where in a value the reading is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Literal,
    /// After `%`.
    Name,
    /// After `(`.
    Arguments,
    /// Before an item of `[…]`.
    ListItem,
    /// In an argument or an item.
    Text,
    /// After an item.
    ListNext,
    /// After `]`.
    ListEnd,
    /// After `)`.
    End,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, token, matchable) in [
            ("x-user", true, true),
            ("a!#$%&'*+.^_`|~", true, true),
            ("a,b", true, true),
            ("", false, false),
            ("a b", false, false),
            (":method", false, true),
            (":host", false, false),
            ("@request.auth.claims.sub", false, true),
            ("@Request.Auth.Claims[a][b]", false, true),
            ("@request.auth.claims", false, false),
            ("@request.auth.claims[]", false, false),
            ("@request.auth.claims.", false, false),
        ] {
            assert_eq!(is_token(name), token, "{name}");
            assert_eq!(is_matchable(name), matchable, "{name}");
        }
        assert!(is_authority("Host") && is_authority(":AUTHORITY") && !is_authority("x"));
    }

    #[test]
    fn values() {
        use ValueError::*;
        for (value, expected) in [
            ("", Ok(())),
            ("plain\ttext", Ok(())),
            ("100%%", Ok(())),
            ("%HOSTNAME% b", Ok(())),
            ("%REQ(x)%", Ok(())),
            ("%REQ(x) %", Ok(())),
            ("%M([\"a\", \"b\"])%", Ok(())),
            ("%M( [ \"a\\\"\" ] )%", Ok(())),
            ("%", Err(LonePercent)),
            ("abc%123", Err(Unterminated)),
            ("%START_TIME%%", Err(LonePercent)),
            ("%REQ(x):3%", Err(AfterArguments)),
            ("%REQ(x", Err(Unterminated)),
            ("%M([a])%", Err(List)),
            ("%M([\"a\" \"b\"])%", Err(List)),
            ("%M([\"a\"]x)%", Err(List)),
            ("%REQ(x\\", Err(Unterminated)),
            ("a\nb", Err(ControlCharacter)),
            ("a\u{7f}", Err(ControlCharacter)),
        ] {
            assert_eq!(check_value(value), expected, "{value:?}");
        }
    }
}
