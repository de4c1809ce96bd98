//! `headers` of an entry or of a destination.

use std::sync::Arc;

use http::HeaderName;
use meshwork_api::Map;
use meshwork_api::networking::{HeaderOperations, Headers};

use super::diagnostics::Diagnostics;
use crate::http::{Format, HeaderOps, MessageKind};

/// Header operations of one level, before they become part of a route.
#[derive(Default)]
pub(super) struct Level {
    pub(super) request: Operations,
    pub(super) response: Operations,
    /// The Host that the level sets.
    pub(super) authority: Option<Arc<str>>,
}

#[derive(Default)]
pub(super) struct Operations {
    remove: Vec<HeaderName>,
    set: Vec<(HeaderName, Format)>,
    add: Vec<(HeaderName, Format)>,
}

impl Level {
    pub(super) fn read(
        headers: Option<&Headers>,
        field: &str,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Self {
        let mut level = Self::default();
        let Some(headers) = headers else { return level };
        if let Some(request) = &headers.request {
            let field = format!("{field}.request");
            level.request = Operations::read(request, &field, diagnostics);
            // The value is no format string; `set` goes before `add`.
            let host = authority(&request.set).or_else(|| authority(&request.add));
            level.authority = host.map(Into::into);
        }
        if let Some(response) = &headers.response {
            level.response = Operations::read(response, &format!("{field}.response"), diagnostics);
        }
        level
    }

    /// The level of a route with its only destination's operations after its own.
    pub(super) fn with(mut self, destination: Self) -> Self {
        self.request.append(destination.request);
        self.response.append(destination.response);
        self.authority = self.authority.or(destination.authority);
        self
    }
}

impl Operations {
    fn read(operations: &HeaderOperations, field: &str, diagnostics: &mut Diagnostics<'_>) -> Self {
        let mut remove = Vec::new();
        for (index, name) in operations.remove.iter().enumerate() {
            if !is_internal(name) {
                remove.extend(read_name(name, &format!("{field}.remove[{index}]"), diagnostics));
            }
        }
        Self {
            remove,
            set: read_values(&operations.set, &format!("{field}.set"), diagnostics),
            add: read_values(&operations.add, &format!("{field}.add"), diagnostics),
        }
    }

    fn append(&mut self, other: Self) {
        self.remove.extend(other.remove);
        self.set.extend(other.set);
        self.add.extend(other.add);
    }

    pub(super) fn build(self, kind: MessageKind) -> HeaderOps {
        // Most routes have none, and empty lists need not be made.
        if self.remove.is_empty() && self.set.is_empty() && self.add.is_empty() {
            return HeaderOps::none(kind);
        }
        HeaderOps { kind, remove: self.remove.into(), set: self.set.into(), add: self.add.into() }
    }
}

/// The values by name, as Istio sorts them.
fn read_values(
    values: &Map<String, String>,
    field: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<(HeaderName, Format)> {
    let mut sorted: Vec<_> = values.iter().filter(|(name, _)| !is_internal(name)).collect();
    sorted.sort_by_key(|(name, _)| name.as_str());
    let mut read = Vec::with_capacity(sorted.len());
    for (name, value) in sorted {
        let field = format!("{field}[{name:?}]");
        let Some(header) = read_name(name, &field, diagnostics) else { continue };
        match value.parse::<Format>() {
            Ok(format) => {
                for operator in format.without_value() {
                    let message =
                        format!("`%{operator}%` has no value here and stands for nothing");
                    diagnostics.note(&field, message);
                }
                read.push((header, format));
            }
            Err(error) => diagnostics.refuse(&field, error.to_string()),
        }
    }
    read
}

fn read_name(name: &str, field: &str, diagnostics: &mut Diagnostics<'_>) -> Option<HeaderName> {
    match name.parse() {
        Ok(name) => Some(name),
        Err(_) => {
            diagnostics.refuse(field, format!("`{name}` is no name of a header"));
            None
        }
    }
}

/// Names that header operations cannot touch; Host among them, which becomes the route's.
fn is_internal(name: &str) -> bool {
    name.starts_with(':') || name.eq_ignore_ascii_case("host")
}

fn authority(values: &Map<String, String>) -> Option<&str> {
    let is_host =
        |name: &str| name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host");
    let found = values.iter().find(|(name, _)| is_host(name));
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}
