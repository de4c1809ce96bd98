//! Hosts by chance.

use crate::{Balance, Choice, Host, Picker, Set, randomness::reduce};

/// Any host with equal probability (Istio's `RANDOM`). Weights do not count, as in Envoy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Random {}

impl Balance for Random {
    fn picker(&self, _set: &Set<'_>) -> Box<dyn Picker> {
        Box::new(RandomPicker)
    }
}

#[derive(Debug)]
struct RandomPicker;

impl Picker for RandomPicker {
    fn pick(&self, hosts: &[Host], choice: &mut Choice<'_>) -> Option<usize> {
        // Envoy takes the number that chose the priority once more.
        reduce(choice.draw, hosts.len())
    }
}
