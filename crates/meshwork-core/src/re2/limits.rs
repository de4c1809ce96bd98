//! What RE2's parser refuses although Rust's accepts it.

use regex_syntax::ast::{self, Ast, RepetitionKind, RepetitionRange, Visitor};

/// How often RE2 lets a pattern repeat, nested repetitions multiplied.
const MOST_REPEATS: u64 = 1000;

/// Walks a parsed pattern and stops at stacked or excessive repetitions.
#[derive(Default)]
pub(super) struct Limits {
    /// The product of the repetitions around the current node, one entry for each.
    factors: Vec<u64>,
}

impl Visitor for Limits {
    type Output = ();
    type Err = String;

    fn finish(self) -> Result<(), String> {
        Ok(())
    }

    fn visit_pre(&mut self, node: &Ast) -> Result<(), String> {
        let Ast::Repetition(repetition) = node else { return Ok(()) };
        if matches!(*repetition.ast, Ast::Repetition(_)) {
            return Err("bad repetition operator: one directly after another".into());
        }
        let times = most(repetition);
        let product = self.factors.last().copied().unwrap_or(1).saturating_mul(times.max(1));
        if product > MOST_REPEATS {
            return Err(format!("bad repetition operator: more than {MOST_REPEATS} times"));
        }
        self.factors.push(product);
        Ok(())
    }

    fn visit_post(&mut self, node: &Ast) -> Result<(), String> {
        if matches!(node, Ast::Repetition(_)) {
            self.factors.pop();
        }
        Ok(())
    }
}

/// The counted part of a repetition; `*`, `+` and `?` count for nothing.
fn most(repetition: &ast::Repetition) -> u64 {
    match &repetition.op.kind {
        RepetitionKind::Range(
            RepetitionRange::Exactly(times)
            | RepetitionRange::AtLeast(times)
            | RepetitionRange::Bounded(_, times),
        ) => u64::from(*times),
        _ => 1,
    }
}
