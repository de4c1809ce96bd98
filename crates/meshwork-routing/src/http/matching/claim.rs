//! Paths of verified claims, as keys of `headers` write them.

/// The way to a claim: the names of the objects around it, and its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClaimPath(Box<[Box<str>]>);

impl ClaimPath {
    /// Reads a key of `headers`: `@request.auth.claims.group.id`, `@request.auth.claims[group]`.
    /// `None` for a key that is the name of a header.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        const PREFIX: &str = "@request.auth.claims";
        let (prefix, rest) = key.split_at_checked(PREFIX.len())?;
        if !prefix.eq_ignore_ascii_case(PREFIX) {
            return None;
        }
        let names: Vec<Box<str>> = match rest.strip_prefix('.') {
            Some(rest) => rest.split('.').map(Into::into).collect(),
            None => {
                rest.strip_prefix('[')?.strip_suffix(']')?.split("][").map(Into::into).collect()
            }
        };
        names.iter().all(|name| !name.is_empty()).then(|| Self(names.into()))
    }

    /// The names, the outermost first.
    pub(crate) fn names(&self) -> &[Box<str>] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_notations() {
        for (key, names) in [
            ("@request.auth.claims.admin", Some(vec!["admin"])),
            ("@Request.Auth.Claims.a.b", Some(vec!["a", "b"])),
            ("@request.auth.claims[group][id]", Some(vec!["group", "id"])),
            ("@request.auth.claims[a.b]", Some(vec!["a.b"])),
            ("@request.auth.claims.a[b]", Some(vec!["a[b]"])),
            ("@request.auth.claims", None),
            ("@request.auth.claims.", None),
            ("@request.auth.claims[]", None),
            ("x-claims", None),
        ] {
            let read = ClaimPath::parse(key);
            let names = names.map(|names| ClaimPath(names.into_iter().map(Into::into).collect()));
            assert_eq!(read, names, "{key}");
        }
    }
}
