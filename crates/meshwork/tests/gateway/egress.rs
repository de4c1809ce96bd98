//! A workload whose calls to an external host leave by an egress gateway.

use std::{net::SocketAddr, sync::Arc};

use http_body_util::BodyExt as _;
use meshwork::{
    Mesh, Workload,
    identity::{AuthoritySource, CertificateAuthority, CertificateService, SpiffeId, StaticTokens},
};
use time::OffsetDateTime;

use crate::support::{
    Authority, Client, backend, builder, edge, events, gateway, get_plain, routed, secret, service,
    start, status, tls_backend,
};

fn id(namespace: &str, account: &str) -> SpiffeId {
    format!("spiffe://cluster.local/ns/{namespace}/sa/{account}").parse().unwrap()
}

fn mesh_authority() -> Arc<CertificateService> {
    let now = OffsetDateTime::now_utc();
    let own = "cluster.local".parse().unwrap();
    let authority = CertificateAuthority::self_signed(&own, now, time::Duration::days(1)).unwrap();
    let tokens = StaticTokens::new()
        .token("edge", id("edge", "edge"))
        .token("web", id("shop", "web"))
        .token("api", id("shop", "api"));
    Arc::new(CertificateService::new(authority, tokens))
}

/// The gateway ends the mesh's mutual TLS and calls the external host in its stead.
const SERVER: &str = "  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [out.example]
    tls: {mode: ISTIO_MUTUAL}
";

/// Who may leave, and what the workload knows: the gateway's service, and that calls go through it.
const ONLY_WEB: &str = "
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: only-web, namespace: edge}
spec:
  selector: {matchLabels: {istio: edge}}
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]
";

fn through_the_gateway(egress: SocketAddr) -> String {
    format!(
        "
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: egress, namespace: edge}}
spec:
  hosts: [egress.edge.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{{number: 443, name: https, protocol: HTTP, targetPort: {}}}]
  resolution: STATIC
  endpoints: [{{address: {}, serviceAccount: edge}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: egress, namespace: edge}}
spec:
  host: egress.edge.svc.cluster.local
  trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL, sni: out.example}}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: through-egress, namespace: shop}}
spec:
  hosts: [out.example]
  http:
  - route: [{{destination: {{host: egress.edge.svc.cluster.local, port: {{number: 443}}}}}}]
",
        egress.port(),
        egress.ip()
    )
}

#[tokio::test]
async fn calls_leave_by_the_egress_gateway_under_its_policies() {
    let authority = mesh_authority();
    let source = |namespace: &str, account: &str| {
        AuthoritySource::new(Arc::clone(&authority), id(namespace, account), account)
    };
    let outside = service("out.example", "HTTP", backend("outside").await);
    let own =
        format!("{}{outside}{}{ONLY_WEB}", gateway("out", SERVER), routed("out", "out.example"));
    let gateway_mesh = builder(&own).identity(source("edge", "edge")).start().await.unwrap();
    let running = start(&gateway_mesh).await;
    let egress = running.address(443).unwrap();

    let yaml = format!("{outside}{}", through_the_gateway(egress));
    let call = async |account: &str| {
        let me = Workload::new("shop", account).service_account(account);
        let builder = Mesh::builder(me).yaml("client", &yaml).identity(source("shop", account));
        let mesh = builder.start().await.unwrap();
        let answer = mesh.client().get("http://out.example/").await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    let (status, body) = call("web").await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("URI=spiffe://cluster.local/ns/shop/sa/web"), "who called: {body}");
    assert!(body.contains("By=spiffe://cluster.local/ns/edge/sa/edge"), "the gateway: {body}");
    assert_eq!(call("api").await, (403, "RBAC: access denied".to_owned()));
    // The mesh's TLS asks for a certificate of the mesh.
    let stranger = Authority::new();
    let leaf = stranger.leaf("web.example");
    let refused = Client::showing(&stranger, &leaf).get(egress, "out.example", "out.example").await;
    assert!(refused.is_err());
}

/// The gateway speaks TLS to the external host, whose authority is in a Secret.
const ORIGINATE: &str = "
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: out, namespace: edge}
spec:
  host: out.example
  trafficPolicy:
    tls: {mode: SIMPLE, credentialName: outside, sni: out.example, subjectAltNames: [out.example]}
";

#[tokio::test]
async fn a_gateway_speaks_tls_by_the_authorities_of_a_secret() {
    let (authority, other) = (Authority::new(), Authority::new());
    let leaf = authority.leaf("out.example");
    let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 6\r\n\r\nsealed";
    let yaml = [
        gateway("out", "  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}\n"),
        service("out.example", "HTTP", tls_backend(&leaf, answer).await),
        routed("out", "out.example"),
        ORIGINATE.to_owned(),
        secret("outside", &[("cacert", authority.pem())]),
    ];
    let (mesh, running) = edge(&yaml.concat()).await;
    let to = running.address(80).unwrap();
    let answer = get_plain(to, "out.example", "/").await.unwrap();
    assert!(answer.ends_with("sealed"), "{answer}");
    // Another authority does not vouch for the host.
    mesh.apply(events(&secret("outside", &[("cacert", other.pem())])));
    let answer = get_plain(to, "out.example", "/").await.unwrap();
    assert_eq!(status(&answer), "503", "{answer}");
}
