//! What RE2 accepts and matches, as one table each.

use super::{Re2, Re2Error, Re2Rewrite};

#[test]
fn matches_whole_values_as_re2_does() {
    for (pattern, value, expected) in [
        ("a|b", "ab", false),
        ("a|b", "b", true),
        ("", "", true),
        (".*", "a\nb", false),
        ("(?s).*", "a\nb", true),
        (r"\d+", "42", true),
        (r"\d+", "٣", false),
        (r"\D", "٣", true),
        (r"[\d_]+", "4_2", true),
        (r"[^\d]+", "ab", true),
        (r"[\D]", "4", false),
        (r"\w+", "ab_9", true),
        (r"\w+", "é", false),
        (r"\s", "\u{b}", false),
        (r"\s", "\u{c}", true),
        (r"[[:space:]]", "\u{b}", true),
        (r"\ba\b", "a", true),
        (r"é.\bx", "éé x", false),
        (r"\Qa.b\E+", "a.bb", true),
        (r"\Qa.b\E", "axb", false),
        (r"\Qa\\E", r"a\", true),
        (r"\Q(", "(", true),
        (r"a{,2}", "a{,2}", true),
        (r"a{", "a{", true),
        (r"a{2,3}", "aaa", true),
        (r"[[a]", "[", true),
        (r"[a&&b]+", "a&b", true),
        (r"[a~~b]+", "~", true),
        (r"[]a]+", "]a", true),
        (r"[a-]+", "a-", true),
        (r"\<a\>", "<a>", true),
        (r"\101\x41\x{41}", "AAA", true),
        (r"\pL+", "é", true),
        (r"\p{Greek}+", "αβ", true),
        (r"\p{^Greek}+", "ab", true),
        (r"\PL", "4", true),
        ("(?i)/Foo", "/fOO", true),
        ("(?i:k)", "\u{212a}", true),
        ("(?P<n>a)(?<m>b)", "ab", true),
        ("(?U)a+?", "aa", true),
        (".", "é", true),
        ("a$", "a\n", false),
    ] {
        let compiled = Re2::new(pattern).unwrap();
        assert_eq!(compiled.is_full_match(value.as_bytes()), expected, "{pattern} on {value:?}");
    }
    assert!(!Re2::new(".").unwrap().is_full_match(b"\xff"), "a byte that is no character");
}

#[test]
fn refuses_what_re2_refuses() {
    for pattern in [
        "*a",
        "a**",
        "a{2}{3}",
        "a{1001}",
        "(a{100}){11}",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        r"(a)\1",
        r"\C",
        r"\Z",
        r"\u00e9",
        r"\U",
        "(?x)a",
        "(?u)a",
        "(a",
        "a)",
        "[a",
        r"\",
        r"\p{Letter}",
        r"\p{sc=Greek}",
        "[[:nope:]]",
        "[z-a]",
        "(?R)a",
        r"\e",
        r"a\E",
    ] {
        let error = Re2::new(pattern).unwrap_err();
        assert!(matches!(error, Re2Error::Syntax { .. }), "{pattern}: {error}");
    }
    assert!(Re2::new("(a{100}){10}").is_ok());
    assert!(matches!(Re2::new(r"(\pL{500}){2}\pL{1000}"), Err(Re2Error::TooLarge { .. })));
}

#[test]
fn replaces_every_match() {
    for (pattern, replacement, text, expected) in [
        ("a", "b", "/aa", "/bb"),
        ("^/u/([^/]+)/(.*)", r"/\2?u=\1", "/u/7/p", "/p?u=7"),
        ("(a)(b)?", r"[\1\2]", "ab a", "[ab] [a]"),
        ("a", r"\1", "/a", "/a"),
        ("a", r"\\\0", "/a", r"/\a"),
        ("a", r"\x", "/a", "/a"),
        ("x*", "-", "abc", "-a-b-c-"),
        ("a", "", "a", ""),
        ("nothing", "b", "/a", "/a"),
    ] {
        let rewrite = Re2Rewrite::new(pattern, replacement).unwrap();
        assert_eq!(rewrite.apply(text), expected, "{pattern} -> {replacement} on {text}");
    }
}
