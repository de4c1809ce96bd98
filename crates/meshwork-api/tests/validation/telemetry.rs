//! Telemetry and ProxyConfig.

use super::support::{check, whole};

#[test]
fn telemetries() {
    check(
        "Telemetry",
        whole,
        &[
            ("{}", ""),
            ("{selector: {}}", "W spec.selector"),
            ("{selector: {matchLabels: {a: b}}, targetRef: {kind: Service, name: a}}", "E spec"),
            ("{tracing: [{}, {}]}", "W spec.tracing"),
            ("{tracing: [{providers: [{name: a}, {name: b}]}]}", "W spec.tracing[0].providers"),
            ("{tracing: [{providers: [{}]}]}", "E spec.tracing[0].providers[0].name"),
            (
                "{tracing: [{randomSamplingPercentage: 100.1}]}",
                "E spec.tracing[0].randomSamplingPercentage",
            ),
            (
                "{tracing: [{randomSamplingPercentage: -1}]}",
                "E spec.tracing[0].randomSamplingPercentage",
            ),
            ("{tracing: [{customTags: {'': {}}}]}", "E spec.tracing[0].customTags[\"\"]"),
            (
                "{tracing: [{customTags: {a: {literal: {}}}}]}",
                "E spec.tracing[0].customTags.a.literal.value",
            ),
            (
                "{tracing: [{customTags: {a: {header: {}}}}]}",
                "E spec.tracing[0].customTags.a.header.name",
            ),
            (
                "{tracing: [{customTags: {a: {environment: {}}}}]}",
                "E spec.tracing[0].customTags.a.environment.name",
            ),
            ("{tracing: [{customTags: {a: {formatter: {}}}}]}", ""),
            ("{metrics: [{providers: [null]}]}", "E spec.metrics[0].providers[0].name"),
            ("{metrics: [{overrides: [{tagOverrides: {a: {value: b}}}]}]}", ""),
            (
                "{metrics: [{overrides: [{tagOverrides: {a: {}}}]}]}",
                "E spec.metrics[0].overrides[0].tagOverrides.a.value",
            ),
            (
                "{metrics: [{overrides: [{tagOverrides: {a: {operation: REMOVE, value: b}}}]}]}",
                "E spec.metrics[0].overrides[0].tagOverrides.a.value",
            ),
            (
                "{metrics: [{overrides: [{tagOverrides: {'': {value: b}}}]}]}",
                "W spec.metrics[0].overrides[0].tagOverrides[\"\"]",
            ),
            (
                "{metrics: [{overrides: [{match: {customMetric: ''}}]}]}",
                "E spec.metrics[0].overrides[0].match.customMetric",
            ),
            ("{accessLogging: [{filter: {expression: 'a == 1'}}]}", ""),
            ("{accessLogging: [{filter: {}}]}", "E spec.accessLogging[0].filter.expression"),
            (
                "{accessLogging: [{filter: {expression: 'a =='}}]}",
                "E spec.accessLogging[0].filter.expression",
            ),
            ("{accessLogging: [{providers: [{}]}]}", "E spec.accessLogging[0].providers[0].name"),
        ],
    );
}

#[test]
fn proxy_configs() {
    check(
        "ProxyConfig",
        whole,
        &[
            ("{concurrency: 0, selector: {matchLabels: {a: b}}}", ""),
            ("{concurrency: -1}", "E spec.concurrency"),
            ("{selector: {matchLabels: {a: '*'}}}", "E spec.selector.matchLabels.a"),
        ],
    );
}
