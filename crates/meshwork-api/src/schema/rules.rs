//! What the schemas say in CEL, as functions over JSON.

use crate::Duration;
use crate::validation::primitive::url;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// One CEL rule.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// What the rule asks for, for the person whose object breaks it.
    pub(super) says: &'static str,
    /// Whether a value keeps it. Values of a wrong type do: their type is reported already.
    pub(super) holds: fn(&Value) -> bool,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.says).finish()
    }
}

const fn rule(says: &'static str, holds: fn(&Value) -> bool) -> Rule {
    Rule { says, holds }
}

pub(super) const MIN_DURATION: Rule =
    rule("must be a duration of at least one millisecond, such as `500ms` or `1m30s`", |value| {
        text(value, |text| text.parse::<Duration>().is_ok_and(|d| d.as_nanos() >= 1_000_000))
    });

pub(super) const PORT_RANGE: Rule =
    rule("must be a port from 1 to 65535", |value| match whole_number(value) {
        Some(number) => (1..=65535).contains(&number),
        None => true,
    });

pub(super) const NO_STAR: Rule =
    rule("a label value cannot hold `*`", |value| text(value, |text| !text.contains('*')));

pub(super) const NO_STAR_IN_KEYS: Rule =
    rule("a label key cannot hold `*`", |value| keys(value, |key| !key.contains('*')));

pub(super) const NO_EMPTY_KEY: Rule =
    rule("a label key cannot be empty", |value| keys(value, |key| !key.is_empty()));

pub(super) const SAME_NAMESPACE: Rule =
    rule("must be unset: a target in another namespace cannot be referred to", |value| {
        text(value, str::is_empty)
    });

pub(super) const NOT_STAR: Rule =
    rule("`*` alone is not a host", |value| text(value, |text| text != "*"));

pub(super) const UNIX_PATH_ABSOLUTE: Rule =
    rule("after `unix://`, a path has to begin with `/` (or `@`, an abstract socket)", |value| {
        text(value, |text| match text.strip_prefix("unix://") {
            Some(path) => path.starts_with('/') || path.starts_with('@'),
            None => true,
        })
    });

pub(super) const UNIX_PATH_NOT_DIRECTORY: Rule =
    rule("the path of a Unix socket cannot end with `/`", |value| {
        text(value, |text| !(text.starts_with("unix://") && text.ends_with('/')))
    });

pub(super) const PORT_NAMES: Rule =
    rule("a port name has at most 62 letters, digits and inner hyphens", |value| {
        keys(value, |key| key.len() < 63 && is_label(key))
    });

pub(super) const PORT_KEYS: Rule = rule("each key must be a port from 1 to 65535", |value| {
    keys(value, |key| key.parse::<i64>().is_ok_and(|port| (1..=65535).contains(&port)))
});

pub(super) const PROBE_SCHEME: Rule = rule("must be `HTTP` or `HTTPS`", |value| {
    text(value, |text| matches!(text, "" | "HTTP" | "HTTPS"))
});

pub(super) const HTTP_URL: Rule = rule("must be an `http://` or `https://` URL", |value| {
    text(value, |text| {
        url::parse_request(text).is_ok()
            && url::parse(text).is_ok_and(|url| matches!(&*url.scheme, "http" | "https"))
    })
});

pub(super) const ADDRESS_OR_NETWORK: Rule =
    rule("`address` is required where there is no `network`", |value| {
        fields(value, |fields| has(fields, "address") || has(fields, "network"))
    });

pub(super) const UNIX_WITHOUT_PORTS: Rule = rule("a Unix socket has no `ports`", |value| {
    fields(value, |fields| {
        !text_of(fields, "address").starts_with("unix://") || !has(fields, "ports")
    })
});

pub(super) const DISTINCT_NUMBERS: Rule = rule("port numbers must differ", |value| {
    let Value::Array(ports) = value else { return true };
    let mut seen = BTreeSet::new();
    let mut numbers = ports.iter().filter_map(|port| port.get("number").and_then(whole_number));
    numbers.all(|number| seen.insert(number))
});

pub(super) const CIDR_RESOLUTION: Rule =
    rule("an address range needs the resolution `NONE` or `STATIC`", |value| {
        fields(value, |fields| {
            matches!(resolution(fields), "NONE" | "STATIC")
                || !items(fields, "addresses").any(|a| a.as_str().is_some_and(|a| a.contains('/')))
        })
    });

pub(super) const NONE_WITHOUT_ENDPOINTS: Rule =
    rule("the resolution `NONE` takes no `endpoints`", |value| {
        fields(value, |fields| resolution(fields) != "NONE" || !has(fields, "endpoints"))
    });

pub(super) const ROUND_ROBIN_ONE_ENDPOINT: Rule =
    rule("the resolution `DNS_ROUND_ROBIN` takes one endpoint", |value| {
        fields(value, |fields| {
            resolution(fields) != "DNS_ROUND_ROBIN" || items(fields, "endpoints").count() <= 1
        })
    });

pub(super) const SERVICE_ACCOUNTS_ALONE: Rule =
    rule("`serviceAccounts` cannot stand beside `principals` or `namespaces`", |value| {
        fields(value, |fields| {
            let any = |names: &[&str]| names.iter().any(|name| has(fields, name));
            !any(&["serviceAccounts", "notServiceAccounts"])
                || !any(&["principals", "notPrincipals", "namespaces", "notNamespaces"])
        })
    });

pub(super) const PORT_MTLS_NEEDS_SELECTOR: Rule =
    rule("`portLevelMtls` needs a `selector` with labels", |value| {
        fields(value, |fields| {
            let labels = fields.get("selector").and_then(|selector| selector.get("matchLabels"));
            !has(fields, "portLevelMtls")
                || labels
                    .and_then(Value::as_object)
                    .is_some_and(|labels| entries(labels).next().is_some())
        })
    });

pub(super) const UPSERT_HAS_VALUE: Rule = rule("the operation `UPSERT` needs a `value`", |value| {
    fields(value, |fields| {
        text_of(fields, "operation") != "UPSERT" || !text_of(fields, "value").is_empty()
    })
});

pub(super) const REMOVE_HAS_NO_VALUE: Rule =
    rule("the operation `REMOVE` takes no `value`", |value| {
        fields(value, |fields| text_of(fields, "operation") != "REMOVE" || !has(fields, "value"))
    });

/// An integer, however it is written (`1`, `1.0`).
pub(super) fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        let whole = number.trunc() == number && number.abs() <= MAX_SAFE_INTEGER;
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits")]
        whole.then_some(number as i64)
    })
}

fn text(value: &Value, holds: impl Fn(&str) -> bool) -> bool {
    value.as_str().is_none_or(holds)
}

fn fields(value: &Value, holds: impl Fn(&Map<String, Value>) -> bool) -> bool {
    value.as_object().is_none_or(holds)
}

fn keys(value: &Value, holds: impl Fn(&str) -> bool) -> bool {
    fields(value, |fields| entries(fields).all(&holds))
}

/// The keys of a map whose nulls are dropped.
fn entries(map: &Map<String, Value>) -> impl Iterator<Item = &str> {
    map.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_str())
}

fn has(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).is_some_and(|value| !value.is_null())
}

fn text_of<'v>(fields: &'v Map<String, Value>, name: &str) -> &'v str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn items<'v>(fields: &'v Map<String, Value>, name: &str) -> impl Iterator<Item = &'v Value> {
    fields.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn resolution(fields: &Map<String, Value>) -> &str {
    match text_of(fields, "resolution") {
        "" => "NONE",
        other => other,
    }
}

fn is_label(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    edge(text.chars().next())
        && edge(text.chars().next_back())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Up to here every whole `f64` is exact.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
