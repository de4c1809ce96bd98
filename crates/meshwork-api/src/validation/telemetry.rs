//! Telemetry and ProxyConfig.

use super::findings::Findings;
use super::place::Place;
use super::primitive::cel;
use super::shared::{count, selector, targets};
use crate::networking::ProxyConfig;
use crate::telemetry::{
    AccessLogging, CustomTagType, MetricMatch, Metrics, ProviderRef, TagOperation, Telemetry,
    Tracing,
};

/// Everything istiod's webhook asks of a Telemetry.
pub(super) fn check(telemetry: &Telemetry, out: &mut Findings<'_>) {
    let spec = Place::root("spec");
    let Telemetry { target_ref, target_refs, .. } = telemetry;
    targets(telemetry.selector.as_ref(), target_ref.as_ref(), target_refs, out);
    for (index, metrics) in telemetry.metrics.iter().enumerate() {
        check_metrics(&spec.item("metrics", index), metrics, out);
    }
    if telemetry.tracing.len() > 1 {
        out.warn(&spec.field("tracing"), "only one entry is supported");
    }
    for (index, tracing) in telemetry.tracing.iter().enumerate() {
        check_tracing(&spec.item("tracing", index), tracing, out);
    }
    for (index, logging) in telemetry.access_logging.iter().enumerate() {
        check_logging(&spec.item("accessLogging", index), logging, out);
    }
}

/// Everything istiod's webhook asks of a ProxyConfig.
pub(super) fn check_proxy_config(config: &ProxyConfig, out: &mut Findings<'_>) {
    selector("selector", config.selector.as_ref(), out);
    count(&Place::root("spec"), "concurrency", config.concurrency.unwrap_or(0), out);
}

fn check_metrics(place: &Place<'_>, metrics: &Metrics, out: &mut Findings<'_>) {
    providers(place, &metrics.providers, out);
    for (index, change) in metrics.overrides.iter().enumerate() {
        let place = place.item("overrides", index);
        for (name, tag) in &change.tag_overrides {
            let place = place.entry("tagOverrides", name);
            if name.is_empty() {
                out.warn(&place, "the name of a tag must not be empty");
            }
            match tag.operation {
                TagOperation::Upsert if tag.value.is_empty() => {
                    out.error(&place.field("value"), "is required for the operation UPSERT");
                }
                TagOperation::Remove if !tag.value.is_empty() => {
                    out.error(&place.field("value"), "has no meaning for the operation REMOVE");
                }
                _ => {}
            }
        }
        let metric = change.match_.as_ref().and_then(|matched| matched.metric_match.as_ref());
        if let Some(MetricMatch::CustomMetric(name)) = metric
            && name.is_empty()
        {
            out.error(&place.field("match").field("customMetric"), "must not be empty");
        }
    }
}

fn check_tracing(place: &Place<'_>, tracing: &Tracing, out: &mut Findings<'_>) {
    if tracing.providers.len() > 1 {
        out.warn(&place.field("providers"), "only one provider is supported");
    }
    providers(place, &tracing.providers, out);
    let sampling = tracing.random_sampling_percentage.unwrap_or(0.0);
    if !(0.0..=100.0).contains(&sampling) && !sampling.is_nan() {
        let message = format!("{sampling} is not in the range 0 to 100");
        out.error(&place.field("randomSamplingPercentage"), message);
    }
    for (name, tag) in &tracing.custom_tags {
        let place = place.entry("customTags", name);
        if name.is_empty() {
            out.error(&place, "the name of a tag must not be empty");
        }
        let (field, value) = match &tag.type_ {
            Some(CustomTagType::Literal(literal)) => ("literal.value", &literal.value),
            Some(CustomTagType::Header(header)) => ("header.name", &header.name),
            Some(CustomTagType::Environment(variable)) => ("environment.name", &variable.name),
            _ => continue,
        };
        if value.is_empty() {
            out.error(&place.field(field), "must not be empty");
        }
    }
}

fn check_logging(place: &Place<'_>, logging: &AccessLogging, out: &mut Findings<'_>) {
    if let Some(filter) = &logging.filter
        && let Err(error) = cel::check(&filter.expression)
    {
        let message = format!("is not an expression of CEL: {error}");
        out.error(&place.field("filter").field("expression"), message);
    }
    providers(place, &logging.providers, out);
}

fn providers(place: &Place<'_>, providers: &[ProviderRef], out: &mut Findings<'_>) {
    for (index, provider) in providers.iter().enumerate() {
        if provider.name.is_empty() {
            out.error(&place.item("providers", index).field("name"), "is required");
        }
    }
}
