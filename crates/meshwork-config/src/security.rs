//! Which security is in force for the workload, and what fails closed.

use std::{fmt, sync::Arc};

use meshwork_api::security::PolicyTargetReference;
use meshwork_authn::{MtlsMode, PeerAuthn, WorkloadMtls};
use meshwork_authz::{AuthzInput, AuthzPolicies, PolicyScope, Verdict};
use meshwork_core::{Attributes, FieldPath, ResourceRef, Selector};
use meshwork_registry::Proxy;

use crate::{ConfigStore, Diagnostic, Level, Refusal};

/// The security of one proxy's own workload: what its inbound traffic has to meet.
#[derive(Clone, Debug, Default)]
pub struct Security {
    peer_authn: Arc<PeerAuthn>,
    mtls: WorkloadMtls,
    authorization: AuthzPolicies,
    /// Resources that select the workload and cannot be evaluated.
    closed: Option<Closed>,
}

/// Why everything that the workload would accept is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed {
    /// The resource; `None` where a text could not even be read as one.
    pub resource: Option<ResourceRef>,
    /// Why it cannot be evaluated.
    pub reason: Arc<str>,
    /// Whether it is about requests alone, so that connections without HTTP may pass.
    pub requests_only: bool,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.resource {
            Some(resource) => write!(f, "{resource} cannot be evaluated: {}", self.reason),
            None => write!(f, "a security resource cannot be evaluated: {}", self.reason),
        }
    }
}

/// What becomes of an inbound connection or request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboundVerdict {
    /// The policies' verdict.
    Policies(Verdict),
    /// Refused, because a security resource cannot be evaluated.
    Closed(Closed),
}

impl InboundVerdict {
    /// Whether it may pass.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Policies(verdict) if verdict.is_allowed())
    }

    /// What the access log says of a refusal: Envoy's response code details.
    pub fn details(&self) -> String {
        match self {
            Self::Policies(verdict) => verdict.details().unwrap_or_default(),
            Self::Closed(_) => "security_policy_not_evaluated".to_owned(),
        }
    }
}

impl fmt::Display for InboundVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policies(verdict) => verdict.reason.fmt(f),
            Self::Closed(closed) => closed.fmt(f),
        }
    }
}

impl Security {
    pub(crate) fn compile(
        store: &ConfigStore,
        proxy: &Proxy,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let root = store.root_namespace();
        let namespace = proxy.namespace.as_str();
        let policies = store.objects.peer_authentications.all();
        let peer_authn = PeerAuthn::compile(policies.iter().map(|object| &**object), root);
        for (field, reason) in peer_authn.ignored() {
            let message = format!("has no effect: {reason}");
            diagnostics.push(Diagnostic::new(Level::Warning, Some(field.clone()), message));
        }
        let mut scope = PolicyScope::new(namespace);
        scope.labels = proxy.labels.clone();
        scope.root_namespace = root.into();
        let mesh = store.mesh();
        let own = if mesh.trust_domain.is_empty() { "cluster.local" } else { &mesh.trust_domain };
        scope.trust_domains = std::iter::once(own.to_owned())
            .chain(mesh.trust_domain_aliases.iter().cloned())
            .collect();
        let policies = store.objects.authorization_policies.all();
        let authorization = AuthzPolicies::compile(policies.iter().map(|object| &**object), &scope);
        diagnostics.extend(authorization.diagnostics().iter().map(|found| {
            Diagnostic::new(Level::Warning, Some(found.field.clone()), found.message.clone())
        }));
        Self {
            mtls: peer_authn.workload(namespace, &proxy.labels),
            peer_authn: Arc::new(peer_authn),
            authorization,
            closed: closed(store, proxy, diagnostics),
        }
    }

    /// The PeerAuthentications of the mesh; clients judge services by them.
    pub fn peer_authn(&self) -> &Arc<PeerAuthn> {
        &self.peer_authn
    }

    /// What the workload's ports ask of their peers.
    pub fn mtls(&self) -> &WorkloadMtls {
        &self.mtls
    }

    /// The mTLS mode of a port of the workload.
    pub fn mtls_mode(&self, port: u16) -> MtlsMode {
        self.mtls.mode(port)
    }

    /// The AuthorizationPolicies that are about the workload.
    pub fn authorization(&self) -> &AuthzPolicies {
        &self.authorization
    }

    /// Why everything is refused, where it is.
    pub fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
    }

    /// Whether a request or connection may reach the workload.
    pub fn check(&self, input: &AuthzInput<'_>) -> InboundVerdict {
        match &self.closed {
            Some(closed) if !closed.requests_only || input.request.is_some() => {
                InboundVerdict::Closed(closed.clone())
            }
            _ => InboundVerdict::Policies(self.authorization.check(input)),
        }
    }

    /// Whether a connection may reach the workload, before anything is known of its requests.
    pub fn check_connection(&self, connection: &Attributes<'_>) -> InboundVerdict {
        self.check(&AuthzInput::connection(connection))
    }
}

/// Whether a resource is of the kinds that must not vanish silently.
pub(crate) fn is_security(resource: &ResourceRef) -> bool {
    matches!(
        &*resource.kind,
        "PeerAuthentication" | "RequestAuthentication" | "AuthorizationPolicy"
    )
}

/// The first security resource that selects the workload and cannot be evaluated.
fn closed(store: &ConfigStore, proxy: &Proxy, diagnostics: &mut Vec<Diagnostic>) -> Option<Closed> {
    let mut found = None;
    for object in store.objects.request_authentications.all() {
        let namespace = object.metadata.namespace.as_str();
        let near = namespace == proxy.namespace.as_str() || namespace == store.root_namespace();
        let selector = object.spec.selector.as_ref().map_or_else(Selector::all, |selector| {
            let labels = selector.match_labels.iter();
            Selector::labels(labels.map(|(key, value)| (key.as_str(), value.as_str())).collect())
        });
        let spec = &object.spec;
        let targets = PolicyTargetReference::all(spec.target_ref.as_ref(), &spec.target_refs);
        let selected = if targets.is_empty() {
            near && selector.selects(&proxy.labels)
        } else {
            let mut targets = targets.iter();
            namespace == proxy.namespace.as_str()
                && targets.any(|target| target.names_gateway_of(namespace, &proxy.labels))
        };
        if selected {
            let reason = "RequestAuthentication is not supported yet";
            let field = FieldPath::new(object.reference(), "spec.jwtRules");
            let message = format!("{reason}: everything that it selects is refused");
            diagnostics.push(Diagnostic::new(Level::Alarm, Some(field), message));
            let resource = Some(object.reference());
            let requests_only = true;
            found = found.or(Some(Closed { resource, reason: reason.into(), requests_only }));
        }
    }
    let mut refused = store.refusals().filter(|refusal| closes(refusal, store, proxy));
    // What was refused may be about anything, so it goes first.
    refused.next().map(refusal_reason).or(found)
}

/// A refused security resource without a last good version closes its namespace; where not even
/// its namespace can be read, everything.
fn closes(refusal: &Refusal, store: &ConfigStore, proxy: &Proxy) -> bool {
    let Some(resource) = &refusal.resource else { return false };
    let namespace = &*resource.namespace;
    let reaches = namespace == proxy.namespace.as_str() || namespace == store.root_namespace();
    is_security(resource) && !store.contains(resource) && reaches && selected(refusal, proxy)
}

/// Whether the labels that could still be read of the resource leave the workload out.
fn selected(refusal: &Refusal, proxy: &Proxy) -> bool {
    refusal.selector.as_ref().is_none_or(|selector| selector.selects(&proxy.labels))
}

fn refusal_reason(refusal: &Refusal) -> Closed {
    let reason = refusal.report.errors().next().map(ToString::to_string).unwrap_or_default();
    let requests_only = refusal
        .resource
        .as_ref()
        .is_some_and(|resource| &*resource.kind == "RequestAuthentication");
    Closed { resource: refusal.resource.clone(), reason: reason.into(), requests_only }
}
