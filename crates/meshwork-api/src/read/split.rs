//! Cuts a text into its documents.

use std::ops::Range;

/// The byte ranges of the documents of a text, in order, blank ones left out.
///
/// Three dashes at the start of a line end a document wherever they stand, in YAML's block
/// scalars and quoted texts too, and JSON's strings hold no line breaks: so the documents can be
/// told apart before any of them is read, and a malformed one hides no other.
pub(crate) fn documents(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let begin = start?;
        let end = marker_after(text, begin);
        start = end;
        Some(begin..end.unwrap_or(text.len()))
    })
    .filter(|range| !is_blank(text.get(range.clone()).unwrap_or_default()))
}

/// Where the document after the one that begins at `begin` begins.
fn marker_after(text: &str, begin: usize) -> Option<usize> {
    let mut from = begin;
    loop {
        let found = from + text.get(from..)?.find("\n---")?;
        let after = text.get(found + 4..)?;
        from = found + 4;
        if !(after.is_empty() || after.starts_with([' ', '\t', '\n', '\r'])) {
            continue;
        }
        let cut = before_directives(text, begin, found + 1);
        // Directives alone are the head of this document, not one of their own.
        if cut > begin {
            return Some(cut);
        }
    }
}

/// Moves a cut before the directives (`%YAML 1.2`) that belong to the document behind it.
fn before_directives(text: &str, begin: usize, cut: usize) -> usize {
    let Some(head) = text.get(begin..cut) else { return cut };
    let mut directives = 0;
    for line in head.split_inclusive('\n').rev() {
        if !line.trim_start_matches('\u{feff}').starts_with('%') {
            break;
        }
        directives += line.len();
    }
    cut - directives
}

fn is_blank(document: &str) -> bool {
    document.lines().all(|line| {
        let line = line.trim_start_matches('\u{feff}').trim();
        line.is_empty() || line == "---" || line == "..." || line.starts_with('#')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_markers() {
        for (text, expected) in [
            ("", vec![]),
            ("a: 1", vec!["a: 1"]),
            ("a: 1\n---\nb: 2\n", vec!["a: 1\n", "---\nb: 2\n"]),
            ("---\na: 1\n--- # x\nb: 2", vec!["---\na: 1\n", "--- # x\nb: 2"]),
            ("a: 1\r\n---\r\nb: 2\r\n", vec!["a: 1\r\n", "---\r\nb: 2\r\n"]),
            ("a: |\n  ---\n  x\n----\n---x\n", vec!["a: |\n  ---\n  x\n----\n---x\n"]),
            ("%YAML 1.2\n---\na: 1\n", vec!["%YAML 1.2\n---\na: 1\n"]),
            ("a: 1\n...\n%YAML 1.2\n---\nb: 1\n", vec!["a: 1\n...\n", "%YAML 1.2\n---\nb: 1\n"]),
            ("# only\n---\n\n---\na: 1\n---", vec!["---\na: 1\n"]),
        ] {
            let found: Vec<&str> = documents(text).map(|range| text.get(range).unwrap()).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
