//! Where the values of a document stand in its text.

use std::ops::Range;

/// The values of a document with their places, as a tree.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The bytes of the value, or of its beginning where it is a list or mapping.
    pub(crate) span: Range<usize>,
    pub(crate) children: Children,
}

#[derive(Clone, Debug)]
pub(crate) enum Children {
    None,
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) value: Node,
}

impl Node {
    /// The place of a field: that of its key, or of the item in a list. A field that is not
    /// there has the place of what should hold it.
    pub(crate) fn find(&self, path: &str) -> Range<usize> {
        let mut node = self;
        let mut span = None;
        for step in steps(path) {
            let next = match (&node.children, step) {
                (Children::List(items), PathStep::Index(index)) => {
                    items.get(index).map(|item| (item.span.clone(), item))
                }
                (Children::Map(entries), PathStep::Key(key)) => {
                    find_entry(entries, &key).map(|entry| (entry.key_span.clone(), &entry.value))
                }
                _ => None,
            };
            let Some((found, child)) = next else { break };
            span = Some(found);
            node = child;
        }
        span.unwrap_or_else(|| self.span.clone())
    }
}

/// The entry of that key, or of its proto spelling; of several the last one, which counts.
fn find_entry<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Entry> {
    let same = |entry: &&Entry| {
        let written = entry.key.chars().filter(|c| *c != '_').flat_map(char::to_lowercase);
        written.eq(key.chars().flat_map(char::to_lowercase))
    };
    entries.iter().rfind(|entry| entry.key == key).or_else(|| entries.iter().find(same))
}

#[derive(Debug, PartialEq)]
pub(crate) enum PathStep {
    Key(String),
    Index(usize),
}

/// The steps of a path such as `spec.http[2].headers["x-user"].exact`.
pub(crate) fn steps(path: &str) -> Vec<PathStep> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[\"") {
            let mut key = String::new();
            let mut chars = after.char_indices();
            let mut end = after.len();
            while let Some((at, c)) = chars.next() {
                match c {
                    '\\' => key.extend(chars.next().map(|(_, c)| c)),
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    c => key.push(c),
                }
            }
            steps.push(PathStep::Key(key));
            let after = after.get(end..).unwrap_or_default();
            rest = after.strip_prefix(']').unwrap_or(after);
        } else if let Some(after) = rest.strip_prefix('[') {
            let (inside, after) = after.split_once(']').unwrap_or((after, ""));
            steps.push(match inside.parse() {
                Ok(index) => PathStep::Index(index),
                Err(_) => PathStep::Key(inside.to_owned()),
            });
            rest = after;
        } else {
            let after = rest.strip_prefix('.').unwrap_or(rest);
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (key, after) = after.split_at(end);
            if !key.is_empty() {
                steps.push(PathStep::Key(key.to_owned()));
            }
            rest = after;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_steps() {
        let key = |key: &str| PathStep::Key(key.to_owned());
        assert_eq!(steps("spec.http[2]"), [key("spec"), key("http"), PathStep::Index(2)]);
        assert_eq!(
            steps("a[\"x.y\\\"z\"].b[x-user]"),
            [key("a"), key("x.y\"z"), key("b"), key("x-user")]
        );
        assert_eq!(steps("a..b["), [key("a"), key("b"), key("")]);
        assert_eq!(steps("[\"open"), [key("open")]);
    }
}
