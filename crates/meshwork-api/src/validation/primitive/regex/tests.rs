//! What Go's `regexp` takes, and what it does not.

use super::*;

#[test]
fn takes_what_go_takes() {
    for text in [
        "a",
        "/a/.*",
        "^(?:a|b)+?$",
        "(?i)a(?P<n>b)(?<m>c)",
        // RE2 itself refuses a name that stands twice, Go does not.
        "(?P<n>a)(?<n>b)",
        "(?i-s:x)",
        "a{2}b{2,}c{2,3}?",
        "a{,5}",
        "a{",
        "}",
        "]",
        "[]a]",
        "[^]a]",
        "[[a]",
        "[a-]",
        "[-a]",
        "[a-c-e]",
        "[[:alpha:]\\d_]",
        "[a&&b]",
        r"\Qa(b\E*",
        r"\Q**",
        r"\pL\p{Greek}\P{^Lu}",
        r"\pl\p{lower-case letter}\p{ascii}",
        "b{2}(?U)?a*(?i)*",
        r"\x41\x{10FFFF}\012\0",
        r"\_\-\<",
        r"\A\b\B\z",
        "a|",
        "|",
        "()",
        "(a{10}){100}",
        "^*",
        "(?)a",
        "\u{e9}+",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn refuses_what_go_refuses() {
    use RegexError::*;
    for (text, expected) in [
        ("", Empty),
        ("*", NothingToRepeat),
        ("a|*", NothingToRepeat),
        ("(+)", NothingToRepeat),
        ("a**", NestedRepeat),
        ("a++", NestedRepeat),
        ("a??*", NestedRepeat),
        ("a{2}{3}", NestedRepeat),
        ("a{1001}", RepeatCount),
        ("a{3,2}", RepeatCount),
        ("a{99999999999}", RepeatCount),
        ("(a{10}){101}", RepeatCount),
        ("(a", MissingParenthesis),
        ("a)", UnexpectedParenthesis),
        ("[a", MissingBracket),
        ("[", MissingBracket),
        ("[]", MissingBracket),
        ("[z-a]", Range),
        ("[[:nothing:]]", Class),
        (r"\p{Nothing}", Class),
        (r"\p{Grek}", Class),
        (r"\p{Old_Italic}", Class),
        (r"\p{Alphabetic}", Class),
        (r"\p", Class),
        (r"\1", Escape),
        (r"\C", Escape),
        (r"\Z", Escape),
        (r"\u0041", Escape),
        (r"\x{}", Escape),
        (r"\x4", Escape),
        (r"[a-\d]", Escape),
        ("(?!a)", Group),
        ("(?=a)", Group),
        ("(?x)a", Group),
        ("(?-)a", Group),
        ("(?P<>a)", GroupName),
        ("(?<=a)", GroupName),
        ("a\\", TrailingBackslash),
    ] {
        assert_eq!(check(text), Err(expected), "{text}");
    }
    assert_eq!(check(&"a".repeat(1025)), Err(TooLong));
    assert_eq!(check(&"a".repeat(1024)), Ok(()));
}
