//! The precedence table of PeerAuthentication.

use meshwork_api::{
    Object,
    security::{MutualTls, MutualTlsMode, PeerAuthentication},
};
use meshwork_core::Labels;

use super::*;

const ROOT: &str = "istio-system";

fn policy(
    namespace: &str,
    name: &str,
    app: Option<&str>,
    mode: MutualTlsMode,
    ports: &[(u32, MutualTlsMode)],
) -> Object<PeerAuthentication> {
    let mtls = |mode| MutualTls { mode };
    let selector = app.map(|app| meshwork_api::selector::WorkloadSelector {
        match_labels: [("app".to_owned(), app.to_owned())].into_iter().collect(),
    });
    Object::new(
        namespace,
        name,
        PeerAuthentication {
            selector,
            mtls: Some(mtls(mode)),
            port_level_mtls: Some(ports.iter().map(|(port, mode)| (*port, mtls(*mode))).collect()),
        },
    )
}

fn modes(policies: &[Object<PeerAuthentication>]) -> (MtlsMode, MtlsMode) {
    let labels: Labels = [("app", "web")].into_iter().collect();
    let web = PeerAuthn::compile(policies, ROOT).workload("shop", &labels);
    (web.mode(8080), web.mode(9090))
}

#[test]
fn the_narrower_scope_wins_where_it_sets_a_mode() {
    use MtlsMode as M;
    use MutualTlsMode::{Disable, Permissive, Strict, Unset};
    let mesh = |mode| policy(ROOT, "mesh", None, mode, &[]);
    let ns = |mode| policy("shop", "ns", None, mode, &[]);
    let web = |mode, ports: &[_]| policy("shop", "web", Some("web"), mode, ports);
    let check = |policies: &[Object<PeerAuthentication>], want| {
        assert_eq!(modes(policies), want, "{policies:?}");
    };
    check(&[], (M::Permissive, M::Permissive));
    check(&[mesh(Strict)], (M::Strict, M::Strict));
    check(&[mesh(Strict), ns(Permissive)], (M::Permissive, M::Permissive));
    check(&[mesh(Strict), ns(Unset), web(Unset, &[(8080, Disable)])], (M::Disable, M::Strict));
    check(&[ns(Disable), web(Unset, &[(8080, Unset)])], (M::Disable, M::Disable));
    check(&[mesh(Unset)], (M::Permissive, M::Permissive));
    check(
        &[mesh(Strict), policy("shop", "other", Some("api"), Disable, &[])],
        (M::Strict, M::Strict),
    );
    check(&[policy(ROOT, "rooted", Some("web"), Strict, &[])], (M::Permissive, M::Permissive));
    check(&[mesh(Disable), ns(Strict), web(Unset, &[(8080, Unset)])], (M::Strict, M::Strict));
    check(&[ns(Strict), web(Disable, &[(9090, Unset)])], (M::Disable, M::Disable));
    check(&[web(Unset, &[(8080, Strict)])], (M::Strict, M::Permissive));
    // Policies of other namespaces have no say, nor has a port that is none.
    check(&[policy("pay", "ns", None, Strict, &[])], (M::Permissive, M::Permissive));
    check(&[web(Unset, &[(8080 + 65_536, Strict)])], (M::Permissive, M::Permissive));
    check(
        &[policy("shop", "ports", None, Permissive, &[(8080, Strict)])],
        (M::Permissive, M::Permissive),
    );
}

#[test]
fn the_oldest_of_a_scope_decides_alone() {
    let mut young = policy("shop", "a-young", Some("web"), MutualTlsMode::Strict, &[]);
    young.metadata.creation_timestamp = Some("2026-01-02T00:00:00Z".parse().unwrap());
    let mut old = policy("shop", "z-old", Some("web"), MutualTlsMode::Disable, &[]);
    old.metadata.creation_timestamp = Some("2026-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(modes(&[young, old]).0, MtlsMode::Disable);
}

#[test]
fn of_the_same_age_the_first_name_decides_alone() {
    let at = |mut policy: Object<PeerAuthentication>| {
        policy.metadata.creation_timestamp = Some("2026-01-01T00:00:00Z".parse().unwrap());
        policy
    };
    let ns = |name, mode| at(policy("shop", name, None, mode, &[]));
    let pair = [ns("b", MutualTlsMode::Strict), ns("a", MutualTlsMode::Disable)];
    assert_eq!(modes(&pair).0, MtlsMode::Disable);
    assert_eq!(PeerAuthn::compile(&pair, ROOT).service("shop"), MtlsMode::Disable);
}

#[test]
fn what_the_oldest_leaves_open_no_younger_one_fills() {
    let aged = |mut policy: Object<PeerAuthentication>, day: &str| {
        policy.metadata.creation_timestamp = Some(format!("{day}T00:00:00Z").parse().unwrap());
        policy
    };
    let web = |name, mode, ports: &[_]| policy("shop", name, Some("web"), mode, ports);
    let old = aged(web("z", MutualTlsMode::Unset, &[(8080, MutualTlsMode::Disable)]), "2026-01-01");
    let young =
        aged(web("a", MutualTlsMode::Strict, &[(9090, MutualTlsMode::Strict)]), "2026-01-02");
    assert_eq!(modes(&[young, old]), (MtlsMode::Disable, MtlsMode::Permissive));
    let ns = |name, mode, day| aged(policy("shop", name, None, mode, &[]), day);
    let old = ns("z", MutualTlsMode::Unset, "2026-01-01");
    let young = ns("a", MutualTlsMode::Strict, "2026-01-02");
    let mesh = policy(ROOT, "mesh", None, MutualTlsMode::Disable, &[]);
    let policies = [young, old, mesh];
    assert_eq!(modes(&policies).0, MtlsMode::Disable);
    assert_eq!(PeerAuthn::compile(&policies, ROOT).service("shop"), MtlsMode::Disable);
}

#[test]
fn clients_judge_a_service_by_namespace_and_mesh_alone() {
    let strict = policy("shop", "web", Some("web"), MutualTlsMode::Strict, &[]);
    let disable = policy("shop", "ns", None, MutualTlsMode::Disable, &[]);
    let authn = PeerAuthn::compile(&[strict, disable], ROOT);
    assert_eq!(authn.service("shop"), MtlsMode::Disable);
    assert_eq!(authn.service("else"), MtlsMode::Permissive);
}

#[test]
fn fields_without_effect_are_reported() {
    let rooted = policy(ROOT, "rooted", Some("web"), MutualTlsMode::Strict, &[]);
    let second = policy("shop", "second", None, MutualTlsMode::Strict, &[]);
    let first = policy("shop", "first", None, MutualTlsMode::Strict, &[]);
    let authn = PeerAuthn::compile(&[rooted, second, first], ROOT);
    let ignored: Vec<_> = authn.ignored().iter().map(|(field, _)| field.to_string()).collect();
    assert_eq!(
        ignored,
        ["PeerAuthentication istio-system/rooted spec.selector", "PeerAuthentication shop/second"],
    );
}
