//! Resources that come, change and go: each with the forms that it may have.

use meshwork_api::{
    Object,
    networking::{
        HttpDirectResponse, HttpMatchRequest, HttpRoute, StringMatch, StringMatchType,
        VirtualService,
    },
    read::Reader,
};
use meshwork_config::{Event, events_of};
use meshwork_core::ResourceRef;

/// A resource, and the texts of its forms. What is not admitted is a form too.
pub(crate) struct Part {
    pub(crate) resource: ResourceRef,
    forms: Vec<Vec<Event>>,
}

impl Part {
    fn new(kind: &str, name: &str, forms: &[&str]) -> Self {
        let (namespace, short) = name.split_once('/').unwrap();
        let version = match kind {
            "Service" => "v1",
            "EndpointSlice" => "discovery.k8s.io/v1",
            "PeerAuthentication" | "AuthorizationPolicy" | "RequestAuthentication" => {
                "security.istio.io/v1"
            }
            _ => "networking.istio.io/v1",
        };
        let text = |form: &&str| {
            let (spec, labels) = form.split_once(" LABELS ").unwrap_or((form, "{}"));
            let spec = match kind {
                "EndpointSlice" => spec.to_owned(),
                _ => format!("spec: {spec}"),
            };
            format!(
                "apiVersion: {version}\nkind: {kind}\n\
                 metadata: {{name: {short}, namespace: {namespace}, labels: {labels}}}\n{spec}\n"
            )
        };
        let events = |text: String| events_of(&Reader::default(), "parts.yaml", text.as_bytes());
        Self {
            resource: ResourceRef::new(kind, namespace, short),
            forms: forms.iter().map(text).map(events).collect(),
        }
    }

    pub(crate) fn forms(&self) -> usize {
        self.forms.len()
    }

    /// What tells that the resource has this form now.
    pub(crate) fn event(&self, form: usize) -> Vec<Event> {
        self.forms[form].clone()
    }

    pub(crate) fn gone(&self) -> Event {
        Event::delete(self.resource.clone())
    }
}

/// A pattern that admission would refuse, for the compiler to find.
fn unreadable(status: u32) -> Vec<Event> {
    let uri = StringMatch { match_type: Some(StringMatchType::Regex("(".into())) };
    let matching = HttpMatchRequest { uri: Some(uri), ..Default::default() };
    let answer = HttpDirectResponse { status, ..Default::default() };
    let http = vec![HttpRoute {
        match_: vec![matching],
        direct_response: Some(answer),
        ..Default::default()
    }];
    let spec = VirtualService { hosts: vec!["broken".into()], http, ..Default::default() };
    vec![Event::apply(Object::new("default", "unreadable", spec))]
}

/// Services of every kind, rules of every block, with hosts that meet and hosts that do not.
pub(crate) fn parts() -> Vec<Part> {
    let service = |name: &str, forms: &[&str]| Part::new("Service", name, forms);
    let rule = |name: &str, forms: &[&str]| Part::new("VirtualService", name, forms);
    let mut parts = vec![
        service(
            "default/web",
            &[
                "{clusterIP: 10.96.0.1, selector: {app: client}, ports: [{name: http, port: 80}, {name: any, port: 81}, {name: tcp, port: 82}]}",
                "{clusterIP: 10.96.0.1, selector: {app: client}, ports: [{name: http, port: 80}]}",
            ],
        ),
        service(
            "default/api",
            &[
                "{clusterIP: 10.96.0.2, ports: [{name: http, port: 80}, {name: any, port: 81}]}",
                // The address of another.
                "{clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}",
            ],
        ),
        service("default/db", &["{clusterIP: 10.96.0.3, ports: [{name: tcp, port: 82}]}"]),
        service(
            "default/set",
            &["{clusterIP: None, ports: [{name: any, port: 81}, {name: http, port: 80}]}"],
        ),
        service("default/broken", &["{clusterIP: 10.96.0.5, ports: [{name: http, port: 80}]}"]),
        service(
            "default/other-name",
            &[
                "{type: ExternalName, externalName: web.default.svc.cluster.local, ports: [{name: http, port: 80}]}",
            ],
        ),
        service("ns2/web", &["{clusterIP: 10.96.2.1, ports: [{name: http, port: 80}]}"]),
        service("istio-system/gw", &["{clusterIP: 10.96.3.1, ports: [{name: http, port: 80}]}"]),
        Part::new(
            "EndpointSlice",
            "default/web-1",
            &[
                "addressType: IPv4\nports: [{name: http, port: 8080}, {name: any, port: 8081}]\nendpoints: [{addresses: [10.1.0.1]}] LABELS {kubernetes.io/service-name: web}",
                "addressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.1.0.1]}, {addresses: [10.1.0.2]}] LABELS {kubernetes.io/service-name: web}",
            ],
        ),
        Part::new(
            "EndpointSlice",
            "default/set-1",
            &[
                "addressType: IPv4\nports: [{name: any, port: 81}]\nendpoints: [{addresses: [10.1.0.3]}] LABELS {kubernetes.io/service-name: set}",
            ],
        ),
        Part::new(
            "ServiceEntry",
            "default/out",
            &[
                "{hosts: ['*.example.com'], resolution: NONE, ports: [{number: 443, name: tls, protocol: TLS}, {number: 80, name: http, protocol: HTTP}]}",
                "{hosts: [a.example.com], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}",
            ],
        ),
    ];
    parts.extend([
        rule(
            "default/web",
            &[
                "{hosts: [web], http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: api}}]}, {route: [{destination: {host: web}}]}]}",
                "{hosts: [web], http: [{match: [{port: 80}], directResponse: {status: 418}}]}",
                "{hosts: [web, made-up.com], http: [{match: [{sourceLabels: {app: none}}], route: [{destination: {host: api}}]}, {route: [{destination: {host: db, port: {number: 82}}}]}]}",
                "{hosts: [web, api], http: [{route: [{destination: {host: web, subset: v9}}]}]}",
                "{hosts: [web], http: [{match: [{port: 99}], directResponse: {status: 418}}]}",
                // Not admitted: the form before stays in force.
                "{hosts: [web], http: [{timeout: soon}]}",
            ],
        ),
        rule(
            "default/api",
            &[
                "{hosts: [api], http: [{route: [{destination: {host: api}}], timeout: 3s}]}",
                "{hosts: [api, set], exportTo: ['.'], http: [{directResponse: {status: 201}}]}",
                "{hosts: [other-name], http: [{directResponse: {status: 202}}]}",
                "{hosts: [api], gateways: [istio-system/gw, mesh], http: [{directResponse: {status: 203}}]}",
            ],
        ),
        // The host of another.
        rule("default/second", &["{hosts: [web], http: [{directResponse: {status: 204}}]}"]),
        rule(
            "default/wild",
            &[
                "{hosts: ['*.default.svc.cluster.local'], http: [{directResponse: {status: 205}}]}",
                "{hosts: ['*.com'], http: [{directResponse: {status: 206}}]}",
                "{hosts: [made-up.com], http: [{directResponse: {status: 207}}]}",
            ],
        ),
        rule(
            "default/root",
            &[
                "{hosts: [broken], http: [{match: [{uri: {prefix: /a}}], delegate: {name: leaf}}, {directResponse: {status: 208}}]}",
                "{hosts: [shop.com], gateways: [istio-system/gw], http: [{delegate: {name: leaf, namespace: ns2}}]}",
            ],
        ),
        rule(
            "default/leaf",
            &[
                "{http: [{match: [{uri: {prefix: /a/b}}], directResponse: {status: 209}}, {match: [{uri: {prefix: /z}}], directResponse: {status: 210}}]}",
                "{http: [{route: [{destination: {host: web}}]}]}",
            ],
        ),
        rule("ns2/leaf", &["{http: [{directResponse: {status: 211}}]}"]),
        rule(
            "ns2/web",
            &[
                "{hosts: [web], http: [{directResponse: {status: 212}}]}",
                "{hosts: [web.default.svc.cluster.local], http: [{directResponse: {status: 213}}]}",
                "{hosts: [web.default], http: [{directResponse: {status: 214}}]}",
            ],
        ),
        rule(
            "default/bytes",
            &[
                "{hosts: [db], tcp: [{route: [{destination: {host: web, port: {number: 82}}}]}]}",
                "{hosts: ['*.example.com'], tls: [{match: [{sniHosts: [a.example.com]}], route: [{destination: {host: db}}]}]}",
            ],
        ),
        rule(
            "default/shop",
            &[
                "{hosts: [shop.com, web.com], gateways: [istio-system/gw, default/none], http: [{route: [{destination: {host: web}}]}]}",
                "{hosts: ['*.com'], gateways: [istio-system/gw], http: [{match: [{headers: {x: {exact: y}}}], route: [{destination: {host: api}}]}]}",
            ],
        ),
        Part::new(
            "DestinationRule",
            "default/web",
            &[
                "{host: web, subsets: [{name: v9, labels: {version: v9}}]}",
                "{host: web, trafficPolicy: {connectionPool: {http: {http1MaxPendingRequests: 3}}}}",
            ],
        ),
        Part::new(
            "Gateway",
            "istio-system/gw",
            &[
                "{selector: {istio: ingress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}",
                "{selector: {istio: ingress}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*/shop.com', default/*.com], tls: {httpsRedirect: true}}]}",
            ],
        ),
        Part::new(
            "Sidecar",
            "default/default",
            &[
                "{egress: [{hosts: ['./*', '~/ns2/*']}]}",
                "{outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{port: {number: 82, name: t, protocol: TCP}, hosts: ['./*']}, {hosts: ['./*', 'ns2/*']}]}",
                // Routes bring in what no host entry imports.
                "{egress: [{hosts: ['./web.default.svc.cluster.local']}]}",
            ],
        ),
        Part::new(
            "PeerAuthentication",
            "default/default",
            &["{mtls: {mode: STRICT}}", "{mtls: {mode: DISABLE}}"],
        ),
        Part::new(
            "AuthorizationPolicy",
            "default/deny",
            &["{action: DENY, rules: [{to: [{operation: {paths: [/admin]}}]}]}", "{rulez: []}"],
        ),
    ]);
    let unreadable = Part {
        resource: ResourceRef::new("VirtualService", "default", "unreadable"),
        forms: vec![unreadable(215), unreadable(216)],
    };
    parts.push(unreadable);
    parts
}
