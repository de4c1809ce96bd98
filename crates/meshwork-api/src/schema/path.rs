//! Places in an object, in the two notations that reports use.

/// One step down into a value.
#[derive(Clone, Copy, Debug)]
enum Step<'v> {
    Key(&'v str),
    Index(usize),
}

/// The place that a walk has reached.
#[derive(Debug, Default)]
pub(super) struct Path<'v> {
    steps: Vec<Step<'v>>,
}

impl<'v> Path<'v> {
    pub(super) fn key(&mut self, key: &'v str) {
        self.steps.push(Step::Key(key));
    }

    pub(super) fn index(&mut self, index: usize) {
        self.steps.push(Step::Index(index));
    }

    pub(super) fn up(&mut self) {
        self.steps.pop();
    }

    /// As API servers write it: every key after a dot, whatever it holds.
    pub(super) fn dotted(&self) -> String {
        self.render(|_| true)
    }

    /// As violations are written: `spec.http[0].match[0].headers["x-user"]`.
    pub(super) fn quoted(&self) -> String {
        self.render(|key| {
            !key.is_empty()
                && key.len() <= MAX_KEY
                && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
    }

    fn render(&self, plain: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        for step in &self.steps {
            match step {
                Step::Index(index) => {
                    text.push('[');
                    text.push_str(&index.to_string());
                    text.push(']');
                }
                Step::Key(key) if plain(key) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(key);
                }
                Step::Key(key) => {
                    text.push_str("[\"");
                    let key: String = key.chars().take(MAX_KEY).collect();
                    text.push_str(&key.replace('\\', "\\\\").replace('"', "\\\""));
                    text.push_str("\"]");
                }
            }
        }
        text
    }
}

/// Longer keys are cut where they are quoted, as readers cut them.
const MAX_KEY: usize = 256;
