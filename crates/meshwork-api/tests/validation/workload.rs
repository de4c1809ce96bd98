//! WorkloadEntry and WorkloadGroup.

use super::support::{check, whole};

#[test]
fn entries() {
    check(
        "WorkloadEntry",
        whole,
        &[
            ("{address: 10.0.0.1, ports: {http: 80}, labels: {a: b}}", ""),
            ("{address: vm.example}", ""),
            ("{}", "E spec.address"),
            ("{network: net}", "W spec.address"),
            ("{address: '*.example'}", "E spec.address"),
            ("{address: 'unix:///a'}", ""),
            ("{address: 'unix:///a/'}", "E spec.address"),
            ("{address: 'unix:///a', ports: {http: 80}}", "E spec.ports"),
            ("{address: 10.0.0.1, ports: {a_b: 80}}", "E spec.ports.a_b"),
            ("{address: 10.0.0.1, ports: {http: 0}}", "E spec.ports.http"),
            ("{address: 10.0.0.1, labels: {a: '-'}}", "E spec.labels.a"),
        ],
    );
}

#[test]
fn groups() {
    check(
        "WorkloadGroup",
        whole,
        &[
            ("{template: {}}", ""),
            ("{}", "E spec.template"),
            ("{template: {address: a_b, ports: {x: 0}}}", ""),
            ("{template: {}, metadata: {labels: {a: '-'}}}", "E spec.metadata.labels.a"),
        ],
    );
    check(
        "WorkloadGroup",
        |probe| format!("{{template: {{}}, probe: {{{probe}}}}}"),
        &[
            ("httpGet: {port: 80, scheme: HTTPS, httpHeaders: [{name: x-a}]}", ""),
            ("", "E spec.probe"),
            ("grpc: {port: 80}", "E spec.probe.grpc"),
            ("httpGet: {}", "E spec.probe.httpGet.port"),
            ("httpGet: {port: 80, scheme: http}", "E spec.probe.httpGet.scheme"),
            (
                "httpGet: {port: 80, httpHeaders: [{name: a_b}]}",
                "E spec.probe.httpGet.httpHeaders[0].name",
            ),
            ("tcpSocket: {port: 70000}", "E spec.probe.tcpSocket.port"),
            ("exec: {}", "E spec.probe.exec.command"),
            (
                "exec: {command: [a]}, periodSeconds: -1, failureThreshold: -1",
                "E spec.probe.periodSeconds, E spec.probe.failureThreshold",
            ),
        ],
    );
}
