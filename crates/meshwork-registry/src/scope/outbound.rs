//! What happens to traffic that no service matches.

use meshwork_api::{
    mesh::{self, MeshConfig},
    networking::{Destination, OutboundTrafficPolicyMode, Sidecar},
};

/// What happens to traffic that nothing in the registry matches (`outboundTrafficPolicy`).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OutboundPolicy {
    /// It goes where it was meant to go, or to `egress_proxy` where there is one. The
    /// destination is as the `Sidecar` wrote it.
    AllowAny {
        /// Where unknown traffic goes instead (`egressProxy` of a `Sidecar`).
        egress_proxy: Option<Destination>,
    },
    /// It is refused: 502 where a listener reads HTTP, otherwise the connection is closed.
    RegistryOnly,
    /// It goes to the name in the Host header, resolved at run time.
    AllowAnyDynamicDns,
}

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self::AllowAny { egress_proxy: None }
    }
}

/// The `Sidecar`'s policy if it has one, else the mesh's. A policy without a mode is the first of
/// the enumeration, `REGISTRY_ONLY`, whatever its documentation says.
pub(super) fn policy(sidecar: Option<&Sidecar>, mesh: &MeshConfig) -> OutboundPolicy {
    if let Some(policy) = sidecar.and_then(|sidecar| sidecar.outbound_traffic_policy.as_ref()) {
        return match policy.mode {
            OutboundTrafficPolicyMode::AllowAny => {
                OutboundPolicy::AllowAny { egress_proxy: policy.egress_proxy.clone() }
            }
            _ => OutboundPolicy::RegistryOnly,
        };
    }
    match mesh.outbound_traffic_policy.as_ref().map(|policy| policy.mode) {
        None | Some(mesh::OutboundTrafficPolicyMode::AllowAny) => OutboundPolicy::default(),
        Some(mesh::OutboundTrafficPolicyMode::AllowAnyDynamicDns) => {
            OutboundPolicy::AllowAnyDynamicDns
        }
        Some(_) => OutboundPolicy::RegistryOnly,
    }
}
