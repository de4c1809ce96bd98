//! What the webhook and the schema say of a scenario's objects.

use meshwork_api::{schema, validation};

use crate::vectors::{
    answer::{Answer, SchemaAnswer},
    read::is_istio,
    scenario::Question,
};

/// The webhook's verdicts, in the order of the Istio objects.
pub(super) fn verdicts(question: &Question) -> Vec<Answer<String>> {
    let istio = question.resources.iter().filter(|resource| is_istio(resource));
    let verdicts = istio.map(|resource| Ok(validation::verdict(resource).0.to_string()));
    verdicts.take(question.verdicts).collect()
}

/// The schema's verdicts, in the order of the Istio objects.
pub(super) fn schema(question: &Question) -> Vec<Answer<SchemaAnswer>> {
    let istio = question.resources.iter().filter(|resource| is_istio(resource));
    let verdict = |resource| {
        let checked = schema::check(resource);
        let verdict = if checked.is_rejected() { "rejected" } else { "accepted" };
        Ok(SchemaAnswer { verdict: verdict.to_owned(), unknown_fields: checked.unknown_fields })
    };
    istio.map(verdict).take(question.schema).collect()
}
