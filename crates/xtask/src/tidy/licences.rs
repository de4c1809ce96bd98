//! Licences and banned crates, from what cargo knows of every package in the graph.

use std::collections::BTreeSet;

use super::Project;

pub(super) fn check(project: &Project) -> Vec<String> {
    let mut complaints = Vec::new();
    for id in project.graph.keys() {
        let Some(package) = project.packages.get(id) else { continue };
        if project.deny.crates.contains(&package.name) {
            complaints.push(format!("{}: banned by .deny.toml", package.name));
        }
        match &package.license {
            Some(licence) if allowed(licence, &project.deny.licences) => {}
            Some(licence) => {
                complaints
                    .push(format!("{}: the licence `{licence}` is not allowed", package.name));
            }
            None => complaints.push(format!("{}: no licence", package.name)),
        }
    }
    complaints
}

/// Whether an SPDX expression can be met with allowed licences alone.
fn allowed(expression: &str, licences: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, at: 0, licences };
    reader.any() && reader.at == words.len()
}

struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
    licences: &'a BTreeSet<String>,
}

impl Reader<'_> {
    fn take(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at) == Some(&word);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> bool {
        let mut met = self.all();
        while self.take("OR") {
            met |= self.all();
        }
        met
    }

    fn all(&mut self) -> bool {
        let mut met = self.one();
        while self.take("AND") {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let met = self.any();
            return self.take(")") && met;
        }
        let Some(name) = self.words.get(self.at) else {
            // Nothing where a licence has to stand: past the end, no expression is whole.
            self.at = self.words.len() + 1;
            return false;
        };
        self.at += 1;
        if self.take("WITH") {
            let exception = self.words.get(self.at).copied().unwrap_or_default();
            self.at += 1;
            return self.licences.contains(&format!("{name} WITH {exception}"));
        }
        self.licences.contains(*name)
    }
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn reads_spdx_expressions() {
        let licences = ["MIT", "ISC"].map(str::to_owned).into();
        let check = |expression: &str, expected| {
            assert_eq!(allowed(expression, &licences), expected, "{expression}");
        };
        check("MIT", true);
        check("GPL-3.0", false);
        check("MIT/GPL-3.0", true);
        check("MIT AND GPL-3.0", false);
        check("(MIT OR GPL-3.0) AND ISC", true);
        check("MIT WITH some-exception", false);
        check("MIT OR", false);
    }
}
