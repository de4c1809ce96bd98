//! What is an expression, and what is not.

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
        "a ? (b ? c : d) : e",
        "-x + --1 == -9223372036854775808 // end",
        "-0x8000000000000000",
        "1--1",
        "!-1",
        "a.b.C{f: 1, g: 2}",
        "M{}.b",
        "M{,}",
        "r'\\d' + b\"\\x00\\377\"",
        "br'\\d' + r'\\'",
        "'''a\n''' + \"\"\"a\"\"b\"\"\"",
        ".a",
        "x.map(y, y > 1, y)",
        "x.map(y, 1).filter(.y, 2).all(!!y, 3)",
        "x.existsOne(1, 1)",
        "all(1, 1)",
        "has(a.b)",
        "has((a.b))",
        "has(has(a.b))",
        "has(--a.b)",
        ".has(a)",
        "x.has(a)",
        "a.package",
        "if.b{}",
        "a.`b-c/d e.f`",
        "M{`a.b`: 1}",
        "[,]",
        "1.a",
        "1.e3",
        "01",
        "true.a",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn other_texts() {
    for text in [
        "",
        "this is not CEL (",
        "a &&",
        "a b",
        "(a",
        "a = b",
        "a & b",
        "has(a)",
        "has(a['x'])",
        "has(-a.b)",
        "has(a.b.all(i, i))",
        "x.all(1, true)",
        "x.all(x.y, true)",
        "x.exists_one(__result__, true)",
        "package == 1",
        "if()",
        "in",
        "a.true",
        "'a",
        "'\\q'",
        "'\\ud800'",
        "'\\U00110000'",
        "b'\\u0041'",
        "'\\400'",
        "'a\rb'",
        "\"\"\"a",
        "rb'x'",
        "a.?b",
        "a[?0]",
        "[?a]",
        "a ? b",
        "a ? b ? c : d : e",
        "[,1]",
        "[1,,]",
        "[1}",
        "f(a,)",
        "M{a: 1}.b{c: 1}",
        "a()()",
        "(a)(b)",
        "`a`",
        "a.``",
        "a.`b`()",
        "99999999999999999999",
        "9223372036854775808",
        "-9223372036854775809",
        "--9223372036854775808",
        "18446744073709551616u",
        "1e999",
        "1..2",
        "0X1F",
        "0x",
        "1_0",
        "a..b",
        "a.5",
        "!-a",
        "-!a",
        "!--1",
        "\u{e9}",
        "a\u{b}",
    ] {
        assert!(check(text).is_err(), "{text}");
    }
}

/// Depth is counted as istiod's parser does: by rules that are within themselves, and by
/// operators, selections and calls that follow each other.
#[test]
fn depth() {
    let nested = |open: &str, close: &str, count: usize| {
        check(&format!("{}a{}", open.repeat(count), close.repeat(count))).is_ok()
    };
    let row = |part: &str, count: usize| check(&format!("a{}", part.repeat(count))).is_ok();
    for (open, close, limit) in [
        ("(", ")", 249),
        ("[", "]", 249),
        ("f(", ")", 249),
        ("{1: ", "}", 249),
        ("M{f: ", "}", 249),
        ("b[", "]", 249),
        ("x.map(i, ", ")", 249),
        ("1+(", ")", 125),
        ("1+1*(", ")", 83),
        ("1<(", ")", 125),
        ("b ? c : ", "", 249),
    ] {
        assert!(nested(open, close, limit - 1), "{open} {}", limit - 1);
        assert!(!nested(open, close, limit + 1), "{open} {}", limit + 1);
    }
    for part in [".b", "[0]", ".f()", "+1", "<1"] {
        assert!(row(part, 250) && !row(part, 251), "{part}");
    }
    assert!(row("&&a", 10_000) && nested("!", "", 10_000));
    assert!(!nested("(", "", 100_000) && row(" ", 99_999) && !row(" ", 100_000));
}
