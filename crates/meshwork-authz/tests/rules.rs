//! Rules of AuthorizationPolicy by table: identities, addresses, headers, tokens, actions.

#![allow(clippy::expect_used, reason = "a test fails by it")]

use std::net::SocketAddr;

use http::HeaderMap;
use meshwork_api::{Object, security::AuthorizationPolicy};
use meshwork_authz::{AuthzInput, AuthzPolicies, PolicyScope, Reason};
use meshwork_core::{Attributes, Claim, Outcome, RequestHead, RequestIdentity};

fn policy(name: &str, spec: &str) -> Object<AuthorizationPolicy> {
    let text = format!(
        r#"{{"apiVersion":"security.istio.io/v1","kind":"AuthorizationPolicy",
            "metadata":{{"name":"{name}","namespace":"shop"}},"spec":{spec}}}"#
    );
    serde_json::from_str(&text).expect("a policy")
}

fn compiled(specs: &[&str]) -> AuthzPolicies {
    let policies: Vec<_> =
        specs.iter().enumerate().map(|(n, spec)| policy(&format!("p{n}"), spec)).collect();
    let mut scope = PolicyScope::new("shop");
    scope.trust_domains = vec!["td1".into(), "td2".into()];
    AuthzPolicies::compile(&policies, &scope)
}

/// A request of `peer` with these headers.
fn check(policies: &AuthzPolicies, peer: Option<&str>, headers: &[(&str, &str)]) -> bool {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().expect("a name");
        map.append(name, value.parse().expect("a value"));
    }
    let mut connection = Attributes::default();
    connection.peer = peer;
    let head = RequestHead::new("GET", "http", "web", "/a?b", &map);
    let input = AuthzInput::request(&connection, head);
    let verdict = policies.check(&input);
    let explained = policies.explain(&input);
    let won = explained.steps.iter().find(|step| step.outcome == Outcome::Won);
    let decided = match &verdict.reason {
        Reason::Allowed(rule) | Reason::Denied(rule) | Reason::CustomNotEvaluated(rule) => {
            Some(&**rule)
        }
        _ => None,
    };
    assert_eq!(won.map(|step| &step.rule), decided, "explaining agrees with deciding");
    verdict.is_allowed()
}

const WEB: Option<&str> = Some("spiffe://td1/ns/shop/sa/web");

#[test]
fn actions_in_their_order() {
    let allow_all = r#"{"rules":[{}]}"#;
    let deny_all = r#"{"action":"DENY","rules":[{}]}"#;
    let nothing = "{}";
    let custom = r#"{"action":"CUSTOM","provider":{"name":"x"},"rules":[{}]}"#;
    let cases: [(&[&str], bool); 7] = [
        (&[], true),
        (&[nothing], false),
        (&[allow_all], true),
        (&[allow_all, deny_all], false),
        (&[nothing, allow_all], true),
        (&[allow_all, custom], false),
        (&[r#"{"action":"AUDIT","rules":[{}]}"#], true),
    ];
    for (specs, want) in cases {
        assert_eq!(check(&compiled(specs), WEB, &[]), want, "{specs:?}");
    }
}

#[test]
fn identities() {
    let from =
        |source: &str| compiled(&[&format!(r#"{{"rules":[{{"from":[{{"source":{source}}}]}}]}}"#)]);
    let cases = [
        (r#"{"principals":["td1/ns/shop/sa/web"]}"#, WEB, true),
        (r#"{"principals":["td2/ns/shop/sa/web"]}"#, WEB, true),
        (r#"{"principals":["cluster.local/ns/shop/sa/web"]}"#, WEB, true),
        (r#"{"principals":["other/ns/shop/sa/web"]}"#, WEB, false),
        (r#"{"principals":["spiffe://td1/ns/shop/sa/web"]}"#, WEB, false),
        (r#"{"principals":["*"]}"#, WEB, true),
        (r#"{"principals":["*"]}"#, None, false),
        (r#"{"principals":["*/sa/web"]}"#, WEB, true),
        (r#"{"notPrincipals":["td1/ns/shop/sa/web"]}"#, None, true),
        (r#"{"notPrincipals":["td1/ns/shop/sa/web"]}"#, WEB, false),
        (r#"{"namespaces":["shop"]}"#, WEB, true),
        (r#"{"namespaces":["sh*"]}"#, WEB, true),
        (r#"{"namespaces":["*b"]}"#, WEB, false),
        (r#"{"namespaces":["shop"]}"#, Some("spiffe://td1/ns/x/sa/y/ns/shop/sa/z"), false),
        (r#"{"notNamespaces":["shop"]}"#, WEB, false),
        (r#"{"serviceAccounts":["web"]}"#, WEB, true),
        (r#"{"serviceAccounts":["other/web"]}"#, WEB, false),
        (r#"{"notServiceAccounts":["shop/web"]}"#, WEB, false),
        (r#"{"trustDomains":["td1"]}"#, WEB, true),
        (r#"{"trustDomains":["td3"]}"#, WEB, false),
        (r#"{"trustDomains":["td*"]}"#, WEB, true),
        (r#"{"notTrustDomains":["td2"]}"#, WEB, false),
    ];
    for (source, peer, want) in cases {
        assert_eq!(check(&from(source), peer, &[]), want, "{source} {peer:?}");
    }
}

#[test]
fn repeated_headers_are_read_strictly_by_both_actions() {
    let with = |action: &str| {
        compiled(&[&format!(
            r#"{{"action":"{action}","rules":[{{"when":[{{"key":"request.headers[x-a]","values":["good"]}}]}}]}}"#
        )])
    };
    assert!(check(&with("ALLOW"), None, &[("x-a", "good"), ("x-a", "good")]));
    assert!(!check(&with("ALLOW"), None, &[("x-a", "good"), ("x-a", "evil")]));
    assert!(!check(&with("ALLOW"), None, &[]));
    assert!(!check(&with("DENY"), None, &[("x-a", "good"), ("x-a", "evil")]));
}

#[test]
fn mapped_addresses_are_seen_through_by_a_deny_alone() {
    let with = |action: &str| {
        compiled(&[&format!(
            r#"{{"action":"{action}","rules":[{{"from":[{{"source":{{"ipBlocks":["10.0.0.0/8"]}}}}]}}]}}"#
        )])
    };
    let mut connection = Attributes::default();
    let mut allowed = |action: &str, source: &str| {
        connection.source = Some(SocketAddr::new(source.parse().expect("an address"), 1));
        with(action).check(&AuthzInput::connection(&connection)).is_allowed()
    };
    assert!(allowed("ALLOW", "10.1.1.1"));
    assert!(!allowed("ALLOW", "::ffff:10.1.1.1"));
    assert!(!allowed("DENY", "::ffff:10.1.1.1"));
    assert!(allowed("DENY", "11.0.0.1"));
}

#[test]
fn a_mapped_range_denies_mapped_addresses() {
    let with = |action: &str, field: &str| {
        compiled(&[&format!(
            r#"{{"action":"{action}","rules":[{{"from":[{{"source":{{"{field}":["::ffff:10.0.0.0/104","10.0.0.0/8"]}}}}]}}]}}"#
        )])
    };
    let mut connection = Attributes::default();
    for (source, within, within_mapping) in
        [("10.1.1.1", true, true), ("::ffff:10.1.1.1", true, true), ("11.1.1.1", false, false)]
    {
        connection.source = Some(SocketAddr::new(source.parse().expect("an address"), 1));
        let allowed = |policies: AuthzPolicies| {
            policies.check(&AuthzInput::connection(&connection)).is_allowed()
        };
        assert_eq!(allowed(with("ALLOW", "ipBlocks")), within, "{source}");
        assert_eq!(allowed(with("DENY", "ipBlocks")), !within_mapping, "{source}");
        assert_eq!(allowed(with("ALLOW", "notIpBlocks")), !within_mapping, "{source}");
        assert_eq!(allowed(with("DENY", "notIpBlocks")), within, "{source}");
    }
    let not_mapped = compiled(&[
        r#"{"action":"DENY","rules":[{"from":[{"source":{"notIpBlocks":["10.0.0.0/8"]}}]}]}"#,
    ]);
    connection.source = Some(SocketAddr::new("::ffff:10.1.1.1".parse().expect("one"), 1));
    assert!(
        !not_mapped.check(&AuthzInput::connection(&connection)).is_allowed(),
        "as it is written"
    );
}

#[test]
fn a_proxy_header_tells_of_the_client_and_not_of_the_peer() {
    let with = |field: &str, range: &str| {
        compiled(&[&format!(
            r#"{{"rules":[{{"from":[{{"source":{{"{field}":["{range}"]}}}}]}}]}}"#
        )])
    };
    let mut connection = Attributes::default();
    connection.source = Some("192.0.2.7:5000".parse().expect("an address"));
    connection.direct_source = Some("10.0.0.1:4000".parse().expect("an address"));
    let headers = HeaderMap::new();
    let request =
        AuthzInput::request(&connection, RequestHead::new("GET", "http", "web", "/", &headers));
    for (field, range, want) in [
        ("ipBlocks", "10.0.0.1", true),
        ("ipBlocks", "192.0.2.7", false),
        ("remoteIpBlocks", "192.0.2.7", true),
        ("remoteIpBlocks", "10.0.0.1", false),
    ] {
        let policies = with(field, range);
        let bytes = policies.check(&AuthzInput::connection(&connection));
        assert_eq!(bytes.is_allowed(), want, "{field} {range}");
        assert_eq!(policies.check(&request).is_allowed(), want, "{field} {range}");
    }
    let forwarded = request.with_remote(Some("198.51.100.1".parse().expect("an address")));
    assert!(with("remoteIpBlocks", "198.51.100.1").check(&forwarded).is_allowed());
    assert!(with("ipBlocks", "10.0.0.1").check(&forwarded).is_allowed());
}

#[test]
fn identities_of_other_shapes_are_kept_out_and_not_let_in() {
    let from = |action: &str, source: &str| {
        compiled(&[&format!(
            r#"{{"action":"{action}","rules":[{{"from":[{{"source":{source}}}]}}]}}"#
        )])
    };
    let odd = Some("spiffe://td1/ns/evil/sa/x/ns/shop/sa/web");
    for part in [r#"["shop"]"#, r#"["sh*"]"#] {
        let (is, is_not) =
            (format!(r#"{{"namespaces":{part}}}"#), format!(r#"{{"notNamespaces":{part}}}"#));
        assert!(!check(&from("ALLOW", &is), odd, &[]), "{part}");
        assert!(!check(&from("DENY", &is), odd, &[]), "{part}");
        assert!(!check(&from("ALLOW", &is_not), odd, &[]), "{part}");
        assert!(!check(&from("DENY", &is_not), odd, &[]), "{part}");
    }
    for account in ["web", "shop/web"] {
        let (is, is_not) = (
            format!(r#"{{"serviceAccounts":["{account}"]}}"#),
            format!(r#"{{"notServiceAccounts":["{account}"]}}"#),
        );
        assert!(!check(&from("ALLOW", &is), odd, &[]), "{account}");
        assert!(!check(&from("DENY", &is), odd, &[]), "{account}");
        assert!(!check(&from("ALLOW", &is_not), odd, &[]), "{account}");
        assert!(check(&from("ALLOW", &is_not), Some("spiffe://td1/other"), &[]), "{account}");
    }
}

#[test]
fn trust_domains_of_a_condition_may_have_a_star_anywhere() {
    let with = |value: &str| {
        compiled(&[&format!(
            r#"{{"rules":[{{"when":[{{"key":"source.trustDomain","values":["{value}"]}}]}}]}}"#
        )])
    };
    for (value, peer, want) in [
        ("td1", WEB, true),
        // One that the mesh has stands for all.
        ("td2", WEB, true),
        ("td*", WEB, true),
        ("*1", WEB, true),
        ("*", WEB, true),
        ("t*1", WEB, true),
        ("td3", WEB, false),
        ("td", WEB, false),
        ("td1", Some("spiffe://td1"), false),
        ("*", Some("https://td1/ns/shop/sa/web"), false),
        ("*", None, false),
    ] {
        assert_eq!(check(&with(value), peer, &[]), want, "{value} {peer:?}");
    }
}

#[test]
fn names_of_headers_have_no_case() {
    let with = |name: &str, value: &str| {
        compiled(&[&format!(
            r#"{{"rules":[{{"when":[{{"key":"request.headers[{name}]","values":["{value}"]}}]}}]}}"#
        )])
    };
    for (name, value, want) in [
        ("X-A", "good", true),
        ("HOST", "web", true),
        ("Host", "WEB", false),
        (":Authority", "web", true),
        (":METHOD", "GET", true),
        (":Path", "/a?b", true),
        (":path", "/a", false),
    ] {
        assert_eq!(check(&with(name, value), None, &[("x-a", "good")]), want, "{name} {value}");
    }
}

#[test]
fn later_policies_read_what_earlier_ones_noted() {
    let on_trial = |name: &str, spec: &str| {
        let mut policy = policy(name, spec);
        policy.metadata.annotations.insert("istio.io/dry-run".into(), "true".into());
        policy
    };
    let reads = |action: &str, filter: &str, key: &str, value: &str| {
        policy(
            "reads",
            &format!(
                r#"{{"action":"{action}","rules":[{{"when":[{{"key":"experimental.envoy.filters.{filter}.rbac[{key}]","values":["{value}"]}}]}}]}}"#
            ),
        )
    };
    let when_bad = r#"[{"when":[{"key":"request.headers[x-a]","values":["bad"]}]}]"#;
    let deny = |rules: &str| format!(r#"{{"action":"DENY","rules":{rules}}}"#);
    let audit = format!(r#"{{"action":"AUDIT","rules":{when_bad}}}"#);
    let result = "istio_dry_run_deny_shadow_engine_result";
    let id = "istio_dry_run_deny_shadow_effective_policy_id";
    let allowed = |policies: &[Object<AuthorizationPolicy>], value: &str| {
        let compiled = AuthzPolicies::compile(policies, &PolicyScope::new("shop"));
        check(&compiled, None, &[("x-a", value)])
    };
    let trial = || on_trial("trial", &deny(when_bad));
    let allow = |key: &str, value: &str| [trial(), reads("ALLOW", "http", key, value)];
    assert!(allowed(&allow(result, "denied"), "bad"));
    assert!(!allowed(&allow(result, "denied"), "good"));
    assert!(allowed(&allow(result, "allowed"), "good"));
    assert!(!allowed(&allow(result, "[denied]"), "bad"), "it is no list");
    assert!(allowed(&allow(id, "ns[shop]-policy[trial]-rule[0]"), "bad"));
    assert!(allowed(&allow(id, "*"), "bad"));
    assert!(!allowed(&allow(id, "*"), "good"));
    let first = on_trial("a-trial", &deny(when_bad));
    let two = [trial(), first, reads("ALLOW", "http", id, "ns[shop]-policy[a-trial]-rule[0]")];
    assert!(allowed(&two, "bad"), "the first by name");
    // A rule of the same action does not see it, nor one of connections.
    assert!(allowed(&[trial(), reads("DENY", "http", result, "denied")], "bad"));
    assert!(!allowed(&[trial(), reads("ALLOW", "network", result, "denied")], "bad"));
    // What is enforced notes its result as well.
    let enforced = |key: &str, value: &str| {
        [policy("deny", &deny(when_bad)), reads("ALLOW", "http", key, value)]
    };
    assert!(allowed(&enforced("enforced_engine_result", "allowed"), "good"));
    assert!(!allowed(&enforced("enforced_engine_result", "allowed"), "bad"));
    assert!(!allowed(&[reads("ALLOW", "http", "enforced_engine_result", "allowed")], "good"));
    let audited = |value: &str| {
        let key = "enforced_effective_policy_id";
        [policy("audit", &audit), reads("DENY", "http", key, value)]
    };
    assert!(!allowed(&audited("ns[shop]-policy[audit]-rule[0]"), "bad"));
    assert!(allowed(&audited("ns[shop]-policy[audit]-rule[0]"), "good"));
}

#[test]
fn connections_have_notes_of_their_own() {
    let with = |action: &str, key: &str, value: &str| {
        let mut trial = policy("trial", &format!(r#"{{"action":"{action}","rules":[{{}}]}}"#));
        trial.metadata.annotations.insert("istio.io/dry-run".into(), "true".into());
        let spec = format!(
            r#"{{"action":"{action}","rules":[{{"when":[{{"key":"experimental.envoy.filters.network.rbac[{key}]","values":["{value}"]}}]}}]}}"#
        );
        let policies = [trial, policy("reads", &spec)];
        let compiled = AuthzPolicies::compile(&policies, &PolicyScope::new("shop"));
        compiled.check(&AuthzInput::connection(&Attributes::default())).is_allowed()
    };
    // Here a rule sees what is on trial beside it.
    assert!(!with("DENY", "istio_dry_run_deny_shadow_engine_result", "denied"));
    assert!(with("DENY", "istio_dry_run_deny_shadow_engine_result", "allowed"));
    assert!(with("ALLOW", "istio_dry_run_allow_shadow_engine_result", "allowed"));
    assert!(with("ALLOW", "istio_dry_run_allow_shadow_effective_policy_id", "*trial]-rule[0]"));
    assert!(!with("ALLOW", "enforced_engine_result", "allowed"));
}

#[test]
fn conditions_on_requests_where_there_are_none() {
    let connection = Attributes::default();
    let input = AuthzInput::connection(&connection);
    let methods = |action: &str| {
        compiled(&[&format!(
            r#"{{"action":"{action}","rules":[{{"to":[{{"operation":{{"methods":["GET"]}}}}]}}]}}"#
        )])
    };
    assert!(!methods("ALLOW").check(&input).is_allowed(), "the rule is left out");
    assert!(!methods("DENY").check(&input).is_allowed(), "the condition is left out");
    // One such entry takes the whole rule of an ALLOW with it, and another rule stays.
    let mixed = r#"{"rules":[{"from":[{"source":{"ipBlocks":["::/0","0.0.0.0/0"]}},{"source":{"requestPrincipals":["*"]}}]}]}"#;
    assert!(!compiled(&[mixed]).check(&input).is_allowed());
    let two = r#"{"rules":[{"to":[{"operation":{"hosts":["a"]}}]},{"to":[{"operation":{"notPorts":["1"]}}]}]}"#;
    assert!(compiled(&[two]).check(&input).is_allowed());
    // What is left of a DENY keeps to its other conditions.
    let mut connection = Attributes::default();
    connection.destination = Some("10.0.0.1:3306".parse().expect("an address"));
    let input = AuthzInput::connection(&connection);
    for (operation, allowed) in [
        (r#"{"methods":["GET"],"ports":["80"]}"#, true),
        (r#"{"methods":["GET"],"ports":["3306"]}"#, false),
        (r#"{"notPaths":["/healthz"]}"#, false),
        (r#"{"hosts":["a"],"notPorts":["3306"]}"#, true),
    ] {
        let spec =
            format!(r#"{{"action":"DENY","rules":[{{"to":[{{"operation":{operation}}}]}}]}}"#);
        assert_eq!(compiled(&[&spec]).check(&input).is_allowed(), allowed, "{operation}");
    }
}

#[test]
fn malformed_values_take_a_rule_or_themselves() {
    let with = |action: &str, ports: &str| {
        compiled(&[&format!(
            r#"{{"action":"{action}","rules":[{{"to":[{{"operation":{{"ports":{ports}}}}}]}}]}}"#
        )])
    };
    let mut connection = Attributes::default();
    connection.destination = Some("10.0.0.1:80".parse().expect("an address"));
    let input = AuthzInput::connection(&connection);
    for ports in [r#"["80","+80"]"#, r#"["80","http"]"#, r#"["80","65616"]"#] {
        assert!(!with("ALLOW", ports).check(&input).is_allowed(), "{ports}");
        assert!(!with("DENY", ports).check(&input).is_allowed(), "{ports}");
    }
    assert!(with("ALLOW", r#"["080"]"#).check(&input).is_allowed());
    assert!(with("DENY", r#"["81","http"]"#).check(&input).is_allowed(), "81 is left");
    assert!(!with("DENY", r#"["http"]"#).check(&input).is_allowed(), "nothing is left");
}

#[test]
fn policies_reach_their_namespace_and_the_root_reaches_all() {
    let mut scope = PolicyScope::new("shop");
    scope.labels = [("app", "web")].into_iter().collect();
    let from = |namespace: &str, spec: &str| {
        let mut policy = policy("p", spec);
        policy.metadata.namespace = namespace.into();
        scope.is_selected_by(&policy)
    };
    let web = r#"{"selector":{"matchLabels":{"app":"web"}}}"#;
    let other = r#"{"selector":{"matchLabels":{"app":"web","version":"v1"}}}"#;
    for (namespace, spec, want) in [
        ("shop", "{}", true),
        ("shop", r#"{"selector":{}}"#, true),
        ("shop", web, true),
        ("shop", other, false),
        ("pay", "{}", false),
        ("pay", web, false),
        // Unlike those of PeerAuthentication, selectors count there.
        ("istio-system", "{}", true),
        ("istio-system", web, true),
        ("istio-system", other, false),
    ] {
        assert_eq!(from(namespace, spec), want, "{namespace} {spec}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_told_and_fails_closed() {
    let unknown = |action: &str| {
        compiled(&[&format!(
            r#"{{"action":"{action}","rules":[{{"when":[{{"key":"experimental.envoy.filters.x[y]","values":["z"]}}]}}]}}"#
        )])
    };
    for action in ["ALLOW", "DENY"] {
        let policies = unknown(action);
        assert!(!check(&policies, WEB, &[]), "{action}");
        let found = policies.diagnostics().first().expect("a diagnostic");
        assert!(found.field.to_string().contains("spec.rules[0].when[0].values"), "{found:?}");
    }
}

#[test]
fn tokens() {
    let identity: RequestIdentity = [
        ("iss", Claim::text("https://issuer")),
        ("sub", Claim::text("jason")),
        ("groups", Claim::list(["dev", "admin"])),
    ]
    .into_iter()
    .collect();
    let (connection, headers) = (Attributes::default(), HeaderMap::new());
    let head = RequestHead::new("GET", "http", "web", "/", &headers);
    let allowed = |source: &str, identity| {
        let rule = format!(r#"{{"rules":[{{"from":[{{"source":{source}}}]}}]}}"#);
        let input = AuthzInput::request(&connection, head).with_identity(identity);
        compiled(&[&rule]).check(&input).is_allowed()
    };
    for (value, want) in [
        ("*", true),
        ("https://issuer/jason", true),
        ("https://issuer/*", true),
        ("https://issuer/ja*", true),
        ("*/jason", true),
        ("*son", true),
        ("https://issuer", false),
        ("*/*", false),
        ("*issuer/*", false),
        ("https://*/jason", false),
        ("https://issuer/*son", false),
    ] {
        let source = format!(r#"{{"requestPrincipals":["{value}"]}}"#);
        assert_eq!(allowed(&source, Some(&identity)), want, "{value}");
        assert!(!allowed(&source, None), "{value} without a token");
        let source = format!(r#"{{"notRequestPrincipals":["{value}"]}}"#);
        assert!(allowed(&source, None), "not {value} without a token");
    }
}

#[test]
fn dry_run_refuses_nothing_and_is_told() {
    let mut denying = policy("trial", r#"{"action":"DENY","rules":[{}]}"#);
    denying.metadata.annotations.insert("istio.io/dry-run".into(), "true".into());
    let policies = AuthzPolicies::compile([&denying], &PolicyScope::new("shop"));
    let connection = Attributes::default();
    let verdict = policies.check(&AuthzInput::connection(&connection));
    assert!(verdict.is_allowed());
    assert!(verdict.dry_run.expect("it is on trial").would_deny());
}

#[test]
fn server_names_are_compared_in_lower_case() {
    let with = |value: &str| {
        compiled(&[&format!(
            r#"{{"action":"DENY","rules":[{{"when":[{{"key":"connection.sni","values":["{value}"]}}]}}]}}"#
        )])
    };
    let mut connection = Attributes::default();
    for (value, sni, denied) in [
        ("shop.example", "shop.example", true),
        ("shop.example", "SHOP.example", true),
        ("SHOP.example", "SHOP.example", false),
    ] {
        connection.sni = Some(sni);
        let verdict = with(value).check(&AuthzInput::connection(&connection));
        assert_eq!(verdict.is_allowed(), !denied, "{value} {sni}");
    }
}

#[test]
fn a_certificate_without_an_identity_is_somebody() {
    let any = compiled(&[r#"{"rules":[{"from":[{"source":{"principals":["*"]}}]}]}"#]);
    let nobody = compiled(&[r#"{"rules":[{"from":[{"source":{"notPrincipals":["*"]}}]}]}"#]);
    let named =
        compiled(&[r#"{"rules":[{"from":[{"source":{"principals":["client.example"]}}]}]}"#]);
    let mut connection = Attributes::default();
    let passes = |policies: &AuthzPolicies, connection: &Attributes<'_>| {
        policies.check(&AuthzInput::connection(connection)).is_allowed()
    };
    assert!(!passes(&any, &connection) && passes(&nobody, &connection));
    connection.peer_name = Some("client.example");
    assert!(passes(&any, &connection) && !passes(&nobody, &connection));
    assert!(!passes(&named, &connection), "an exact principal is a SPIFFE identity");
}

#[test]
fn references_reach_gateways_of_their_own_namespace() {
    let gateway = |name: &str| {
        let mut scope = PolicyScope::new("shop");
        scope.labels = [("gateway.networking.k8s.io/gateway-name", name)].into_iter().collect();
        scope
    };
    let to = |group: &str, kind: &str, name: &str| {
        format!(r#"{{"group":"{group}","kind":"{kind}","name":"{name}"}}"#)
    };
    let api = "gateway.networking.k8s.io";
    let own = to(api, "Gateway", "inner");
    let spec = |refs: &[String]| format!(r#"{{"targetRefs":[{}]}}"#, refs.join(","));
    let inner = gateway("inner");
    let one = policy("p", &spec(std::slice::from_ref(&own)));
    assert!(inner.is_selected_by(&one));
    assert!(!gateway("outer").is_selected_by(&one));
    assert!(!PolicyScope::new("shop").is_selected_by(&one), "no gateway at all");
    let legacy = policy("p", &format!(r#"{{"targetRef":{own}}}"#));
    assert!(inner.is_selected_by(&legacy));
    let several = policy("p", &spec(&[to(api, "Gateway", "outer"), own.clone()]));
    assert!(inner.is_selected_by(&several));
    for other in [to("", "Service", "inner"), to(api, "GatewayClass", "inner")] {
        assert!(!inner.is_selected_by(&policy("p", &spec(&[other]))));
    }
    let mut far = one.clone();
    far.metadata.namespace = "istio-system".into();
    assert!(!inner.is_selected_by(&far), "not even from the root namespace");
}
