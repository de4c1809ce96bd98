//! TLS with certificates of the user's: a gateway that ends it, and clusters that originate it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails where it does not hold"
)]

mod common;

use std::{net::SocketAddr, path::Path, sync::Arc};

use common::{connect, dial, echo, listener, snapshot, snapshot_in};
use meshwork_api::mesh::{MeshConfig, TlsConfig};
use meshwork_routing::{
    CertificateSource, ClientCertificate, ConnectionAction, ConnectionDecision, Inspection,
    ServerTls, TlsVersion,
};
use meshwork_tower::{ConnectionInfo, DialProtocol};
use meshwork_transport::{
    AcceptError, Accepted, MeshAcceptor, MeshConnector, Secret, StaticSecrets,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// An authority, a server's certificate and a client's, in files.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new(server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        write(folder.path(), "ca.pem", "CERTIFICATE", params.self_signed(&key).unwrap().der());
        let issuer = Issuer::new(params, key);
        for (role, name) in [("server", server), ("client", "client.example")] {
            let mut params = CertificateParams::default();
            params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
            if role == "server" {
                // The ServiceEntry's account has to be shown, too, where the rule names nobody.
                let account = common::api();
                params.subject_alt_names.push(SanType::URI(account.as_str().try_into().unwrap()));
            }
            let key = KeyPair::generate().unwrap();
            params.serial_number = Some(serial(role));
            let leaf = params.signed_by(&key, &issuer).unwrap();
            write(folder.path(), &format!("{role}.pem"), "CERTIFICATE", leaf.der());
            write(folder.path(), &format!("{role}.key"), "PRIVATE KEY", &key.serialize_der());
            // What would revoke it.
            let now = time::OffsetDateTime::now_utc();
            let revoked = RevokedCertParams {
                serial_number: serial(role),
                revocation_time: now,
                reason_code: None,
                invalidity_date: None,
            };
            let list = CertificateRevocationListParams {
                this_update: now - time::Duration::minutes(1),
                next_update: now + time::Duration::days(1),
                crl_number: SerialNumber::from(1u64),
                issuing_distribution_point: None,
                revoked_certs: vec![revoked],
                key_identifier_method: KeyIdMethod::Sha256,
            };
            let list = list.signed_by(&issuer).unwrap();
            write(folder.path(), &format!("{role}.crl"), "X509 CRL", list.der());
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// What a Gateway with these files decides.
    fn tls(&self, client: ClientCertificate) -> ServerTls {
        let mut tls = ServerTls::mesh(true);
        tls.client = client;
        tls.certificate = CertificateSource::Files {
            pairs: [(self.path("server.pem").into(), self.path("server.key").into())].into(),
            roots: Some(self.path("ca.pem").into()),
            revoked: None,
        };
        tls
    }
}

fn serial(role: &str) -> SerialNumber {
    SerialNumber::from(if role == "server" { 2u64 } else { 3 })
}

fn write(folder: &Path, name: &str, label: &str, der: &[u8]) {
    std::fs::write(folder.join(name), common::pem(label, der)).unwrap();
}

fn serve(
    listener: TcpListener,
    acceptor: MeshAcceptor,
    tls: ServerTls,
) -> tokio::task::JoinHandle<Result<Accepted, AcceptError>> {
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut inspection = Inspection::default();
        inspection.tls = true;
        let decide = |connection: &ConnectionInfo| -> ConnectionDecision {
            let mut decision = common::decide(meshwork_routing::MtlsMode::Strict)(connection);
            decision.action = ConnectionAction::Passthrough;
            decision.tls = Some(Arc::new(tls));
            decision
        };
        let mut accepted =
            acceptor.accept(stream, ConnectionInfo::default(), inspection, decide).await?;
        let mut word = [0; 4];
        accepted.io.read_exact(&mut word).await.map_err(broken)?;
        accepted.io.write_all(&word).await.map_err(broken)?;
        accepted.io.flush().await.map_err(broken)?;
        Ok(accepted)
    })
}

fn broken(error: impl std::fmt::Display) -> AcceptError {
    AcceptError::Handshake(error.to_string())
}

fn rule(tls: &str) -> String {
    format!(
        "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{ name: api, namespace: shop }}
spec:
  host: api.shop.svc.cluster.local
  trafficPolicy: {{ tls: {tls} }}
"
    )
}

struct Case<'a> {
    files: &'a Files,
    tls: String,
    host: Option<&'a str>,
    protocol: DialProtocol,
}

impl<'a> Case<'a> {
    fn new(files: &'a Files, tls: impl Into<String>) -> Self {
        Self { files, tls: tls.into(), host: None, protocol: DialProtocol::Http1 }
    }

    async fn run(&self, client: ClientCertificate) -> Result<Accepted, String> {
        let (listener, address) = listener().await;
        let tls = self.files.tls(client);
        let served = serve(listener, MeshAcceptor::without_identity().gateway(), tls);
        self.connect(address).await?;
        served.await.unwrap().map_err(|error| error.to_string())
    }

    async fn connect(&self, address: SocketAddr) -> Result<(), String> {
        let snapshot = snapshot(address, &rule(&self.tls));
        let mut dial = dial(&snapshot, self.protocol);
        dial.host = self.host.map(Arc::from);
        let mut io = connect(&MeshConnector::without_identity(), dial).await?;
        echo(&mut *io).await.map_err(|error| error.to_string())
    }
}

#[tokio::test]
async fn simple_tls_verifies_the_server_by_names() {
    use ClientCertificate::NotAsked;
    let files = Files::new("api.example");
    let ca = files.path("ca.pem");
    let simple = |rest: &str| format!("{{ mode: SIMPLE, caCertificates: '{ca}'{rest} }}");
    let named = simple(", sni: api.example, subjectAltNames: [api.example]");
    let accepted = Case::new(&files, named).run(NotAsked).await.unwrap();
    assert_eq!(accepted.connection.sni.as_deref(), Some("api.example"));
    assert!(accepted.connection.tls && accepted.connection.peer.is_none());
    let other = simple(", sni: api.example, subjectAltNames: [other.example]");
    let refused = Case::new(&files, other).run(NotAsked).await.unwrap_err();
    assert!(refused.contains("NotValidForName"), "{refused}");

    // Without names the request's host counts, and has connections of its own.
    let mut by_host = Case::new(&files, simple(""));
    assert!(by_host.run(NotAsked).await.unwrap_err().contains("not known"));
    by_host.host = Some("api.example");
    let accepted = by_host.run(NotAsked).await.unwrap();
    assert_eq!(accepted.connection.sni.as_deref(), Some("api.example"));
    by_host.host = Some("other.example");
    assert!(by_host.run(NotAsked).await.is_err());
    let long = "a".repeat(300);
    by_host.host = Some(&long);
    assert!(by_host.run(NotAsked).await.unwrap_err().contains("cannot be a TLS server name"));

    // Bytes have no host: the user's authority is enough.
    let mut bytes = Case::new(&files, simple(""));
    bytes.protocol = DialProtocol::Tcp;
    assert!(bytes.run(NotAsked).await.is_ok());

    let stranger = Files::new("api.example");
    let ca = stranger.path("ca.pem");
    let untrusted = format!(
        "{{ mode: SIMPLE, sni: api.example, subjectAltNames: [api.example], caCertificates: '{ca}' }}"
    );
    assert!(Case::new(&files, untrusted).run(NotAsked).await.is_err());
    let insecure = "{ mode: SIMPLE, sni: api.example, insecureSkipVerify: true }";
    assert!(Case::new(&files, insecure).run(NotAsked).await.is_ok());
    let missing = "{ mode: SIMPLE, sni: api.example, caCertificates: /nowhere/ca.pem }";
    let refused = Case::new(&files, missing).run(NotAsked).await.unwrap_err();
    assert!(refused.contains("`/nowhere/ca.pem`"), "{refused}");
}

#[tokio::test]
async fn mutual_tls_of_the_users_shows_a_certificate() {
    use ClientCertificate::{NotAsked, Optional, Required};
    let files = Files::new("api.example");
    let simple =
        format!("{{ mode: SIMPLE, sni: api.example, caCertificates: '{}' }}", files.path("ca.pem"));
    let mutual = format!(
        "{{ mode: MUTUAL, sni: api.example, caCertificates: '{}', clientCertificate: '{}', privateKey: '{}' }}",
        files.path("ca.pem"),
        files.path("client.pem"),
        files.path("client.key")
    );
    for (asked, with, without) in
        [(NotAsked, true, true), (Optional, true, true), (Required, true, false)]
    {
        let shown = Case::new(&files, mutual.clone()).run(asked).await;
        assert_eq!(shown.is_ok(), with, "{asked:?} {shown:?}");
        let none = Case::new(&files, simple.clone()).run(asked).await;
        assert_eq!(none.is_ok(), without, "{asked:?}");
        if asked == Required {
            let element = shown.unwrap().connection.forwarded_client_cert.unwrap();
            assert!(element.starts_with("Hash="), "{element}");
            assert!(element.contains(";Cert=\"-----BEGIN%20CERTIFICATE-----%0A"), "{element}");
            assert!(element.ends_with(";URI=;DNS=client.example"), "{element}");
        }
    }
}

#[tokio::test]
async fn secrets_take_the_place_of_files_and_versions_are_kept() {
    let files = Files::new("api.example");
    let secret = Secret::certificate(files.read("server.pem"), files.read("server.key"))
        .authorities(files.read("ca.pem"));
    let acceptor =
        MeshAcceptor::without_identity().secrets(StaticSecrets::new().with("api-cert", secret));
    let tls = |name: &str, min| {
        let mut tls = files.tls(ClientCertificate::NotAsked);
        tls.certificate =
            CertificateSource::Credentials { names: [Arc::from(name)].into(), roots: None };
        tls.min_version = min;
        tls
    };
    let simple =
        format!("{{ mode: SIMPLE, sni: api.example, caCertificates: '{}' }}", files.path("ca.pem"));
    let case = Case::new(&files, simple);
    for (name, min, good) in [
        ("api-cert", TlsVersion::Tls12, true),
        ("api-cert", TlsVersion::Tls13, true),
        ("missing", TlsVersion::Tls12, false),
    ] {
        let (listener, address) = listener().await;
        let served = serve(listener, acceptor.clone(), tls(name, min));
        let connected = case.connect(address).await;
        assert_eq!(connected.is_ok(), good, "{name} {connected:?}");
        assert_eq!(served.await.unwrap().is_ok(), good, "{name}");
    }
    let mut old = tls("api-cert", TlsVersion::Tls10);
    old.max_version = TlsVersion::Tls11;
    let (listener, address) = listener().await;
    let served = serve(listener, acceptor, old);
    assert!(case.connect(address).await.is_err());
    assert!(matches!(served.await.unwrap(), Err(AcceptError::Settings(_))));
}

#[tokio::test]
async fn revoked_servers_are_not_talked_to() {
    let files = Files::new("api.example");
    for (list, good) in [("", true), ("client.crl", true), ("server.crl", false)] {
        let crl = match list {
            "" => String::new(),
            list => format!(", caCrl: '{}'", files.path(list)),
        };
        let ca = files.path("ca.pem");
        let simple = format!("{{ mode: SIMPLE, sni: api.example, caCertificates: '{ca}'{crl} }}");
        let connected = Case::new(&files, simple).run(ClientCertificate::NotAsked).await;
        assert_eq!(connected.is_ok(), good, "{list}");
        if let Err(refused) = connected {
            assert!(refused.contains("evoked"), "{refused}");
        }
    }
}

/// MeshConfig `tlsDefaults`: cipher suites and curves of TLS that is not the mesh's own.
#[tokio::test]
async fn clusters_offer_what_the_mesh_says() {
    let files = Files::new("api.example");
    let one = |name: &str| vec![name.to_owned()];
    let suites = |name: &str| TlsConfig { cipher_suites: one(name), ..TlsConfig::default() };
    let curves = |name: &str| TlsConfig { ecdh_curves: one(name), ..TlsConfig::default() };
    let aes_256 = "ECDHE-ECDSA-AES256-GCM-SHA384";
    for (tls_defaults, good) in [
        (None, true),
        (Some(suites(aes_256)), true),
        (Some(suites("ECDHE-ECDSA-AES128-GCM-SHA256")), false),
        (Some(curves("P-384")), true),
        (Some(curves("P-256")), false),
        (Some(curves("no curve")), false),
    ] {
        let (listener, address) = listener().await;
        let mut tls = files.tls(ClientCertificate::NotAsked);
        tls.max_version = TlsVersion::Tls12;
        tls.cipher_suites = [aes_256.into()].into();
        tls.ecdh_curves = ["P-384".into()].into();
        let served = serve(listener, MeshAcceptor::without_identity().gateway(), tls);
        let simple = rule(&format!(
            "{{ mode: SIMPLE, sni: api.example, caCertificates: '{}' }}",
            files.path("ca.pem")
        ));
        let mesh = MeshConfig { tls_defaults: tls_defaults.clone(), ..MeshConfig::default() };
        let dial = dial(&snapshot_in(mesh, address, &simple), DialProtocol::Http1);
        let connected = connect(&MeshConnector::without_identity(), dial).await;
        assert_eq!(connected.is_ok(), good, "{tls_defaults:?}");
        if let Ok(mut io) = connected {
            echo(&mut *io).await.unwrap();
        }
        assert_eq!(served.await.unwrap().is_ok(), good, "{tls_defaults:?}");
    }
}
