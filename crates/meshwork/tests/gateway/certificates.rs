//! Which certificate is shown, and when it changes.

use std::time::Duration;

use meshwork::{
    api::mesh::{MeshConfig, TlsConfig},
    core::ResourceRef,
};

use rustls::SignatureScheme;

use crate::support::{
    Authority, Client, Leaf, ask, backend, builder, edge, events, gateway, provider, routed,
    secret, service, start, status,
};

/// An HTTPS server of one host, with a `tls` block as YAML flow.
fn https(host: &str, tls: &str) -> String {
    let name = host.replace('.', "-");
    format!(
        "  - port: {{number: 443, name: {name}, protocol: HTTPS}}
    hosts: [{host}]
    tls: {{{tls}}}
"
    )
}

async fn world(tls: &[(&str, &str)]) -> String {
    let to = backend("backend").await;
    let servers: String = tls.iter().map(|(host, tls)| https(host, tls)).collect();
    let mut yaml = gateway("g", &servers);
    for (host, _) in tls {
        yaml.push_str(&service(host, "HTTP", to));
        yaml.push_str(&routed("g", host));
    }
    yaml
}

#[tokio::test]
async fn the_server_name_selects_the_certificate_and_the_routes() {
    let authority = Authority::new();
    let (a, b) = (authority.leaf("a.example"), authority.leaf("b.example"));
    let mut yaml = world(&[
        ("a.example", "mode: SIMPLE, credentialName: a"),
        ("b.example", "mode: SIMPLE, credentialName: b"),
    ])
    .await;
    yaml.push_str(&a.secret("a"));
    yaml.push_str(&b.secret("b"));
    let (_mesh, gateway) = edge(&yaml).await;
    let to = gateway.address(443).unwrap();
    let client = Client::new(&authority);
    assert_eq!(client.shown(to, "a.example").await.unwrap(), a.der);
    assert_eq!(client.shown(to, "b.example").await.unwrap(), b.der);
    let answer = client.get(to, "a.example", "a.example").await.unwrap();
    assert!(answer.contains("backend xfcc=- ") && answer.contains("proto=https"), "{answer}");
    // T109: the server of the other host is not asked.
    let other = client.get(to, "a.example", "b.example").await.unwrap();
    assert_eq!(status(&other), "404");
    assert!(client.connect(to, "c.example").await.is_err(), "nobody has this name");
    assert!(client.connect(to, "127.0.0.1").await.is_err(), "no name at all");
    let both = Client { alpn: &["http/1.1", "h2"], ..client };
    let stream = both.connect(to, "a.example").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "the server prefers");
}

#[tokio::test]
async fn a_secret_is_replaced_while_connections_go_on() {
    let authority = Authority::new();
    let (old, new) = (authority.leaf("a.example"), authority.leaf("a.example"));
    let mut yaml = world(&[("a.example", "mode: SIMPLE, credentialName: a")]).await;
    yaml.push_str(&old.secret("a"));
    let (mesh, gateway) = edge(&yaml).await;
    let to = gateway.address(443).unwrap();
    let client = Client::new(&authority);
    let mut open = client.connect(to, "a.example").await.unwrap();
    assert_eq!(open.get_ref().1.peer_certificates().unwrap()[0], old.der);
    assert_eq!(status(&ask(&mut open, "a.example").await), "200");

    mesh.apply(events(&new.secret("a")));
    assert_eq!(client.shown(to, "a.example").await.unwrap(), new.der, "the next handshake");
    assert_eq!(status(&ask(&mut open, "a.example").await), "200", "the old connection goes on");

    // A key that is none leaves the last good certificate in force.
    let broken = [("tls.crt", new.chain_pem()), ("tls.key", "no key".to_owned())];
    mesh.apply(events(&secret("a", &broken)));
    assert_eq!(client.shown(to, "a.example").await.unwrap(), new.der);

    // A secret that is gone is not used any more, and whoever asks is told.
    let gone = ResourceRef::new("Secret", "edge", "a");
    let report = mesh.apply([meshwork::Event::delete(gone)]);
    assert!(report.to_string().contains("no Secret `a` of `edge`"), "{report}");
    assert!(client.connect(to, "a.example").await.is_err());
    assert_eq!(status(&ask(&mut open, "a.example").await), "200");
}

#[tokio::test]
async fn a_secret_that_is_missing_troubles_its_own_server_alone() {
    let authority = Authority::new();
    let b = authority.leaf("b.example");
    let mut yaml = world(&[
        ("a.example", "mode: SIMPLE, credentialName: a"),
        ("b.example", "mode: SIMPLE, credentialName: b"),
    ])
    .await;
    yaml.push_str(&b.secret("b"));
    // Somebody else's secret is not the gateway's.
    yaml.push_str(&authority.leaf("a.example").secret("a").replace("edge", "elsewhere"));
    let mesh = builder(&yaml).start().await.unwrap();
    let report = mesh.health().report.to_string();
    assert!(report.contains("spec.servers[0]") && report.contains("`a`"), "{report}");
    let gateway = start(&mesh).await;
    let to = gateway.address(443).unwrap();
    let client = Client::new(&authority);
    assert!(client.connect(to, "a.example").await.is_err());
    assert_eq!(client.shown(to, "b.example").await.unwrap(), b.der);
}

#[tokio::test]
async fn clients_show_certificates_where_the_mode_says_so() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let leaf = authority.leaf("*.site.example");
    let (ann, bob) = (authority.leaf("ann.example"), authority.leaf("bob.example"));
    let foreign = stranger.leaf("ann.example");
    let (hash, spki) = ann.pins();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let files = format!(
        "mode: MUTUAL, serverCertificate: {}, privateKey: {}, caCertificates: {}, caCrl: {}",
        file("cert.pem", leaf.chain_pem()),
        file("key.pem", leaf.key_pem()),
        file("ca.pem", authority.pem()),
        file("crl.pem", authority.revoking(&bob))
    );
    let mut yaml = world(&[
        ("mutual.site.example", "mode: MUTUAL, credentialName: own"),
        ("optional.site.example", "mode: OPTIONAL_MUTUAL, credentialName: own"),
        ("named.site.example", "mode: MUTUAL, credentialName: own, subjectAltNames: [ann.example]"),
        (
            "hash.site.example",
            &format!("mode: MUTUAL, credentialName: own, verifyCertificateHash: [{hash}]"),
        ),
        (
            "spki.site.example",
            &format!("mode: MUTUAL, credentialName: own, verifyCertificateSpki: ['{spki}']"),
        ),
        ("any.site.example", "mode: MUTUAL, credentialName: own, insecureSkipVerify: true"),
        ("other.site.example", "mode: MUTUAL, credentialName: own, caCertCredentialName: other"),
        ("files.site.example", &files),
    ])
    .await;
    yaml.push_str(&leaf.secret("own"));
    yaml.push_str(&secret("own-cacert", &[("ca.crt", authority.pem())]));
    yaml.push_str(&secret("other", &[("cacert", stranger.pem())]));
    let (_mesh, gateway) = edge(&yaml).await;
    let to = gateway.address(443).unwrap();
    let nobody = Client::new(&authority);
    let with = |leaf| Client::showing(&authority, leaf);
    let check = async |client: &Client<'_>, host: &str| -> Option<String> {
        let answer = client.get(to, host, host).await.ok()?;
        assert_eq!(status(&answer), "200");
        Some(answer)
    };
    assert_eq!(check(&nobody, "mutual.site.example").await, None);
    assert_eq!(check(&with(&foreign), "mutual.site.example").await, None);
    let answer = check(&with(&ann), "mutual.site.example").await.unwrap();
    // A gateway says the certificate too.
    for part in ["Hash=", "Cert=\"", "DNS=ann.example"] {
        assert!(answer.contains(part), "{answer}");
    }
    assert!(check(&nobody, "optional.site.example").await.unwrap().contains("xfcc=- "));
    assert_eq!(check(&with(&foreign), "optional.site.example").await, None);
    assert!(check(&with(&bob), "optional.site.example").await.unwrap().contains("DNS=bob.example"));
    assert!(check(&with(&ann), "named.site.example").await.is_some());
    assert_eq!(check(&with(&bob), "named.site.example").await, None);
    for host in ["hash.site.example", "spki.site.example", "files.site.example"] {
        assert!(check(&with(&ann), host).await.is_some(), "{host}");
        // Another certificate, another key; and one that is revoked.
        assert_eq!(check(&with(&bob), host).await, None, "{host}");
    }
    assert_eq!(check(&nobody, "any.site.example").await, None);
    let unknown = check(&with(&foreign), "any.site.example").await.unwrap();
    assert!(unknown.contains("xfcc=- "), "nobody vouches for it: {unknown}");
    assert!(check(&with(&foreign), "other.site.example").await.is_some());
    assert_eq!(check(&with(&ann), "other.site.example").await, None);
}

#[tokio::test]
async fn files_are_read_again_when_they_change() {
    let authority = Authority::new();
    let (old, new) = (authority.leaf("a.example"), authority.leaf("a.example"));
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let write = |leaf: &Leaf| {
        std::fs::write(path("key.pem"), leaf.key_pem()).unwrap();
        std::fs::write(path("cert.pem"), leaf.chain_pem()).unwrap();
    };
    write(&old);
    let tls = format!(
        "mode: SIMPLE, serverCertificate: {}, privateKey: {}",
        path("cert.pem"),
        path("key.pem")
    );
    let (_mesh, gateway) = edge(&world(&[("a.example", &tls)]).await).await;
    let to = gateway.address(443).unwrap();
    let client = Client::new(&authority);
    assert_eq!(client.shown(to, "a.example").await.unwrap(), old.der);
    write(&new);
    let changed = async {
        while client.shown(to, "a.example").await.unwrap() != new.der {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), changed).await.unwrap();
    std::fs::remove_file(path("cert.pem")).unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let shown = client.shown(to, "a.example").await.unwrap();
    assert_eq!(shown, new.der, "the last good one stays");
}

#[tokio::test]
async fn versions_suites_and_curves_are_those_of_the_server() {
    let authority = Authority::new();
    let mut yaml = world(&[
        (
            "old.site.example",
            "mode: SIMPLE, credentialName: own, maxProtocolVersion: TLSV1_2, \
             cipherSuites: [ECDHE-ECDSA-AES256-GCM-SHA384]",
        ),
        ("new.site.example", "mode: SIMPLE, credentialName: own, minProtocolVersion: TLSV1_3"),
        ("curve.site.example", "mode: SIMPLE, credentialName: own, ecdhCurves: [P-384]"),
    ])
    .await;
    yaml.push_str(&authority.leaf("*.site.example").secret("own"));
    let (_mesh, gateway) = edge(&yaml).await;
    let to = gateway.address(443).unwrap();
    let client = Client::new(&authority);
    let old = client.connect(to, "old.site.example").await.unwrap();
    let session = old.get_ref().1;
    assert_eq!(session.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
    let suite = rustls::CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;
    assert_eq!(session.negotiated_cipher_suite().unwrap().suite(), suite);
    let new = client.connect(to, "new.site.example").await.unwrap();
    assert_eq!(new.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let mut only_12 = (*provider()).clone();
    only_12.cipher_suites.retain(|suite| suite.tls13().is_none());
    let only_12 = Client { provider: Some(only_12.into()), ..Client::new(&authority) };
    assert!(only_12.connect(to, "new.site.example").await.is_err());
    assert!(only_12.connect(to, "old.site.example").await.is_ok());
    let curve = client.connect(to, "curve.site.example").await.unwrap();
    let group = curve.get_ref().1.negotiated_key_exchange_group().unwrap();
    assert_eq!(group.name(), rustls::NamedGroup::secp384r1);
}

#[tokio::test]
async fn of_two_certificates_the_client_gets_the_one_that_it_understands() {
    let authority = Authority::new();
    let common = authority.leaf("two.example");
    let rare = authority.leaf_with("two.example", &rcgen::PKCS_ED25519);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let pair = |leaf: &Leaf, name: &str| {
        let certificate = file(&format!("{name}.pem"), leaf.chain_pem());
        let key = file(&format!("{name}.key"), leaf.key_pem());
        format!("{{serverCertificate: {certificate}, privateKey: {key}}}")
    };
    let files = format!(
        "mode: SIMPLE, tlsCertificates: [{}, {}]",
        pair(&common, "common"),
        pair(&rare, "rare")
    );
    let names = "mode: SIMPLE, credentialNames: [common, rare]";
    let mut yaml = world(&[("two.example", names)]).await;
    yaml.push_str(&common.secret("common"));
    yaml.push_str(&rare.secret("rare"));
    let by_files = world(&[("two.example", &files)]).await;
    let mut picky = (*provider()).clone();
    let algorithms = picky.signature_verification_algorithms;
    let only = algorithms.mapping.iter().copied();
    let only: Vec<_> = only.filter(|(scheme, _)| *scheme == SignatureScheme::ED25519).collect();
    picky.signature_verification_algorithms.mapping = Box::leak(only.into());
    for yaml in [yaml, by_files] {
        let (_mesh, gateway) = edge(&yaml).await;
        let to = gateway.address(443).unwrap();
        let client = Client::new(&authority);
        assert_eq!(client.shown(to, "two.example").await.unwrap(), common.der);
        let client = Client { provider: Some(picky.clone().into()), ..client };
        assert_eq!(client.shown(to, "two.example").await.unwrap(), rare.der);
    }
}

#[tokio::test]
async fn the_mesh_says_what_servers_leave_open() {
    let authority = Authority::new();
    let mut yaml = world(&[
        ("open.site.example", "mode: SIMPLE, credentialName: own"),
        ("own.site.example", "mode: SIMPLE, credentialName: own, ecdhCurves: [P-256]"),
    ])
    .await;
    yaml.push_str(&authority.leaf("*.site.example").secret("own"));
    let defaults = TlsConfig { ecdh_curves: vec!["P-384".to_owned()], ..TlsConfig::default() };
    let config = MeshConfig { tls_defaults: Some(defaults), ..MeshConfig::default() };
    let mesh = builder(&yaml).mesh_config(config).start().await.unwrap();
    let gateway = start(&mesh).await;
    let client = Client::new(&authority);
    for (host, curve) in [
        ("open.site.example", rustls::NamedGroup::secp384r1),
        ("own.site.example", rustls::NamedGroup::secp256r1),
    ] {
        let stream = client.connect(gateway.address(443).unwrap(), host).await.unwrap();
        let group = stream.get_ref().1.negotiated_key_exchange_group().unwrap();
        assert_eq!(group.name(), curve, "{host}");
    }
}
