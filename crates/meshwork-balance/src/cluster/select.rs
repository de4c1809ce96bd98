//! Choosing: a priority, perhaps a locality, then a host.

use std::sync::PoisonError;

use smallvec::SmallVec;

use super::sets::{HostSet, LocalityChoice, Sets};
use crate::{
    Attempts, Choice, Context, Randomness,
    priority::{Availability, Load, Loads},
};

/// The index of a member, and the priority it was found in.
pub(crate) type Selection = (usize, u32);

impl<E> Sets<E> {
    /// Chooses a host, passing over hosts that were tried before as often as is allowed.
    pub(crate) fn select(&self, cx: &Context<'_>) -> Option<Selection> {
        let mut random = Randomness::new(cx.random);
        let hash = match cx.hash {
            Some(hash) => hash,
            None if self.hashing => random.next(),
            None => 0,
        };
        let loads = if self.hashing { None } else { self.loads_for_retry(cx.attempts) };
        let loads = loads.as_deref().unwrap_or(&self.loads.loads);
        let more = cx.attempts.map_or(0, Attempts::more_choices);
        let mut selection = None;
        for attempt in 0..=more {
            let draw = if self.hashing { hash } else { random.next() };
            let choice = &mut Choice { now: cx.now, hash, attempt, draw, random: &mut random };
            let (host, found) = self.select_once(loads, choice)?;
            selection = Some(found);
            if !cx.attempts.is_some_and(|attempts| attempts.rejects(host)) {
                break;
            }
        }
        selection
    }

    fn select_once(
        &self,
        loads: &[Load],
        choice: &mut Choice<'_>,
    ) -> Option<(crate::HostId, Selection)> {
        let (priority, availability) = Loads::choose(loads, choice.draw % 100)?;
        let set = self.set(priority, availability, choice)?;
        let index = set.picker.pick(&set.hosts, choice)?;
        let host = set.hosts.get(index)?;
        let member = *set.members.get(index)?;
        Some((host.id(), (member, u32::try_from(priority).ok()?)))
    }

    fn set(
        &self,
        priority: usize,
        availability: Availability,
        choice: &mut Choice<'_>,
    ) -> Option<&HostSet> {
        let sets = self.priorities.get(priority)?;
        let Some(localities) = sets.localities(availability) else {
            return sets.set(availability);
        };
        let locality = match &localities.choice {
            LocalityChoice::Weighted { weights, turns } => turns
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pick(|index| weights.get(index).copied().unwrap_or(1.0)),
            LocalityChoice::ZoneAware { percent, routing } => {
                if *percent < 100 && choice.random.next() % 100 >= *percent {
                    None
                } else {
                    routing.choose(choice.random)
                }
            }
        };
        match locality {
            Some(locality) => localities.sets.get(locality),
            None => sets.set(availability),
        }
    }

    /// The loads without the priorities that retries should leave out.
    fn loads_for_retry(&self, attempts: Option<&Attempts>) -> Option<SmallVec<[Load; 16]>> {
        let attempts = attempts.filter(|attempts| !attempts.is_empty())?;
        let mut loads: SmallVec<[Load; 16]> = SmallVec::new();
        loads.resize(self.loads.loads.len(), Load::default());
        let is_excluded =
            |excluded: u64, index: usize| index < 64 && excluded & (1_u64 << index) != 0;
        let excluded = {
            let mut scratch = loads.clone();
            attempts.excluded_priorities(|excluded| {
                self.loads.without(|index| is_excluded(excluded, index), &mut scratch)
            })
        };
        if excluded == 0 {
            return None;
        }
        self.loads.without(|index| is_excluded(excluded, index), &mut loads).then_some(loads)
    }
}
