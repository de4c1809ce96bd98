//! Places in an object, kept on the stack and written out only when there is something to say.

use std::fmt;

/// A field, an entry of a list, or an entry of a map, and what it lies in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    name: &'a str,
    within: Within<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Within<'a> {
    Whole,
    Item(usize),
    Entry(&'a str),
}

impl<'a> Place<'a> {
    /// A field of the object itself; `""` is the object.
    pub(super) const fn root(name: &'a str) -> Self {
        Self { parent: None, name, within: Within::Whole }
    }

    /// The field `name` of what is here.
    pub(super) const fn field(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), name, within: Within::Whole }
    }

    /// An item of the list `name`.
    pub(super) const fn item(&'a self, name: &'a str, index: usize) -> Self {
        Self { parent: Some(self), name, within: Within::Item(index) }
    }

    /// An entry of the map `name`.
    pub(super) const fn entry(&'a self, name: &'a str, key: &'a str) -> Self {
        Self { parent: Some(self), name, within: Within::Entry(key) }
    }
}

impl fmt::Display for Place<'_> {
    /// `spec.http[0].match[1].headers["x-user"].regex`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name)?;
        match self.within {
            Within::Whole => Ok(()),
            Within::Item(index) => write!(f, "[{index}]"),
            Within::Entry(key) if is_plain(key) => write!(f, ".{key}"),
            Within::Entry(key) => {
                let key: String = key.chars().take(MAX_KEY).collect();
                write!(f, "[\"{}\"]", key.replace('\\', "\\\\").replace('"', "\\\""))
            }
        }
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= MAX_KEY
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Longer keys are cut, as readers cut them.
const MAX_KEY: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_readers_write_paths() {
        let spec = Place::root("spec");
        let http = spec.item("http", 2);
        let matched = http.item("match", 0);
        let header = matched.entry("headers", "x-\"user");
        assert_eq!(
            header.field("regex").to_string(),
            r#"spec.http[2].match[0].headers["x-\"user"].regex"#
        );
        assert_eq!(
            matched.entry("sourceLabels", "app").to_string(),
            "spec.http[2].match[0].sourceLabels.app"
        );
    }
}
