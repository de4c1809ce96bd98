//! Rules that are never reached.

use super::support::check;

fn rules(matches: &[&str]) -> String {
    let rule = |list: &&str| match *list {
        "" => "{redirect: {uri: /x}}".to_owned(),
        list => format!("{{match: [{list}], redirect: {{uri: /x}}}}"),
    };
    let rules: Vec<_> = matches.iter().map(rule).collect();
    format!("{{hosts: [a], http: [{}]}}", rules.join(", "))
}

fn said_of(matches: &[&str], expected: &str) {
    check("VirtualService", |_| rules(matches), &[("", expected)]);
}

#[test]
fn rules_behind_one_without_matches() {
    said_of(&["{port: 1}", ""], "");
    said_of(&["", ""], "W spec.http[1]");
    said_of(&["", "{port: 1}, {port: 2}"], "W spec.http[1].match[0], W spec.http[1].match[1]");
}

#[test]
fn matches_that_stand_twice() {
    let twice = "W spec.http[1].match[0], W spec.http[1]";
    said_of(&["{uri: {exact: /a}}", "{uri: {exact: /a}}"], twice);
    said_of(&["{name: one, uri: {exact: /a}}", "{name: two, uri: {exact: /a}}"], twice);
    said_of(&["{uri: {exact: /a}}", "{uri: {exact: /a}, port: 1}"], "");
    said_of(&["{uri: {exact: /a}}", "{uri: {exact: /a}}, {port: 1}"], "W spec.http[1].match[0]");
    said_of(&["{port: 1}, {port: 1}"], "W spec.http[0].match[1]");
    said_of(&["{headers: {a: {exact: b}, c: {}}}", "{headers: {c: {}, a: {exact: b}}}"], twice);
    said_of(&["{uri: {exact: ''}}", "{uri: {}}"], "");
    said_of(&["{sourceLabels: {}}", "{}"], twice);
    said_of(&["{}", "{statPrefix: a}"], "");
}

#[test]
fn prefixes_that_an_earlier_one_covers() {
    let covered = "W spec.http[1].match[0]";
    said_of(&["{uri: {prefix: /a}}", "{uri: {prefix: /ab}}"], covered);
    said_of(&["{uri: {prefix: /ab}}", "{uri: {prefix: /a}}"], "");
    said_of(&["{uri: {prefix: /a}}", "{uri: {prefix: /ab}, port: 1}"], "");
    said_of(&["{uri: {prefix: /a}}", "{uri: {exact: /ab}}"], "");
    // No method counts as GET.
    said_of(&["{uri: {prefix: /a}}", "{uri: {prefix: /ab}, method: {exact: GET}}"], covered);
    said_of(&["{uri: {prefix: /a}}", "{uri: {prefix: /ab}, method: {exact: POST}}"], "");
    said_of(
        &[
            "{uri: {prefix: /a}, method: {exact: GETS}}",
            "{uri: {prefix: /ab}, method: {exact: GET}}",
        ],
        covered,
    );
    said_of(&["{uri: {prefix: /a}, authority: {exact: x}}", "{uri: {prefix: /ab}}"], covered);
    said_of(&["{uri: {prefix: /a}}", "{uri: {prefix: /ab}, authority: {exact: x}}"], "");
    said_of(
        &[
            "{uri: {prefix: /a}, headers: {h: {exact: v}}}",
            "{uri: {prefix: /ab}, headers: {h: {exact: v}}}",
        ],
        covered,
    );
    said_of(
        &[
            "{uri: {prefix: /a}, headers: {h: {exact: v}}}",
            "{uri: {prefix: /ab}, headers: {h: {regex: v}}}",
        ],
        covered,
    );
    said_of(&["{uri: {prefix: /a}, headers: {h: {exact: v}}}", "{uri: {prefix: /ab}}"], "");
    said_of(
        &[
            "{uri: {prefix: /a}, queryParams: {q: {exact: v}}}",
            "{uri: {prefix: /ab}, queryParams: {r: {exact: v}}}",
        ],
        "",
    );
    said_of(&["{uri: {prefix: /a}}, {uri: {prefix: /ab}}"], "W spec.http[0].match[1]");
    said_of(
        &["", "{uri: {prefix: /a}}, {uri: {prefix: /ab}}"],
        "W spec.http[1].match[0], W spec.http[1].match[1]",
    );
}

#[test]
fn tls_and_tcp() {
    let route = "route: [{destination: {host: a}}]";
    let tcp = |list: &str| {
        format!("{{hosts: [a], tcp: [{{match: [{{port: 1}}], {route}}}, {{{list}{route}}}]}}")
    };
    check(
        "VirtualService",
        tcp,
        &[
            ("match: [{port: 1}], ", "W spec.tcp[1].match[0], W spec.tcp[1]"),
            ("match: [{port: 2}], ", ""),
            ("", ""),
        ],
    );
    let tls = |port: &str| {
        let rule = |port: &str| format!("{{match: [{{sniHosts: [a], port: {port}}}], {route}}}");
        format!("{{hosts: [a], tls: [{}, {}]}}", rule("1"), rule(port))
    };
    check("VirtualService", tls, &[("1", "W spec.tls[1].match[0], W spec.tls[1]"), ("2", "")]);
}

#[test]
fn many_rules_are_analysed_in_time() {
    let rules: Vec<String> = (0..20_000).map(|i| format!("{{uri: {{prefix: /{i}/}}}}")).collect();
    let text: Vec<&str> = rules.iter().map(String::as_str).collect();
    said_of(&text, "");
}
