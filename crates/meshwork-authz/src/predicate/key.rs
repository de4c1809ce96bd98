//! The keys of `when`.

use http::HeaderName;

use super::{Field, Unevaluable, field::Header, trial::Trial};

impl Field {
    /// The attribute of a `when` key.
    pub(crate) fn of_key(key: &str) -> Result<Self, Unevaluable> {
        let unknown = || Unevaluable(format!("the key `{key}` is not evaluated"));
        Ok(match key {
            "source.ip" => Self::SourceIp,
            "remote.ip" => Self::RemoteIp,
            "source.namespace" => Self::Namespace,
            "source.principal" => Self::Principal,
            "source.serviceAccount" => Self::ServiceAccount,
            "source.trustDomain" => Self::TrustDomain,
            "destination.ip" => Self::DestinationIp,
            "destination.port" => Self::DestinationPort,
            "connection.sni" => Self::Sni,
            "request.auth.principal" => Self::RequestPrincipal,
            "request.auth.audiences" => Self::Claim([Box::from("aud")].into()),
            "request.auth.presenter" => Self::Claim([Box::from("azp")].into()),
            _ => {
                if let Some(rest) = key.strip_prefix("request.headers") {
                    return header(bracketed(rest).ok_or_else(unknown)?).map(Self::Header);
                }
                if let Some(rest) = key.strip_prefix("request.auth.claims") {
                    let names = claims(rest).ok_or_else(unknown)?;
                    return Ok(Self::Claim(names.into_iter().map(Into::into).collect()));
                }
                let metadata = key.strip_prefix("experimental.").ok_or_else(unknown)?;
                Self::Trial(Trial::of_key(metadata).ok_or_else(unknown)?)
            }
        })
    }
}

/// What stands between the first and the last bracket, where there is nothing outside of them.
fn bracketed(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']').filter(|name| !name.is_empty())
}

/// The names of `[a][b]`. A text that is not made of such pieces alone is one name.
fn claims(text: &str) -> Option<Vec<&str>> {
    let one = bracketed(text)?;
    let mut names = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let piece = rest.strip_prefix('[').and_then(|inner| inner.split_once(']'));
        let Some((name, behind)) = piece.filter(|(name, _)| !name.contains('[')) else {
            return Some(vec![one]);
        };
        names.push(name);
        rest = behind;
    }
    Some(names)
}

/// The name of a header in any letter case.
fn header(name: &str) -> Result<Header, Unevaluable> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "host" | ":authority" => Header::Authority,
        ":method" => Header::Method,
        ":scheme" => Header::Scheme,
        ":path" => Header::Path,
        name => Header::Named(
            HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| Unevaluable(format!("`{name}` is not the name of a header")))?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_nested_by_brackets() {
        let check = |key: &str, want: Option<&[&str]>| {
            assert_eq!(claims(key).as_deref(), want, "{key}");
        };
        check("[a]", Some(&["a"]));
        check("[a][b]", Some(&["a", "b"]));
        check("[a.b]", Some(&["a.b"]));
        check("[a]b[c]", Some(&["a]b[c"]));
        check("[a]][b]", Some(&["a]][b"]));
        check("[a][b[c]]", Some(&["a][b[c]"]));
        check("[[a]]", Some(&["[a]"]));
        check("[]", None);
        check("[a", None);
        check("X[a]", None);
    }

    #[test]
    fn names_of_headers_have_no_case() {
        for name in ["host", "Host", "HOST", ":authority", ":Authority"] {
            assert_eq!(header(name).unwrap(), Header::Authority, "{name}");
        }
        assert_eq!(header(":PATH").unwrap(), Header::Path);
        assert_eq!(header("X-A").unwrap(), Header::Named(HeaderName::from_static("x-a")));
        assert!(header("x a").is_err());
    }
}
