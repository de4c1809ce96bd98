//! The schemas of AuthorizationPolicy, RequestAuthentication and PeerAuthentication.

use super::common::{SELECTOR, TARGET_REF};
use crate::schema::node::{
    BOOLEAN, DURATION, Node, Pattern, TEXT, TEXTS, choice, list, map, object,
};
use crate::schema::rules;

pub(super) const PROVIDER: Node = object(&[("name", TEXT)]);

pub(super) const SOURCE: Node = object(&[
    ("ipBlocks", TEXTS),
    ("namespaces", TEXTS),
    ("notIpBlocks", TEXTS),
    ("notNamespaces", TEXTS),
    ("notPrincipals", TEXTS),
    ("notRemoteIpBlocks", TEXTS),
    ("notRequestPrincipals", TEXTS),
    ("notServiceAccounts", list(&TEXT.max(320)).max(16)),
    ("notTrustDomains", TEXTS),
    ("principals", TEXTS),
    ("remoteIpBlocks", TEXTS),
    ("requestPrincipals", TEXTS),
    ("serviceAccounts", list(&TEXT.max(320)).max(16)),
    ("trustDomains", TEXTS),
])
.rules(&[rules::SERVICE_ACCOUNTS_ALONE]);

pub(super) const FROM: Node = object(&[("source", SOURCE)]);

pub(super) const OPERATION: Node = object(&[
    ("hosts", TEXTS),
    ("methods", TEXTS),
    ("notHosts", TEXTS),
    ("notMethods", TEXTS),
    ("notPaths", TEXTS),
    ("notPorts", TEXTS),
    ("paths", TEXTS),
    ("ports", TEXTS),
]);

pub(super) const TO: Node = object(&[("operation", OPERATION)]);

pub(super) const WHEN: Node =
    object(&[("key", TEXT), ("notValues", TEXTS), ("values", TEXTS)]).required(&["key"]);

pub(super) const RULE: Node =
    object(&[("from", list(&FROM).max(512)), ("to", list(&TO)), ("when", list(&WHEN))]);

pub(in crate::schema) const AUTHORIZATION_POLICY: Node = object(&[
    ("action", choice(&["ALLOW", "DENY", "AUDIT", "CUSTOM"])),
    ("provider", PROVIDER),
    ("rules", list(&RULE).max(512)),
    ("selector", SELECTOR),
    ("targetRef", TARGET_REF),
    ("targetRefs", list(&TARGET_REF).max(16)),
])
.at_most_one(&["selector", "targetRef", "targetRefs"]);

pub(super) const FROM_HEADER: Node =
    object(&[("name", TEXT.min(1)), ("prefix", TEXT)]).required(&["name"]);

pub(super) const OUTPUT_CLAIM_TO_HEADER: Node =
    object(&[("claim", TEXT.min(1)), ("header", TEXT.min(1).pattern(Pattern::HeaderName))])
        .required(&["header", "claim"]);

pub(super) const JWT_RULE: Node = object(&[
    ("audiences", list(&TEXT.min(1))),
    ("forwardOriginalToken", BOOLEAN),
    ("fromCookies", list(&TEXT.min(1))),
    ("fromHeaders", list(&FROM_HEADER)),
    ("fromParams", list(&TEXT.min(1))),
    ("issuer", TEXT.min(1)),
    ("jwks", TEXT),
    ("jwks_uri", TEXT.min(1).max(2048).rules(&[rules::HTTP_URL])),
    ("jwksUri", TEXT.min(1).max(2048).rules(&[rules::HTTP_URL])),
    ("outputClaimToHeaders", list(&OUTPUT_CLAIM_TO_HEADER)),
    ("outputPayloadToHeader", TEXT),
    ("presence", choice(&["OPTIONAL", "REQUIRED"])),
    ("spaceDelimitedClaims", list(&TEXT.min(1)).max(64)),
    ("timeout", DURATION),
])
.at_most_one(&["jwksUri", "jwks_uri", "jwks"]);

pub(in crate::schema) const REQUEST_AUTHENTICATION: Node = object(&[
    ("jwtRules", list(&JWT_RULE).max(4096)),
    ("selector", SELECTOR),
    ("targetRef", TARGET_REF),
    ("targetRefs", list(&TARGET_REF).max(16)),
])
.at_most_one(&["selector", "targetRef", "targetRefs"]);

pub(super) const MTLS: Node =
    object(&[("mode", choice(&["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]))]);

pub(in crate::schema) const PEER_AUTHENTICATION: Node = object(&[
    ("mtls", MTLS),
    ("portLevelMtls", map(&MTLS).min(1).rules(&[rules::PORT_KEYS])),
    ("selector", SELECTOR),
])
.rules(&[rules::PORT_MTLS_NEEDS_SELECTOR]);
