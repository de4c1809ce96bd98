//! What a request principal asks of a token.

use super::TextMatch;

/// The issuer and the subject that a request principal asks for.
///
/// The value is split at its last slash, for an issuer may be a URL. A star at the very beginning
/// makes the issuer a suffix, one at the very end the subject a prefix, not both; any other star is
/// a star.
pub(super) fn token(value: &str) -> (TextMatch, TextMatch) {
    let exact = |text: &str| TextMatch::Exact(text.into());
    if value == "*" {
        return (TextMatch::NonEmpty, TextMatch::NonEmpty);
    }
    let split = value.rsplit_once('/');
    if value.starts_with('*') {
        return match split {
            // With one star in front the subject is taken as it is written.
            Some((issuer, subject)) => (TextMatch::new(issuer), exact(subject)),
            None => (TextMatch::NonEmpty, TextMatch::new(value)),
        };
    }
    if value.ends_with('*') {
        return match split {
            Some((issuer, "*")) => (exact(issuer), TextMatch::NonEmpty),
            Some((issuer, subject)) => {
                let prefix = subject.strip_suffix('*').unwrap_or(subject);
                (exact(issuer), TextMatch::Prefix(prefix.into()))
            }
            None => (TextMatch::new(value), TextMatch::NonEmpty),
        };
    }
    let (issuer, subject) = split.unwrap_or((value, ""));
    (exact(issuer), exact(subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_counts() {
        let check = |value: &str, issuer: &str, subject: &str, want: bool| {
            let (iss, sub) = token(value);
            let matched = iss.is_match(issuer) && sub.is_match(subject);
            assert_eq!(matched, want, "{value} against {issuer} {subject}");
        };
        check("*", "i", "s", true);
        check("*", "i", "", false);
        check("i/s", "i", "s", true);
        check("i/a/b", "i", "a/b", false);
        check("i/a/b", "i/a", "b", true);
        check("i/*", "i", "s", true);
        check("i/*", "i", "", false);
        check("i/su*", "i", "sub", true);
        check("i/su*", "x/i", "sub", false);
        check("*/sub", "i", "sub", true);
        check("*i/sub", "xi", "sub", true);
        check("*suf", "i", "a-suf", true);
        check("pre*", "prefix", "s", true);
        check("i", "i", "", true);
        check("i", "i", "s", false);
        // A second star is a star.
        check("*/*", "i", "s", false);
        check("*/*", "i", "*", true);
        check("*x/*", "ax", "s", false);
        check("*x/s*", "ax", "sub", false);
        check("*x/s*", "ax", "s*", true);
        check("i*/s*", "issuer", "sub", false);
        check("i*/s*", "i*", "sub", true);
        // So is one in the middle.
        check("i*/s", "issuer", "s", false);
        check("i*/s", "i*", "s", true);
        check("i/*s", "i", "as", false);
        check("i/*s", "i", "*s", true);
        check("https://idp*", "https:/", "idp1", true);
        check("https://idp*", "https://idp.example", "s", false);
    }
}
