//! Which resources have a say.

use meshwork_core::ResourceRef;

use crate::Snapshot;

impl Snapshot {
    /// The resources that have a say about calls of the proxy to a host, in order: services,
    /// VirtualServices that it may see, Gateways that it serves, and the DestinationRules that
    /// count for the host's service.
    ///
    /// `host` is a service's whole name, or the name of a VirtualService or Gateway.
    pub fn resources_about_host(&self, host: &str) -> Vec<ResourceRef> {
        let mut about = self.routes.resources_about_host(host);
        let service = self.scope.service(host);
        let rule = service.and_then(|service| self.policies.rule(&self.proxy, service));
        if let Some(rule) = rule {
            about.push(rule.resource().clone());
            about.extend_from_slice(rule.merged());
        }
        in_order(about)
    }

    /// The resources that have a say about the proxy's own workload, in order: the `Sidecar` or
    /// the Gateways that select it, the services that it belongs to, the PeerAuthentication and
    /// the AuthorizationPolicies that count for it, and what closes it where something does.
    pub fn resources_about_workload(&self) -> Vec<ResourceRef> {
        let mut about = self.routes.resources_about_workload();
        about.extend(self.security.mtls().policy().cloned());
        about.extend_from_slice(self.security.authorization().resources());
        about.extend(self.security.closed().and_then(|closed| closed.resource.clone()));
        in_order(about)
    }
}

fn in_order(mut about: Vec<ResourceRef>) -> Vec<ResourceRef> {
    about.sort();
    about.dedup();
    about
}
