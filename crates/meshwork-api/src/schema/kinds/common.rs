//! Messages that several kinds' schemas share.

use crate::schema::node::{
    BOOLEAN, DURATION, INT_OR_TEXT, INT32, Node, PORT, Pattern, TEXT, TEXT_MAP, TEXTS, UINT32,
    choice, list, map, object,
};
use crate::schema::rules;

pub(in crate::schema) const WORKLOAD_ENTRY: Node = object(&[
    ("address", TEXT.max(256).rules(&[rules::UNIX_PATH_ABSOLUTE, rules::UNIX_PATH_NOT_DIRECTORY])),
    ("labels", TEXT_MAP.max(256)),
    ("locality", TEXT.max(2048)),
    ("network", TEXT.max(2048)),
    ("ports", map(&PORT).max(128).rules(&[rules::PORT_NAMES])),
    ("serviceAccount", TEXT.max(253)),
    ("weight", UINT32),
])
.rules(&[rules::ADDRESS_OR_NETWORK, rules::UNIX_WITHOUT_PORTS]);

pub(super) const WORKLOAD_SELECTOR: Node =
    object(&[("labels", map(&TEXT.max(63).rules(&[rules::NO_STAR])).max(256))]);

pub(super) const CONDITION: Node = object(&[
    ("lastProbeTime", TEXT),
    ("lastTransitionTime", TEXT),
    ("message", TEXT),
    ("observedGeneration", INT_OR_TEXT),
    ("reason", TEXT),
    ("status", TEXT),
    ("type", TEXT),
]);

pub(super) const MESSAGE_TYPE: Node = object(&[("code", TEXT), ("name", TEXT)]);

pub(super) const VALIDATION_MESSAGE: Node = object(&[
    ("documentationUrl", TEXT),
    ("level", choice(&["UNKNOWN", "ERROR", "WARNING", "INFO"])),
    ("type", MESSAGE_TYPE),
]);

pub(in crate::schema) const STATUS: Node = object(&[
    ("conditions", list(&CONDITION)),
    ("observedGeneration", INT_OR_TEXT),
    ("validationMessages", list(&VALIDATION_MESSAGE)),
])
.open();

pub(super) const SELECTOR: Node = object(&[(
    "matchLabels",
    map(&TEXT.max(63).rules(&[rules::NO_STAR]))
        .max(4096)
        .rules(&[rules::NO_STAR_IN_KEYS, rules::NO_EMPTY_KEY]),
)]);

pub(super) const TARGET_REF: Node = object(&[
    ("group", TEXT.max(253).pattern(Pattern::GroupOrEmpty)),
    ("kind", TEXT.min(1).max(63).pattern(Pattern::Kind)),
    ("name", TEXT.min(1).max(253)),
    ("namespace", TEXT.rules(&[rules::SAME_NAMESPACE])),
])
.required(&["kind", "name"]);

pub(super) const HTTP2_KEEP_ALIVE: Node = object(&[("interval", DURATION), ("timeout", DURATION)]);

pub(super) const HTTP_POOL: Node = object(&[
    ("h2UpgradePolicy", choice(&["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"])),
    ("http1MaxPendingRequests", INT32),
    ("http2KeepAlive", HTTP2_KEEP_ALIVE),
    ("http2MaxRequests", INT32),
    ("idleTimeout", DURATION),
    ("maxConcurrentStreams", INT32),
    ("maxRequestsPerConnection", INT32),
    ("maxRetries", INT32),
    ("useClientProtocol", BOOLEAN),
]);

pub(super) const TCP_KEEPALIVE: Node =
    object(&[("interval", DURATION), ("probes", UINT32), ("time", DURATION)]);

pub(super) const TCP_POOL: Node = object(&[
    ("connectTimeout", DURATION),
    ("idleTimeout", TEXT),
    ("maxConnectionDuration", DURATION),
    ("maxConnections", INT32),
    ("tcpKeepalive", TCP_KEEPALIVE),
]);

pub(super) const CONNECTION_POOL: Node = object(&[("http", HTTP_POOL), ("tcp", TCP_POOL)]);

pub(super) const PORT_SELECTOR: Node = object(&[("number", UINT32)]);

pub(super) const TLS_CERTIFICATE: Node =
    object(&[("caCertificates", TEXT), ("privateKey", TEXT), ("serverCertificate", TEXT)]);

pub(super) const SERVER_TLS: Node = object(&[
    ("caCertCredentialName", TEXT),
    ("caCertificates", TEXT),
    ("caCrl", TEXT),
    ("cipherSuites", TEXTS),
    ("credentialName", TEXT),
    ("credentialNames", TEXTS.min(1).max(2)),
    ("ecdhCurves", TEXTS),
    ("httpsRedirect", BOOLEAN),
    ("insecureSkipVerify", BOOLEAN.nullable()),
    ("maxProtocolVersion", choice(&["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"])),
    ("minProtocolVersion", choice(&["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"])),
    (
        "mode",
        choice(&[
            "PASSTHROUGH",
            "SIMPLE",
            "MUTUAL",
            "AUTO_PASSTHROUGH",
            "ISTIO_MUTUAL",
            "OPTIONAL_MUTUAL",
        ]),
    ),
    ("privateKey", TEXT),
    ("serverCertificate", TEXT),
    ("subjectAltNames", TEXTS),
    ("tlsCertificates", list(&TLS_CERTIFICATE).min(1).max(2)),
    ("verifyCertificateHash", TEXTS),
    ("verifyCertificateSpki", TEXTS),
])
.at_most_one(&["tlsCertificates", "credentialNames"])
.at_most_one(&["credentialName", "credentialNames"])
.at_most_one(&["credentialNames", "tlsCertificates"]);

pub(super) const DESTINATION: Node =
    object(&[("host", TEXT), ("port", PORT_SELECTOR), ("subset", TEXT)]).required(&["host"]);
