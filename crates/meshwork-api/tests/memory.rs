//! How much memory reading takes at the most, in multiples of the text.

use meshwork_api::read;

fn virtual_services(count: usize) -> String {
    (0..count)
        .map(|number| {
            format!(
                "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: s{number}
  namespace: default
spec:
  hosts:
  - s{number}
  http:
  - name: api
    match:
    - uri:
        prefix: /api/
      headers:
        end-user:
          exact: jason
    route:
    - destination:
        host: s{number}
        subset: v2
      weight: 80
    - destination:
        host: s{number}
        subset: v1
      weight: 20
    timeout: 5s
    retries:
      attempts: 3
      retryOn: 5xx
  - route:
    - destination:
        host: s{number}
        subset: v1
---
"
            )
        })
        .collect()
}

#[test]
fn sizes() {
    use meshwork_api::networking::*;
    use meshwork_api::*;
    macro_rules! size { ($($t:ty),* $(,)?) => { $( eprintln!("{:>6} {}", size_of::<$t>(), stringify!($t)); )* } }
    size!(
        AnyObject, ObjectMeta, read::Located<AnyObject>, VirtualService, HttpRoute, HttpMatchRequest,
        HttpRouteDestination, Destination, HttpFaultInjection, HttpRedirect, HttpDirectResponse,
        HttpRewrite, HttpRetry, Headers, HeaderOperations, CorsPolicy, Delegate, StringMatch, HttpMirrorPolicy,
        TlsRoute, TlsMatchAttributes, TcpRoute, L4MatchAttributes, RouteDestination,
        DestinationRule, Subset, TrafficPolicy, LoadBalancerSettings, ConnectionPoolSettings, OutlierDetection, ClientTlsSettings, PortTrafficPolicy,
        ConsistentHashLb, WarmupConfiguration, LocalityLoadBalancerSetting,
        Gateway, Server, ServerTlsSettings, ServiceEntry, ServicePort, WorkloadEntry, WorkloadGroup, Sidecar, IstioIngressListener, IstioEgressListener, ProxyConfig,
        security::PeerAuthentication, security::RequestAuthentication, security::JwtRule, security::AuthorizationPolicy, security::Rule, security::Source, security::Operation, security::Condition,
        telemetry::Telemetry, telemetry::Metrics, telemetry::Tracing, telemetry::AccessLogging,
        kubernetes::Service, kubernetes::ServicePort, kubernetes::EndpointSlice, kubernetes::Pod, kubernetes::Node, kubernetes::Secret, kubernetes::ConfigMap, kubernetes::Deployment,
        indexmap::IndexMap<String,String>,Duration, Option<Duration>, serde_json::Value,
    );
}

#[test]
fn peak() {
    let text = virtual_services(1500);
    let mut outcome = read::ReadOutcome::default();
    let counted = allocation_counter::measure(|| {
        outcome = read::documents("bench.yaml", &text);
    });
    eprintln!(
        "{} objects, peak {:.1} times, kept {:.1} times",
        outcome.objects.len(),
        counted.bytes_max as f64 / text.len() as f64,
        counted.bytes_current as f64 / text.len() as f64
    );
}
