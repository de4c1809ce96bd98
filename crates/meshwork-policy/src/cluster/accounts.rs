//! The identities that the servers of a service may show.

use std::{collections::BTreeSet, sync::Arc};

use meshwork_api::mesh::MeshConfig;
use meshwork_registry::Identities;

/// The names of all endpoints' service accounts and those that the service itself lists, in
/// order, each also under the mesh's other trust domains.
///
/// A subset has the identities of its service.
pub fn service_accounts(identities: &Identities<'_>, mesh: &MeshConfig) -> Vec<Arc<str>> {
    let trust_domain = match mesh.trust_domain.as_str() {
        "" => "cluster.local",
        domain => domain,
    };
    let own = identities
        .accounts
        .iter()
        .map(|(namespace, account)| format!("spiffe://{trust_domain}/ns/{namespace}/sa/{account}"));
    let listed = identities.listed.iter().map(ToString::to_string);
    let mut accounts: BTreeSet<String> = own.chain(listed).collect();
    let paths: BTreeSet<String> = accounts
        .iter()
        .filter_map(|account| account.strip_prefix("spiffe://")?.split_once('/'))
        // Only identities of Istio's form have counterparts in other trust domains.
        .filter(|(_, path)| matches!(path.split('/').collect::<Vec<_>>()[..], ["ns", _, "sa", _]))
        .map(|(_, path)| path.to_owned())
        .collect();
    for alias in &mesh.trust_domain_aliases {
        accounts.extend(paths.iter().map(|path| format!("spiffe://{alias}/{path}")));
    }
    accounts.into_iter().map(Arc::from).collect()
}
