//! Hostile texts end in an error, within bounded time and memory.

use meshwork_api::read::{self, Limits, ReadOutcome, Reader};

fn errors(outcome: &ReadOutcome) -> Vec<String> {
    outcome.errors().map(ToString::to_string).collect()
}

/// The text is refused with a message that contains this.
fn refused(text: &str, expected: &str) {
    let errors = errors(&read::documents("t", text));
    assert!(errors.iter().any(|e| e.contains(expected)), "{errors:?}");
}

#[test]
fn alias_bombs() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let previous = level - 1;
        let items = vec![format!("*a{previous}"); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    refused(&bomb, "the aliases stand for too much");

    let long = "y".repeat(1 << 20);
    let text = format!("a: &a {long}\nb: [{}]\n", vec!["*a"; 100].join(", "));
    refused(&text, "the aliases stand for too much");

    let mut merges = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..40 {
        let previous = level - 1;
        merges.push_str(&format!("a{level}: &a{level} {{<<: [*a{previous}, *a{previous}]}}\n"));
    }
    assert!(errors(&read::documents("t", &merges)).len() == 1, "an object needs a kind at least");
}

#[test]
fn aliases_to_what_is_not_finished() {
    assert_eq!(errors(&read::documents("t", "a: &a [*a]\n")).len(), 1);
    assert_eq!(errors(&read::documents("t", "a: *b\n")).len(), 1);
}

#[test]
fn deep_nesting() {
    for text in
        ["[".repeat(10_000), "{a: ".repeat(10_000), "{\"a\":".repeat(10_000), "- ".repeat(10_000)]
    {
        assert_eq!(errors(&read::documents("t", &text)).len(), 1);
    }
    let mut indented = String::new();
    for depth in 0..2_000 {
        indented.push_str(&" ".repeat(depth));
        indented.push_str("a:\n");
    }
    assert_eq!(errors(&read::documents("t", &indented)).len(), 1);
}

#[test]
fn long_scalars() {
    let text = format!("a: {}", "x".repeat(100 << 20));
    refused(&text, "longer than");
    let text = format!("a: \"{}", "x".repeat(20 << 20));
    refused(&text, "longer than");
}

#[test]
fn a_million_documents() {
    let text = "---\na: 1\n".repeat(1_000_000);
    let outcome = read::documents("t", &text);
    let limits = Limits::default();
    assert!(outcome.diagnostics.len() <= limits.max_diagnostics + 1);
    let blank = read::documents("t", &"---\n".repeat(1_000_000));
    assert_eq!(blank.diagnostics, []);
    let text = "---\n{apiVersion: v1, kind: Pod}\n".repeat(1_000);
    let reader = Reader { limits: Limits { max_documents: 10, ..limits }, ..Reader::default() };
    let outcome = reader.documents("t", &text);
    assert_eq!(outcome.objects.len(), 10);
    assert_eq!(errors(&outcome).len(), 1);
}

#[test]
fn bytes_that_are_no_text() {
    let good = b"---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n";
    let text = [b"a: \xff\xfe\n".as_slice(), good, b"---\nb: \xc3\n"].concat();
    let outcome = read::bytes("t", &text);
    assert_eq!(outcome.objects.len(), 1);
    assert_eq!(errors(&outcome).len(), 2);
    assert!(errors(&outcome)[0].contains("not UTF-8"));
    assert_eq!(errors(&outcome)[0].get(..4), Some("t:1:"));
}

#[test]
fn marks_and_line_ends() {
    let text = "\u{feff}apiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: p\r\n---\r\napiVersion: v1\r\nkind: Pod\r\nmetadata: {name: q}\r\n";
    let outcome = read::documents("t", text);
    assert_eq!(errors(&outcome), [""; 0]);
    let names: Vec<_> = outcome.objects.iter().map(|o| o.object.metadata().name.clone()).collect();
    assert_eq!(names, ["p", "q"]);
    let json = "\u{feff}{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}}\r\n";
    assert_eq!(read::documents("t", json).objects.len(), 1);
}

#[test]
fn nuls_and_surrogates() {
    for text in [
        "a: \0\n",
        "\0",
        "{\"kind\": \"\\ud800\"}",
        "{\"kind\": \"\\udc00x\"}",
        "kind: \"\\ud800\"\n",
        "a: \u{1}\n",
        "%",
        "---",
        "? [a]\n: b\n",
        "{[a]: b}",
        "!!binary x",
        "&a",
        "*",
        "- ? - : -",
    ] {
        let outcome = read::documents("t", text);
        assert!(outcome.objects.is_empty(), "{text:?}");
        for diagnostic in &outcome.diagnostics {
            diagnostic.render(true);
        }
    }
    let nul = "apiVersion: v1\nkind: Pod\nmetadata: {name: \"\\0\"}\n";
    assert_eq!(read::documents("t", nul).objects.len(), 1, "a name for validation to refuse");
}

#[test]
fn many_problems_in_one_object() {
    let fields: String = (0..200_000).map(|i| format!("  f{i}: 1\n")).collect();
    let text = format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: g}}\nspec:\n{fields}"
    );
    let outcome = read::documents("t", &text);
    assert_eq!(outcome.refused.len(), 1);
    assert!(outcome.diagnostics.len() <= Limits::default().max_diagnostics);
}
