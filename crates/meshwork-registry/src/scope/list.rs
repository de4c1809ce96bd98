//! VirtualServices in the order of their precedence, cheap to copy and to compare.

use std::{fmt, sync::Arc};

use meshwork_api::{Object, Timestamp, networking::VirtualService};
use meshwork_core::PersistentMap;

/// VirtualServices in the order of precedence.
///
/// A clone is one pointer, and two versions of a list are compared in time that follows what they
/// differ in.
#[derive(Clone, Default, PartialEq)]
pub struct VirtualServices(PersistentMap<Precedence, Arc<Object<VirtualService>>>);

/// The place of a VirtualService in a list: what is private or exported by name goes before what
/// is public; then age decides, then name and namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Precedence {
    public: bool,
    /// Whether it stands behind those of Gateway API routes in the client's own namespace.
    later: bool,
    rank: u8,
    created: Option<Timestamp>,
    name: Arc<str>,
    namespace: Arc<str>,
}

/// What happened at one place of a list.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a place before and after, and nothing else")]
pub struct ListChange<'a> {
    /// The place.
    pub place: &'a Precedence,
    /// What stood there.
    pub before: Option<&'a Arc<Object<VirtualService>>>,
    /// What stands there now.
    pub after: Option<&'a Arc<Object<VirtualService>>>,
}

/// The group of public VirtualServices; before it come private ones and those exported by name.
pub(super) const PUBLIC: u8 = 2;

impl Precedence {
    pub(super) fn new(rank: u8, object: &Object<VirtualService>) -> Self {
        let meta = &object.metadata;
        Self {
            public: rank == PUBLIC,
            later: false,
            rank,
            created: meta.creation_timestamp,
            name: meta.name.as_str().into(),
            namespace: meta.namespace.as_str().into(),
        }
    }

    /// Whether it is one that every namespace sees.
    pub(super) fn is_public(&self) -> bool {
        self.public
    }

    /// The same place, behind those that are preferred.
    pub(super) fn later(&self, later: bool) -> Self {
        Self { later, ..self.clone() }
    }
}

impl VirtualServices {
    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Object<VirtualService>>> {
        self.0.values()
    }

    /// All of them in order, with their places.
    pub fn places(&self) -> impl Iterator<Item = (&Precedence, &Arc<Object<VirtualService>>)> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are one list.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }

    /// Where `newer` has another object than this list, by identity.
    pub fn changes<'a>(&'a self, newer: &'a Self) -> impl Iterator<Item = ListChange<'a>> {
        let same = |(before, after): (&Arc<_>, &Arc<_>)| Arc::ptr_eq(before, after);
        self.0
            .diff(&newer.0)
            .filter(move |change| !change.before.zip(change.after).is_some_and(same))
            .map(|change| ListChange {
                place: change.key,
                before: change.before,
                after: change.after,
            })
    }

    pub(super) fn insert(&mut self, place: Precedence, object: &Arc<Object<VirtualService>>) {
        self.0.insert(place, Arc::clone(object));
    }

    pub(super) fn remove(&mut self, place: &Precedence) {
        self.0.remove(place);
    }
}

impl FromIterator<(Precedence, Arc<Object<VirtualService>>)> for VirtualServices {
    fn from_iter<I: IntoIterator<Item = (Precedence, Arc<Object<VirtualService>>)>>(
        entries: I,
    ) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl fmt::Debug for VirtualServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|object| object.reference())).finish()
    }
}
