//! Certificates that the configuration holds: Secrets of the workload's namespace.

use std::{collections::BTreeMap, fmt, sync::Arc};

use meshwork_api::{Object, kubernetes::Secret};
use zeroize::Zeroizing;

/// What a Secret holds for TLS, each as PEM; empty where it holds none.
///
/// Istio reads two sets of keys: `cert`, `key`, `cacert` and `crl`, and those of type
/// `kubernetes.io/tls`: `tls.crt`, `tls.key`, `ca.crt` and `ca.crl`. The first ones win.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credential {
    /// The certificate chain, leaf first.
    pub chain: Arc<[u8]>,
    /// Its key, wiped when dropped.
    pub key: Arc<Zeroizing<Vec<u8>>>,
    /// The authorities of the other side.
    pub authorities: Arc<[u8]>,
    /// What they revoked.
    pub revoked: Arc<[u8]>,
}

/// The certificates that `credentialName`s can mean: the Secrets of one namespace.
///
/// A proxy never sees those of other namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    namespace: Arc<str>,
    by_name: BTreeMap<Arc<str>, Arc<Credential>>,
    generation: u64,
}

impl Credential {
    /// What a Secret holds; `None` where nothing of it is for TLS, so that other secrets are not
    /// kept at all.
    pub(crate) fn of(secret: Object<Secret>) -> Option<Self> {
        let Secret { data, string_data, .. } = secret.spec;
        let mut values: BTreeMap<String, Zeroizing<Vec<u8>>> =
            data.into_iter().map(|(key, bytes)| (key, Zeroizing::new(bytes.0))).collect();
        // An API server writes text over data.
        let text = string_data.into_iter();
        values.extend(text.map(|(key, text)| (key, Zeroizing::new(text.into_bytes()))));
        values.retain(|_, bytes| !bytes.is_empty());
        let pair = |chain: &str, key: &str| Some((values.get(chain)?, values.get(key)?));
        let either = |names: [&str; 2]| {
            let found = names.into_iter().find_map(|name| values.get(name));
            found.map(|bytes| Arc::from(bytes.as_slice())).unwrap_or_default()
        };
        let mut credential = Self {
            authorities: either(["cacert", "ca.crt"]),
            revoked: either(["crl", "ca.crl"]),
            ..Self::default()
        };
        if let Some((chain, key)) = pair("cert", "key").or_else(|| pair("tls.crt", "tls.key")) {
            credential.chain = chain.as_slice().into();
            credential.key = Arc::new(key.clone());
        }
        let holds = !credential.chain.is_empty() || !credential.authorities.is_empty();
        holds.then_some(credential)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("chain", &self.chain.len())
            .field("authorities", &self.authorities.len())
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Those of `namespace`; the generation is the one of `previous` where nothing changed.
    pub(crate) fn new<'a>(
        namespace: &str,
        all: impl Iterator<Item = (&'a (Arc<str>, Arc<str>), &'a Arc<Credential>)>,
        previous: Option<&Arc<Self>>,
    ) -> Arc<Self> {
        let own = all.filter(|((of, _), _)| **of == *namespace);
        let by_name = own.map(|((_, name), value)| (Arc::clone(name), Arc::clone(value))).collect();
        match previous {
            Some(previous) if *previous.namespace == *namespace && previous.by_name == by_name => {
                Arc::clone(previous)
            }
            _ => {
                let generation = previous.map_or(0, |previous| previous.generation + 1);
                Arc::new(Self { namespace: namespace.into(), by_name, generation })
            }
        }
    }

    /// The certificate that a `credentialName` means.
    ///
    /// A name may begin with `kubernetes://` or `kubernetes-gateway://`, and may say the
    /// namespace (`NAMESPACE/NAME`), which has to be the workload's own.
    pub fn find(&self, name: &str) -> Option<&Arc<Credential>> {
        let schemes = ["kubernetes://", "kubernetes-gateway://"];
        let name = schemes.iter().find_map(|scheme| name.strip_prefix(scheme)).unwrap_or(name);
        match name.split_once('/') {
            Some((namespace, name)) if *namespace == *self.namespace => self.by_name.get(name),
            Some(_) => None,
            None => self.by_name.get(name),
        }
    }

    /// Grows with every snapshot in which a certificate changed.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meshwork_api::{AnyObject, read::Reader};

    fn read(yaml: &str) -> Option<Credential> {
        let text = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{yaml}");
        let mut objects = Reader::default().bytes("test", text.as_bytes()).objects;
        match objects.remove(0).object {
            AnyObject::Secret(secret) => Credential::of(secret),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn both_sets_of_keys_are_read() {
        let tls = read("stringData: {tls.crt: a, tls.key: b, ca.crt: c}").unwrap();
        assert_eq!(
            (&*tls.chain, &**tls.key, &*tls.authorities),
            (&b"a"[..], &b"b"[..].to_vec(), &b"c"[..])
        );
        let both =
            read("stringData: {tls.crt: a, tls.key: b, cert: x, key: y, cacert: z, ca.crt: c}");
        let both = both.unwrap();
        assert_eq!((&*both.chain, &*both.authorities), (&b"x"[..], &b"z"[..]));
        let data =
            read("data: {tls.crt: YQ==, tls.key: Yg==}\nstringData: {tls.crt: text}").unwrap();
        assert_eq!(&*data.chain, b"text", "text is written over data");
    }

    #[test]
    fn what_is_not_for_tls_is_not_kept() {
        assert_eq!(read("stringData: {password: p}"), None);
        assert_eq!(read("stringData: {tls.key: k}"), None);
        let shown = format!("{:?}", read("stringData: {tls.crt: a, tls.key: hidden}"));
        assert!(!shown.contains("hidden") && !shown.contains("104"), "{shown}");
    }

    #[test]
    fn a_name_means_a_secret_of_the_own_namespace() {
        let key = |namespace: &str, name: &str| (Arc::from(namespace), Arc::from(name));
        let one = Arc::new(Credential { chain: b"1"[..].into(), ..Credential::default() });
        let all: BTreeMap<(Arc<str>, Arc<str>), _> =
            [(key("a", "x"), Arc::clone(&one)), (key("b", "y"), one)].into();
        let found = Credentials::new("a", all.iter(), None);
        for (name, there) in [
            ("x", true),
            ("kubernetes://x", true),
            ("kubernetes-gateway://a/x", true),
            ("a/x", true),
            ("b/x", false),
            ("b/y", false),
            ("y", false),
        ] {
            assert_eq!(found.find(name).is_some(), there, "{name}");
        }
        assert!(Arc::ptr_eq(&found, &Credentials::new("a", all.iter(), Some(&found))));
        let none = Credentials::new("a", [].into_iter(), Some(&found));
        assert_eq!(none.generation(), found.generation() + 1);
    }
}
