//! Ordered rules and their linear evaluation.

use std::sync::Arc;

use hashbrown::HashMap;
use meshwork_core::{FieldPath, Mismatch, Outcome, Step};

use super::{Clause, Facts, Field, Named, screen::Screen};
use crate::http::Route;

/// A route and the clauses that a request has to meet for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) clauses: Box<[Clause]>,
    pub(crate) route: Arc<Route>,
    /// Whether Istio takes the rule for one that matches everything.
    pub(crate) catch_all: bool,
}

/// Rules in order; the first that holds wins.
///
/// INVARIANT: the slots in the clauses number the distinct names of the whole set.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleSet {
    rules: Box<[Rule]>,
    /// What each rule most likely fails by.
    screens: Box<[Screen]>,
    /// The names that clauses look at, by slot.
    names: Box<[Named]>,
}

impl Rule {
    /// A rule that every request with a path meets.
    pub(crate) fn everything(route: Route, path: Clause) -> Self {
        Self { clauses: Box::new([path]), route: Arc::new(route), catch_all: true }
    }

    /// Whether the request meets all clauses.
    pub(super) fn holds(&self, facts: &Facts<'_>) -> bool {
        self.clauses.iter().all(|clause| clause.holds(facts))
    }

    fn first_failing(&self, facts: &Facts<'_>) -> Option<&Clause> {
        self.clauses.iter().find(|clause| !clause.holds(facts))
    }
}

impl RuleSet {
    /// Numbers the names that the clauses look at.
    pub(crate) fn new(mut rules: Vec<Rule>) -> Self {
        let mut slots: HashMap<Named, u16> = HashMap::new();
        let mut names = Vec::new();
        for clause in rules.iter_mut().flat_map(|rule| &mut rule.clauses) {
            if let Field::Named(named, slot) = &mut clause.field {
                let next = u16::try_from(names.len()).unwrap_or(u16::MAX);
                *slot = *slots.entry(named.clone()).or_insert_with(|| {
                    names.push(named.clone());
                    next
                });
            }
        }
        Self { screens: Screen::of_rules(&rules), names: names.into(), rules: rules.into() }
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The first rule that the request meets.
    pub(crate) fn first_match(&self, facts: &Facts<'_>) -> Option<&Rule> {
        let screened = self.screens.iter().zip(&self.rules);
        screened
            .filter(|(screen, _)| screen.admits(facts, &self.names))
            .map(|(_, rule)| rule)
            .find(|rule| rule.holds(facts))
    }

    /// What each rule says of the request, in order: the first of their clauses that fails, in the
    /// order in which they were written. The winner is the one that [`Self::first_match`] names.
    pub(crate) fn explain(&self, facts: &Facts<'_>) -> Vec<Step> {
        let winner = self.first_match(facts);
        let mut decided = false;
        let outcome = |rule: &Rule| {
            if decided {
                return Outcome::NotReached;
            }
            if winner.is_some_and(|winner| std::ptr::eq(winner, rule)) {
                decided = true;
                return Outcome::Won;
            }
            match rule.first_failing(facts) {
                Some(clause) => Outcome::Failed(mismatch(rule, clause, facts)),
                None => Outcome::NotReached,
            }
        };
        let mut outcome = outcome;
        self.rules
            .iter()
            .map(|rule| {
                let name = rule.route.name.as_deref().map(str::to_owned);
                Step::new(rule.route.rule.clone(), name, outcome(rule))
            })
            .collect()
    }
}

fn mismatch(rule: &Rule, clause: &Clause, facts: &Facts<'_>) -> Mismatch {
    let FieldPath { resource, path } = &rule.route.rule;
    let field = match (&clause.origin, path.is_empty()) {
        (_, true) => FieldPath::new(resource.clone(), ""),
        (origin, false) => FieldPath::new(resource.clone(), format!("{path}.{origin}")),
    };
    Mismatch::new(field, clause.wanted(), clause.found(facts))
}

#[cfg(test)]
mod tests;
