//! Servers of Gateways as a gateway proxy reads them.

use std::{collections::BTreeSet, sync::Arc};

use meshwork_api::{
    Object,
    networking::{Gateway, Server, ServerTlsMode, ServerTlsSettings},
};
use meshwork_core::{FieldPath, Protocol};

/// One server of one Gateway, its hosts brought into one form.
#[derive(Clone, Debug)]
pub(crate) struct GatewayServer {
    pub(super) object: Arc<Object<Gateway>>,
    index: usize,
    /// `namespace/name` of the Gateway.
    pub(crate) gateway: Arc<str>,
    /// `servers[].port.number`.
    pub(crate) number: u16,
    /// `servers[].port.name`.
    pub(super) port_name: Arc<str>,
    pub(crate) protocol: Protocol,
    /// `host`, or `namespace/host` where only VirtualServices of that namespace may bind.
    pub(crate) hosts: Arc<[Arc<str>]>,
    /// The server.
    pub(crate) rule: Arc<FieldPath>,
}

impl GatewayServer {
    /// The servers of a Gateway in order; those without a port were refused at admission.
    pub(super) fn of(object: &Arc<Object<Gateway>>) -> Vec<Self> {
        let namespace = object.metadata.namespace.as_str();
        let gateway: Arc<str> = format!("{namespace}/{}", object.metadata.name).into();
        let resource = object.reference();
        let mut servers = Vec::new();
        for (index, server) in object.spec.servers.iter().enumerate() {
            let Some(port) = &server.port else { continue };
            let Ok(number) = u16::try_from(port.number) else { continue };
            servers.push(Self {
                object: Arc::clone(object),
                index,
                gateway: Arc::clone(&gateway),
                number,
                port_name: port.name.as_str().into(),
                protocol: port.protocol.parse().unwrap_or_default(),
                hosts: sanitise(&server.hosts, namespace),
                rule: Arc::new(FieldPath::new(resource.clone(), format!("spec.servers[{index}]"))),
            });
        }
        servers
    }

    /// Whether both are the same server of the very same Gateway.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.object, &other.object) && self.index == other.index
    }

    /// The server as it was written.
    pub(super) fn written(&self) -> Option<&Server> {
        self.object.spec.servers.get(self.index)
    }

    /// `servers[].tls`.
    pub(crate) fn tls(&self) -> Option<&ServerTlsSettings> {
        self.written()?.tls.as_deref()
    }

    /// `servers[].bind`; empty for every address.
    pub(super) fn bind(&self) -> &str {
        self.written().map_or("", |server| &server.bind)
    }

    /// `servers[].port.protocol` as it was written.
    pub(super) fn written_protocol(&self) -> &str {
        let port = self.written().and_then(|server| server.port.as_ref());
        port.map_or("", |port| &port.protocol)
    }

    /// `tls.httpsRedirect`.
    pub(crate) fn redirects_to_https(&self) -> bool {
        self.tls().is_some_and(|tls| tls.https_redirect)
    }

    /// Whether TLS passes as it is (`PASSTHROUGH`, `AUTO_PASSTHROUGH`).
    pub(super) fn passes_tls(&self) -> bool {
        self.tls().is_some_and(|tls| {
            matches!(tls.mode, ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough)
        })
    }

    /// Whether the server is told apart by server name: it has `tls` and is not plain HTTP, where
    /// `tls` can only say `httpsRedirect`.
    pub(super) fn speaks_tls(&self) -> bool {
        self.tls().is_some() && !self.protocol.is_http()
    }

    /// Whether requests are routed behind TLS that is ended here.
    pub(super) fn is_terminating_https(&self) -> bool {
        self.tls().is_some() && self.protocol == Protocol::Https && !self.passes_tls()
    }

    /// Whether requests are routed: plain HTTP, or HTTPS that is ended here.
    pub(super) fn is_http(&self) -> bool {
        self.protocol.is_http() || self.protocol == Protocol::Https && !self.passes_tls()
    }

    /// The name of the route configuration in Envoy; `None` where no requests are routed.
    ///
    /// Plain HTTP servers of one port and bind share one, by the port that is listened on; an
    /// HTTPS server has its own, by its own port.
    pub(super) fn route_name(&self, listened: u16) -> Option<String> {
        let bind = self.bind();
        let bind = if bind.is_empty() { String::new() } else { format!(".{bind}") };
        if self.protocol.is_http() {
            return Some(format!("http.{listened}{bind}"));
        }
        if self.protocol != Protocol::Https || self.passes_tls() {
            return None;
        }
        let meta = &self.object.metadata;
        let (number, port) = (self.number, &self.port_name);
        Some(format!("https.{number}.{port}.{}.{}{bind}", meta.name, meta.namespace))
    }

    /// The server names of the filter chain: the hosts without namespaces, each once.
    pub(super) fn server_names(&self) -> Vec<Arc<str>> {
        let names: BTreeSet<&str> = self
            .hosts
            .iter()
            .map(|host| host.split_once('/').map_or(&**host, |(_, name)| name))
            .collect();
        names.into_iter().map(Arc::from).collect()
    }
}

/// `./host` becomes `namespace/host`, `*/host` becomes `host`, and `*/*` makes the whole list `*`.
fn sanitise(hosts: &[String], namespace: &str) -> Arc<[Arc<str>]> {
    let mut sanitised: Vec<Arc<str>> = Vec::with_capacity(hosts.len());
    for host in hosts {
        match host.split_once('/') {
            Some(("*", "*")) => return Arc::from([Arc::from("*")]),
            Some((".", name)) => sanitised.push(format!("{namespace}/{name}").into()),
            Some(("*", name)) => sanitised.push(name.into()),
            _ => sanitised.push(host.as_str().into()),
        }
    }
    sanitised.into()
}
