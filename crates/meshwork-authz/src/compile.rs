//! From the text of a policy to predicates.

use std::sync::Arc;

use meshwork_api::{
    Object,
    security::{Action, AuthorizationPolicy, Condition, Operation, Source},
};
use meshwork_core::FieldPath;

use crate::{
    AuthzDiagnostic, PolicyScope,
    predicate::{Field, Predicate, Reading, Unevaluable},
    rule::Rule,
    verdict::PolicyId,
};

/// What a rule is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// Requests.
    Http,
    /// Connections: conditions on requests cannot be evaluated.
    Tcp,
}

/// Compiles the rules of one policy.
pub(crate) struct Compiler<'a> {
    policy: &'a Object<AuthorizationPolicy>,
    scope: &'a PolicyScope,
    layer: Layer,
    pub(crate) diagnostics: Vec<AuthzDiagnostic>,
}

/// One condition as written: the field, the values, and whether they are negated.
struct Written<'a> {
    name: &'static str,
    values: &'a [String],
    field: Result<Field, Unevaluable>,
    negated: bool,
}

impl<'a> Written<'a> {
    fn of_field(
        (name, field, values, negated): (&'static str, Field, &'a Vec<String>, bool),
    ) -> Self {
        Self { name, values, field: Ok(field), negated }
    }
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(
        policy: &'a Object<AuthorizationPolicy>,
        scope: &'a PolicyScope,
        layer: Layer,
    ) -> Self {
        Self { policy, scope, layer, diagnostics: Vec::new() }
    }

    /// The rules that are left.
    pub(crate) fn rules(&mut self) -> Vec<Rule> {
        let rules = &self.policy.spec.rules;
        rules.iter().enumerate().filter_map(|(index, rule)| self.rule(index, rule)).collect()
    }

    fn rule(&mut self, index: usize, rule: &meshwork_api::security::Rule) -> Option<Rule> {
        let path = format!("spec.rules[{index}]");
        let mut from = Vec::new();
        for (n, entry) in rule.from.iter().enumerate() {
            let source = entry.source.clone().unwrap_or_default();
            from.push(self.all(&format!("{path}.from[{n}].source"), of_source(&source))?);
        }
        let mut to = Vec::new();
        for (n, entry) in rule.to.iter().enumerate() {
            let operation = entry.operation.clone().unwrap_or_default();
            to.push(self.all(&format!("{path}.to[{n}].operation"), of_operation(&operation))?);
        }
        let mut when = Vec::new();
        for (n, condition) in rule.when.iter().enumerate() {
            when.extend(self.all(&format!("{path}.when[{n}]"), of_condition(condition))?);
        }
        let place = Arc::new(self.field(&path));
        // An entry without conditions is met by everything, and so is its side.
        for side in [&mut from, &mut to] {
            if side.iter().any(Vec::is_empty) {
                side.clear();
            }
        }
        let id = PolicyId(&place).to_string().into();
        Some(Rule { place, id, from, to, when })
    }

    /// The predicates of one entry; `None` drops the whole rule (ALLOW).
    fn all(&mut self, path: &str, written: Vec<Written<'_>>) -> Option<Vec<Predicate>> {
        let mut predicates = Vec::new();
        for condition in written {
            if condition.values.is_empty() {
                continue;
            }
            let place = self.field(&format!("{path}.{}", condition.name));
            match self.predicate(&condition, &place) {
                Ok(predicate) => predicates.extend(predicate),
                Err(Unevaluable(reason)) => {
                    let allow = self.policy.spec.action == Action::Allow;
                    let effect = if allow {
                        "the rule is left out"
                    } else {
                        "the condition is left out, so the rule matches more"
                    };
                    let message = format!("{reason}; {effect}");
                    self.diagnostics.push(AuthzDiagnostic { field: place, message });
                    if allow {
                        return None;
                    }
                }
            }
        }
        Some(predicates)
    }

    fn predicate(
        &mut self,
        written: &Written<'_>,
        place: &FieldPath,
    ) -> Result<Option<Predicate>, Unevaluable> {
        let field = written.field.clone()?;
        if self.layer == Layer::Tcp && field.needs_request() {
            return Err(Unevaluable("a connection without HTTP has no such attribute".into()));
        }
        let allow = self.policy.spec.action == Action::Allow;
        let mut matchers = Vec::new();
        for value in written.values {
            match field.matcher(value, &self.policy.metadata.namespace, &self.scope.trust_domains) {
                Ok(compiled) => matchers.extend(compiled),
                Err(error) if allow => return Err(error),
                Err(Unevaluable(reason)) => {
                    let message = format!("{reason}; the value is left out");
                    self.diagnostics.push(AuthzDiagnostic { field: place.clone(), message });
                }
            }
        }
        if matchers.is_empty() {
            return Ok(None);
        }
        // An ALLOW that asks for a value lets in whoever has it: there doubt counts against it.
        let reading = match (allow, written.negated) {
            (true, false) => Reading::Every,
            (false, true) => Reading::Exact,
            _ => Reading::Wide,
        };
        Ok(Some(Predicate {
            place: place.clone(),
            field,
            matchers,
            negated: written.negated,
            reading,
        }))
    }

    fn field(&self, path: &str) -> FieldPath {
        FieldPath::new(self.policy.reference(), path)
    }
}

fn of_source(source: &Source) -> Vec<Written<'_>> {
    let Source { principals, not_principals, namespaces, not_namespaces, .. } = source;
    let conditions = [
        ("principals", Field::Principal, principals, false),
        ("notPrincipals", Field::Principal, not_principals, true),
        ("requestPrincipals", Field::RequestPrincipal, &source.request_principals, false),
        ("notRequestPrincipals", Field::RequestPrincipal, &source.not_request_principals, true),
        ("namespaces", Field::Namespace, namespaces, false),
        ("notNamespaces", Field::Namespace, not_namespaces, true),
        ("serviceAccounts", Field::ServiceAccount, &source.service_accounts, false),
        ("notServiceAccounts", Field::ServiceAccount, &source.not_service_accounts, true),
        ("trustDomains", Field::TrustDomain, &source.trust_domains, false),
        ("notTrustDomains", Field::TrustDomain, &source.not_trust_domains, true),
        ("ipBlocks", Field::SourceIp, &source.ip_blocks, false),
        ("notIpBlocks", Field::SourceIp, &source.not_ip_blocks, true),
        ("remoteIpBlocks", Field::RemoteIp, &source.remote_ip_blocks, false),
        ("notRemoteIpBlocks", Field::RemoteIp, &source.not_remote_ip_blocks, true),
    ];
    conditions.into_iter().map(Written::of_field).collect()
}

fn of_operation(operation: &Operation) -> Vec<Written<'_>> {
    let conditions = [
        ("hosts", Field::Host, &operation.hosts, false),
        ("notHosts", Field::Host, &operation.not_hosts, true),
        ("ports", Field::DestinationPort, &operation.ports, false),
        ("notPorts", Field::DestinationPort, &operation.not_ports, true),
        ("methods", Field::Method, &operation.methods, false),
        ("notMethods", Field::Method, &operation.not_methods, true),
        ("paths", Field::Path, &operation.paths, false),
        ("notPaths", Field::Path, &operation.not_paths, true),
    ];
    conditions.into_iter().map(Written::of_field).collect()
}

fn of_condition(condition: &Condition) -> Vec<Written<'_>> {
    let field = Field::of_key(&condition.key);
    vec![
        Written { name: "values", values: &condition.values, field: field.clone(), negated: false },
        Written { name: "notValues", values: &condition.not_values, field, negated: true },
    ]
}
