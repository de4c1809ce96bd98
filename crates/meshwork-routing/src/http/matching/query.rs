//! Query parameters as Envoy reads them: nothing is decoded.

/// The first value of a parameter; empty for one without `=`.
pub(super) fn first<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|parameter| {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        (key == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn takes_the_first_value_as_it_stands() {
        for (query, name, value) in [
            ("q=1&q=2", "q", Some("1")),
            ("q", "q", Some("")),
            ("q=", "q", Some("")),
            ("Q=1", "q", None),
            ("q=a%20b", "q", Some("a%20b")),
            ("q=a=b", "q", Some("a=b")),
            ("", "q", None),
            ("a&&q=1", "q", Some("1")),
        ] {
            assert_eq!(first(query, name), value, "{query}");
        }
    }
}
