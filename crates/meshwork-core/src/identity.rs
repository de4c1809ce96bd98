//! The verified claims of a request's token.

use std::{collections::BTreeMap, sync::Arc};

/// Who a request claims to be, verified: the claims of its token as RequestAuthentication leaves
/// them.
///
/// ```
/// use meshwork_core::{Claim, RequestIdentity};
/// let identity: RequestIdentity = [
///     ("iss", Claim::text("https://issuer")),
///     ("groups", Claim::list(["dev", "admin"])),
/// ]
/// .into_iter()
/// .collect();
/// assert!(identity.values(&["groups"]).any(|group| group == "admin"));
/// assert_eq!(identity.issuer(), Some("https://issuer"));
/// assert_eq!(identity.subject(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestIdentity {
    claims: BTreeMap<Arc<str>, Claim>,
}

/// The value of one claim, as policies can see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "policies see strings, lists of strings and objects")]
pub enum Claim {
    /// A string.
    Text(Arc<str>),
    /// The strings of a list; other members are left out. Claims that Istio splits at blanks
    /// (`scope`, `permission` and those it is told to) are lists.
    List(Vec<Arc<str>>),
    /// An object, whose members have paths of their own.
    Object(BTreeMap<Arc<str>, Claim>),
    /// A number, a boolean, null: no policy matches it.
    Opaque,
}

impl Claim {
    /// A string.
    pub fn text(value: impl Into<Arc<str>>) -> Self {
        Self::Text(value.into())
    }

    /// A list of strings.
    pub fn list<T: Into<Arc<str>>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<Arc<str>>> FromIterator<(K, Claim)> for RequestIdentity {
    fn from_iter<I: IntoIterator<Item = (K, Claim)>>(claims: I) -> Self {
        Self { claims: claims.into_iter().map(|(name, claim)| (name.into(), claim)).collect() }
    }
}

impl RequestIdentity {
    /// The claim at a path of names: the first is a top-level claim, each further one a member of
    /// the object before it. Lists are not descended into.
    pub fn claim<S: AsRef<str>>(&self, path: &[S]) -> Option<&Claim> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.claims.get(first.as_ref())?, |claim, name| match claim {
            Claim::Object(members) => members.get(name.as_ref()),
            _ => None,
        })
    }

    /// The strings at a path: one for a string, each of a list, none for anything else.
    pub fn values<S: AsRef<str>>(&self, path: &[S]) -> impl Iterator<Item = &str> {
        let values = match self.claim(path) {
            Some(Claim::Text(value)) => std::slice::from_ref(value),
            Some(Claim::List(values)) => values,
            _ => &[],
        };
        values.iter().map(AsRef::as_ref)
    }

    /// The claim `iss`, where it is a string.
    pub fn issuer(&self) -> Option<&str> {
        self.string("iss")
    }

    /// The claim `sub`, where it is a string.
    pub fn subject(&self) -> Option<&str> {
        self.string("sub")
    }

    fn string(&self, name: &str) -> Option<&str> {
        match self.claims.get(name)? {
            Claim::Text(value) => Some(value),
            _ => None,
        }
    }
}
