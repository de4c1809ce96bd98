//! Rules: conjunctions of clauses over what a request offers, and the linear evaluator.
//!
//! A rule is AND of clauses; a clause is one field, an OR-list of matchers and a negation. The
//! first rule whose clauses all hold wins.

mod claim;
mod clause;
mod facts;
mod query;
mod rule;
mod screen;

pub(crate) use claim::ClaimPath;
pub(crate) use clause::{Clause, Field, Named, Origin};
pub(crate) use facts::Facts;
pub(crate) use rule::{Rule, RuleSet};
