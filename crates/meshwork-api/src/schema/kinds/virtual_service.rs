//! The schema of VirtualService.

use super::common::DESTINATION;
use crate::schema::node::{
    BOOLEAN, DURATION, INT32, NUMBER, Node, Pattern, TEXT, TEXT_MAP, TEXTS, UINT32, choice, list,
    map, object,
};

pub(super) const STRING_MATCH: Node = object(&[("exact", TEXT), ("prefix", TEXT), ("regex", TEXT)])
    .at_most_one(&["exact", "prefix", "regex"]);

pub(super) const CORS_POLICY: Node = object(&[
    ("allowCredentials", BOOLEAN.nullable()),
    ("allowHeaders", TEXTS),
    ("allowMethods", TEXTS),
    ("allowOrigin", TEXTS),
    ("allowOrigins", list(&STRING_MATCH)),
    ("exposeHeaders", TEXTS),
    ("maxAge", DURATION),
    ("unmatchedPreflights", choice(&["UNSPECIFIED", "FORWARD", "IGNORE"])),
]);

pub(super) const DELEGATE: Node = object(&[("name", TEXT), ("namespace", TEXT)]);

pub(super) const BODY: Node = object(&[("bytes", TEXT.pattern(Pattern::Base64)), ("string", TEXT)])
    .at_most_one(&["string", "bytes"]);

pub(super) const DIRECT_RESPONSE: Node =
    object(&[("body", BODY), ("status", UINT32)]).required(&["status"]);

pub(super) const PERCENTAGE: Node = object(&[("value", NUMBER)]);

pub(super) const ABORT: Node = object(&[
    ("grpcStatus", TEXT),
    ("http2Error", TEXT),
    ("httpStatus", INT32),
    ("percentage", PERCENTAGE),
])
.at_most_one(&["httpStatus", "grpcStatus", "http2Error"]);

pub(super) const DELAY: Node = object(&[
    ("exponentialDelay", DURATION),
    ("fixedDelay", DURATION),
    ("percent", INT32),
    ("percentage", PERCENTAGE),
])
.at_most_one(&["fixedDelay", "exponentialDelay"]);

pub(super) const FAULT: Node = object(&[("abort", ABORT), ("delay", DELAY)]);

pub(super) const HEADER_OPERATIONS: Node =
    object(&[("add", TEXT_MAP), ("remove", TEXTS), ("set", TEXT_MAP)]);

pub(super) const HEADERS: Node =
    object(&[("request", HEADER_OPERATIONS), ("response", HEADER_OPERATIONS)]);

pub(super) const HTTP_MATCH: Node = object(&[
    ("authority", STRING_MATCH),
    ("gateways", TEXTS),
    ("headers", map(&STRING_MATCH)),
    ("ignoreUriCase", BOOLEAN),
    ("method", STRING_MATCH),
    ("name", TEXT),
    ("port", UINT32),
    ("queryParams", map(&STRING_MATCH)),
    ("scheme", STRING_MATCH),
    ("sourceLabels", TEXT_MAP),
    ("sourceNamespace", TEXT),
    ("statPrefix", TEXT),
    ("uri", STRING_MATCH),
    ("withoutHeaders", map(&STRING_MATCH)),
]);

pub(super) const HTTP_MIRROR: Node =
    object(&[("destination", DESTINATION), ("percentage", PERCENTAGE)]).required(&["destination"]);

pub(super) const REDIRECT: Node = object(&[
    ("authority", TEXT),
    ("derivePort", choice(&["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"])),
    ("port", UINT32),
    ("prefixRewrite", TEXT),
    ("redirectCode", UINT32),
    ("scheme", TEXT),
    ("uri", TEXT),
])
.at_most_one(&["port", "derivePort"]);

pub(super) const RETRIES: Node = object(&[
    ("attempts", INT32),
    ("backoff", DURATION),
    ("perTryTimeout", DURATION),
    ("retryIgnorePreviousHosts", BOOLEAN.nullable()),
    ("retryOn", TEXT),
    ("retryRemoteLocalities", BOOLEAN.nullable()),
]);

pub(super) const URI_REGEX_REWRITE: Node = object(&[("match", TEXT), ("rewrite", TEXT)]);

pub(super) const REWRITE: Node =
    object(&[("authority", TEXT), ("uri", TEXT), ("uriRegexRewrite", URI_REGEX_REWRITE)]);

pub(super) const HTTP_ROUTE_DESTINATION: Node =
    object(&[("destination", DESTINATION), ("headers", HEADERS), ("weight", INT32)])
        .required(&["destination"]);

pub(super) const HTTP_ROUTE: Node = object(&[
    ("corsPolicy", CORS_POLICY),
    ("delegate", DELEGATE),
    ("directResponse", DIRECT_RESPONSE),
    ("fault", FAULT),
    ("headers", HEADERS),
    ("match", list(&HTTP_MATCH)),
    ("mirror", DESTINATION),
    ("mirror_percent", UINT32.nullable()),
    ("mirrorPercent", UINT32.nullable()),
    ("mirrorPercentage", PERCENTAGE),
    ("mirrors", list(&HTTP_MIRROR)),
    ("name", TEXT),
    ("redirect", REDIRECT),
    ("retries", RETRIES),
    ("rewrite", REWRITE),
    ("route", list(&HTTP_ROUTE_DESTINATION)),
    ("timeout", DURATION),
]);

pub(super) const L4_MATCH: Node = object(&[
    ("destinationSubnets", TEXTS),
    ("gateways", TEXTS),
    ("port", UINT32),
    ("sourceLabels", TEXT_MAP),
    ("sourceNamespace", TEXT),
    ("sourceSubnet", TEXT),
]);

pub(super) const ROUTE_DESTINATION: Node =
    object(&[("destination", DESTINATION), ("weight", INT32)]).required(&["destination"]);

pub(super) const TCP_ROUTE: Node =
    object(&[("match", list(&L4_MATCH)), ("route", list(&ROUTE_DESTINATION))]);

pub(super) const TLS_MATCH: Node = object(&[
    ("destinationSubnets", TEXTS),
    ("gateways", TEXTS),
    ("port", UINT32),
    ("sniHosts", TEXTS),
    ("sourceLabels", TEXT_MAP),
    ("sourceNamespace", TEXT),
])
.required(&["sniHosts"]);

pub(super) const TLS_ROUTE: Node =
    object(&[("match", list(&TLS_MATCH)), ("route", list(&ROUTE_DESTINATION))])
        .required(&["match"]);

pub(in crate::schema) const VIRTUAL_SERVICE: Node = object(&[
    ("exportTo", TEXTS),
    ("gateways", TEXTS),
    ("hosts", TEXTS),
    ("http", list(&HTTP_ROUTE)),
    ("tcp", list(&TCP_ROUTE)),
    ("tls", list(&TLS_ROUTE)),
]);
