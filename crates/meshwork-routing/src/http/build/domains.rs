//! The names by which a service can be called from one proxy.

use meshwork_registry::{Provider, Proxy, Service};

/// The domains of a service's virtual host.
pub(super) struct ServiceDomains {
    /// All of them, in the order in which they are claimed.
    pub(super) all: Vec<String>,
    /// Those among them that are shorter forms of a name: they give way to a service whose full
    /// name they are.
    pub(super) alternate: Vec<String>,
}

/// The domains of `service` for `proxy`; with a port also each of them with `:port`.
pub(super) fn of_service(service: &Service, proxy: &Proxy, port: Option<u16>) -> ServiceDomains {
    let mut domains = ServiceDomains { all: Vec::new(), alternate: Vec::new() };
    let dns_domain = proxy.dns_domain();
    for name in std::iter::once(&service.host).chain(&*service.aliases) {
        let name = name.as_str().to_ascii_lowercase();
        push(&mut domains.all, &name, port);
        if name.parse::<std::net::IpAddr>().is_err() {
            push(&mut domains.all, &format!("{name}."), port);
        }
        for alternate in alternate_names(&name, &dns_domain) {
            push(&mut domains.all, &alternate, port);
            push(&mut domains.alternate, &alternate, port);
        }
    }
    if service.is_headless() {
        let pods: Vec<String> = domains.all.iter().map(|domain| format!("*.{domain}")).collect();
        domains.all.extend(pods);
    }
    // Of several addresses of a ServiceEntry Istio keeps one, which one is not determined.
    let most = match service.provider {
        Provider::Kubernetes => usize::MAX,
        _ => 1,
    };
    let addresses = service.addresses_for(proxy).filter_map(|range| range.single());
    for address in addresses.filter(|address| !address.is_unspecified()).take(most) {
        let address = match address {
            std::net::IpAddr::V4(address) => address.to_string(),
            std::net::IpAddr::V6(address) => format!("[{address}]"),
        };
        push(&mut domains.all, &address, port);
    }
    domains
}

fn push(domains: &mut Vec<String>, domain: &str, port: Option<u16>) {
    domains.push(domain.to_owned());
    if let Some(port) = port {
        domains.push(format!("{domain}:{port}"));
    }
}

/// Shorter forms of a name that the proxy's own domain allows: `web`, `web.shop.svc`, `web.shop`.
pub(crate) fn alternate_names(name: &str, proxy_domain: &str) -> Vec<String> {
    match proxy_domain.find(".svc.") {
        Some(at) => {
            let (own, suffix) = proxy_domain.split_at_checked(at).unwrap_or_default();
            if !name.ends_with(suffix) {
                return Vec::new();
            }
            kubernetes_alternates(name, own)
        }
        None => shared_suffix_alternates(name, proxy_domain),
    }
}

fn kubernetes_alternates(name: &str, own_namespace: &str) -> Vec<String> {
    let Some(at) = name.find(".svc.").filter(|at| *at > 0) else { return Vec::new() };
    let Some((short, rest)) = name.split_once('.') else { return Vec::new() };
    let Some(namespaced) = name.get(..at) else { return Vec::new() };
    // `foo.svc.svc.cluster.local`: the first dot is the one of `.svc.`.
    let Some(namespace) = at.checked_sub(short.len() + 1).and_then(|length| rest.get(..length))
    else {
        return Vec::new();
    };
    let mut names = Vec::with_capacity(3);
    if namespace == own_namespace {
        names.push(short.to_owned());
    }
    names.push(format!("{namespaced}.svc"));
    names.push(namespaced.to_owned());
    names
}

/// Outside of Kubernetes: what stands before the labels that the name shares with the domain.
fn shared_suffix_alternates(name: &str, proxy_domain: &str) -> Vec<String> {
    let labels: Vec<&str> = name.split('.').collect();
    let shared = labels
        .iter()
        .rev()
        .zip(proxy_domain.split('.').rev())
        .take_while(|(own, other)| **own == *other)
        .count();
    let Some((unique, shared)) = labels.split_at_checked(labels.len() - shared) else {
        return Vec::new();
    };
    let Some(first) = shared.first() else { return Vec::new() };
    let mut names = vec![unique.join(".")];
    if unique.len() == 2 {
        names.push(format!("{}.{first}", unique.join(".")));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::alternate_names;

    #[test]
    fn shortens_names_as_istio_does() {
        for (name, domain, wanted) in [
            (
                "foo.ns1.svc.cluster.local",
                "ns1.svc.cluster.local",
                &["foo", "foo.ns1.svc", "foo.ns1"][..],
            ),
            ("foo.ns1.svc.cluster.local", "ns2.svc.cluster.local", &["foo.ns1.svc", "foo.ns1"]),
            ("foo.svc.svc.cluster.local", "ns1.svc.cluster.local", &[]),
            ("api.example.com", "ns1.svc.cluster.local", &[]),
            ("foo.local.campus.net", "local.campus.net", &["foo"]),
            ("foo.local.campus.net", "remote.campus.net", &["foo.local", "foo.local.campus"]),
            ("foo.local.campus.net", "example.com", &[]),
        ] {
            assert_eq!(alternate_names(name, domain), wanted, "{name} in {domain}");
        }
    }
}
