//! What one request offers to clauses, looked up once each.

use std::cell::Cell;

use http::HeaderValue;
use meshwork_core::RequestHead;

use super::{Named, query};
use crate::http::{RouteInput, headers::join};

/// How many names are remembered; those beyond are looked up by each clause anew.
const REMEMBERED: usize = 16;

/// The request as clauses see it: values by name are looked up when first asked for, and
/// remembered.
pub(crate) struct Facts<'a> {
    input: &'a RouteInput<'a>,
    path: &'a str,
    slots: [Cell<Fact<'a>>; REMEMBERED],
}

/// What is known of a header or query parameter.
#[derive(Clone, Copy)]
pub(super) enum Fact<'a> {
    /// It was not asked for.
    Unread,
    Missing,
    One(&'a [u8]),
    /// Several lines of a header.
    Many,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(input: &'a RouteInput<'a>) -> Self {
        let path = input.head.path();
        Self { input, path, slots: [const { Cell::new(Fact::Unread) }; REMEMBERED] }
    }

    pub(crate) fn head(&self) -> &RequestHead<'a> {
        &self.input.head
    }

    pub(crate) fn path(&self) -> &'a str {
        self.path
    }

    /// Whether one of the values of `named` passes `test`; `None` where there is no value.
    pub(crate) fn any(
        &self,
        named: &Named,
        slot: u16,
        mut test: impl FnMut(&[u8]) -> bool,
    ) -> Option<bool> {
        if let Named::Claim(path) = named {
            let mut values = self.input.identity?.values(path.names()).peekable();
            values.peek()?;
            return Some(values.any(|value| test(value.as_bytes())));
        }
        match self.fact(named, slot) {
            Fact::Unread | Fact::Missing => None,
            Fact::One(value) => Some(test(value)),
            Fact::Many => {
                let Named::Header { name, joined } = named else { return None };
                let lines = self.input.head.headers.get_all(name);
                if *joined {
                    return Some(test(&join(lines.iter())));
                }
                Some(lines.iter().any(|line| test(line.as_bytes())))
            }
        }
    }

    /// What is known of `named`, looked up where it was not asked for before.
    #[inline]
    pub(super) fn fact(&self, named: &Named, slot: u16) -> Fact<'a> {
        let Some(cell) = self.slots.get(usize::from(slot)) else {
            return self.look_up(named);
        };
        let mut fact = cell.get();
        if matches!(fact, Fact::Unread) {
            fact = self.look_up(named);
            cell.set(fact);
        }
        fact
    }

    fn look_up(&self, named: &Named) -> Fact<'a> {
        match named {
            Named::Header { name, .. } => {
                let mut values = self.input.head.headers.get_all(name).iter();
                match (values.next(), values.next()) {
                    (None, _) => Fact::Missing,
                    (Some(value), None) => Fact::One(HeaderValue::as_bytes(value)),
                    (Some(_), Some(_)) => Fact::Many,
                }
            }
            Named::Query(name) => self
                .input
                .head
                .query()
                .and_then(|text| query::first(text, name))
                .map_or(Fact::Missing, |value| Fact::One(value.as_bytes())),
            Named::Claim(_) => Fact::Missing,
        }
    }
}
