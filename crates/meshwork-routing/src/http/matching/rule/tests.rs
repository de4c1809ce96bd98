//! Screens change nothing: the first rule that the plain evaluator finds is the one that is found.

use http::{HeaderMap, HeaderName, HeaderValue};
use meshwork_core::{Attributes, RequestHead, ResourceRef, SeededDraws, StringMatch};
use proptest::prelude::*;

use super::*;
use crate::http::{RouteAction, RouteInput, matching::Origin};

/// Short words and long ones that differ at their beginning, in the middle or in case alone.
const WORDS: [&str; 10] = [
    "",
    "a",
    "ab",
    "A",
    "/api/v1/things/1",
    "/api/v1/things/2",
    "/bpi/v1/things/2",
    "/api/v1/things/2/below",
    "/API/V1/things/2",
    "things/2",
];

fn matcher() -> impl Strategy<Value = StringMatch> {
    let word = prop::sample::select(WORDS.to_vec());
    (0..7u8, word).prop_map(|(kind, word)| match kind {
        0 | 1 => StringMatch::exact(word),
        2 => StringMatch::prefix(word),
        3 => StringMatch::ExactIgnoreCase(word.into()),
        4 => StringMatch::PrefixIgnoreCase(word.into()),
        5 => StringMatch::Suffix(word.into()),
        _ => StringMatch::Present,
    })
}

fn field() -> impl Strategy<Value = Field> {
    (0..9u8, 0..20u8).prop_map(|(kind, number)| match kind {
        0 | 1 => Field::Path,
        2 => Field::PathAndQuery,
        3 => Field::Method,
        4 => Field::Authority,
        5 => Field::Named(Named::Query(format!("q{number}").into()), 0),
        6 => Field::Nothing,
        // More names than are remembered.
        _ => Field::Named(
            Named::Header {
                name: HeaderName::try_from(format!("h{number}")).unwrap(),
                joined: number % 2 == 0,
            },
            0,
        ),
    })
}

fn clause() -> impl Strategy<Value = Clause> {
    let matchers = prop::collection::vec(matcher(), 1..3);
    (field(), matchers, any::<bool>(), any::<bool>()).prop_map(|(field, any, negated, empty)| {
        Clause {
            field,
            any: any.into(),
            negated,
            missing_is_empty: negated && empty,
            origin: Origin::Uri,
        }
    })
}

fn rules() -> impl Strategy<Value = RuleSet> {
    let clauses = prop::collection::vec(clause(), 0..4);
    prop::collection::vec(clauses, 0..12).prop_map(|rules| {
        let rule = |(number, clauses): (usize, Vec<Clause>)| {
            let resource = ResourceRef::new("VirtualService", "ns", "vs");
            let field = FieldPath::new(resource, format!("spec.http[{number}]"));
            let route = Arc::new(Route::new(field, RouteAction::BlackHole));
            Rule { clauses: clauses.into(), route, catch_all: false }
        };
        RuleSet::new(rules.into_iter().enumerate().map(rule).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn screening_finds_what_the_plain_evaluator_finds(
        rules in rules(),
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 4),
        lines in prop::collection::vec((0..20u8, prop::sample::select(WORDS.to_vec())), 0..8),
    ) {
        let mut headers = HeaderMap::new();
        for (number, value) in lines {
            let name = HeaderName::try_from(format!("h{number}")).unwrap();
            headers.append(name, HeaderValue::from_static(value));
        }
        let target = format!("{}?q1={}&q2=a&q2=ab", words[0], words[1]);
        let head = RequestHead::new(words[2], "http", words[3], &target, &headers);
        let (attributes, draws) = (Attributes::default(), SeededDraws::new(1));
        let input = RouteInput::new(head, &attributes, &draws);
        let facts = Facts::new(&input);
        let plain = rules.rules().iter().find(|rule| rule.holds(&facts));
        let found = rules.first_match(&Facts::new(&input));
        prop_assert_eq!(plain.map(|rule| &rule.route.rule), found.map(|rule| &rule.route.rule));
    }
}
