//! The resources of a mesh with their last good versions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use meshwork_api::{AnyObject, Layer, Report, Violation, mesh::MeshConfig};
use meshwork_core::{FieldPath, PersistentMap, ResourceRef};
use meshwork_registry::{Change, Registry, Resource, Settings};

use crate::{
    Applied, CompileReport, Diagnostic, Event, Level, Origin, Refusal, SourceId, objects::Objects,
    security,
};

/// Everything that sources have told, and what is in force of it.
///
/// What is in force does not depend on the order in which events came, except that a refused
/// change leaves the last good version of its resource in force.
///
/// ```
/// use meshwork_api::{Object, networking::VirtualService};
/// use meshwork_config::{ConfigStore, Event};
/// let mut store = ConfigStore::default();
/// let reviews = VirtualService { hosts: vec!["reviews".into()], ..Default::default() };
/// store.apply(Event::apply(Object::new("default", "reviews", reviews)));
/// assert_eq!(store.len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ConfigStore {
    mesh: Arc<MeshConfig>,
    pub(crate) registry: Registry,
    pub(crate) objects: Objects,
    in_force: BTreeMap<ResourceRef, InForce>,
    /// The resources in force of which admission had something to say.
    warned: BTreeSet<ResourceRef>,
    pub(crate) refused: Refused,
    /// Who told what was refused.
    refused_by: BTreeMap<RefusedKey, SourceId>,
    /// While listings are under way: what they have told so far.
    listings: BTreeMap<SourceId, Listing>,
    /// What the registry has not been told yet.
    pending: Vec<Change>,
}

/// What was refused and has not been mended or deleted since.
pub(crate) type Refused = PersistentMap<RefusedKey, Arc<Refusal>>;

/// A refused resource, or a text that is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefusedKey {
    Resource(ResourceRef),
    Text(Option<Origin>),
}

#[derive(Clone, Debug)]
struct InForce {
    source: SourceId,
    origin: Option<Origin>,
    warnings: Vec<Violation>,
}

#[derive(Clone, Debug, Default)]
struct Listing {
    told: BTreeSet<ResourceRef>,
    refused: BTreeSet<RefusedKey>,
    unreadable: BTreeSet<Arc<str>>,
    duplicates: Vec<(ResourceRef, Option<Origin>)>,
}

impl ConfigStore {
    /// A store of a mesh with this configuration.
    pub fn new(mesh: MeshConfig) -> Self {
        let mut store = Self::default();
        store.set_mesh(mesh);
        store
    }

    /// Replaces the mesh's configuration; everything follows from it anew.
    pub fn set_mesh(&mut self, mesh: MeshConfig) {
        self.mesh = Arc::new(mesh);
        let settings = Settings::new(Arc::clone(&self.mesh));
        self.registry = self.registry.with_settings(Arc::new(settings));
    }

    /// The mesh's configuration.
    pub fn mesh(&self) -> &Arc<MeshConfig> {
        &self.mesh
    }

    /// The namespace whose resources are the mesh's: `rootNamespace`, `istio-system` by default.
    pub fn root_namespace(&self) -> &str {
        match self.mesh.root_namespace.as_str() {
            "" => "istio-system",
            name => name,
        }
    }

    /// The services and workloads that are in force.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// How many resources are in force.
    pub fn len(&self) -> usize {
        self.in_force.len()
    }

    /// Whether nothing is in force.
    pub fn is_empty(&self) -> bool {
        self.in_force.is_empty()
    }

    /// Whether a resource is in force, in whatever version.
    pub fn contains(&self, resource: &ResourceRef) -> bool {
        self.in_force.contains_key(resource)
    }

    /// Where the version in force was read.
    pub fn origin(&self, resource: &ResourceRef) -> Option<&Origin> {
        self.in_force.get(resource)?.origin.as_ref()
    }

    /// What was refused and has not been mended or deleted since.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.refused.values().map(|refusal| &**refusal)
    }

    /// Takes one change.
    pub fn apply(&mut self, event: Event) {
        self.apply_all([event]);
    }

    /// Takes changes in their order; cheaper than one after the other.
    pub fn apply_all(&mut self, events: impl IntoIterator<Item = Event>) {
        self.apply_from(SourceId::default(), events);
    }

    /// Takes changes of one source among several.
    ///
    /// A listing lets go what the same source told before. A resource that two sources tell is the
    /// one's that told it last.
    pub fn apply_from(&mut self, source: SourceId, events: impl IntoIterator<Item = Event>) {
        for event in events {
            match event {
                Event::Init => drop(self.listings.insert(source, Listing::default())),
                Event::Apply(applied) => self.admit(source, *applied),
                Event::Refuse(refusal) => self.refuse(source, refusal),
                Event::Delete(resource) => self.delete(&resource),
                Event::InitDone => self.end_listing(source),
            }
        }
        let changes = std::mem::take(&mut self.pending);
        if !changes.is_empty() {
            self.registry.apply_all(changes);
        }
    }

    fn admit(&mut self, source: SourceId, applied: Applied) {
        let Applied { mut object, origin, report } = applied;
        let cluster_scoped = matches!(object, AnyObject::Node(_) | AnyObject::Namespace(_));
        let metadata = object.metadata_mut();
        if !cluster_scoped && metadata.namespace.is_empty() {
            metadata.namespace = DEFAULT_NAMESPACE.to_owned();
        }
        let resource = object.reference();
        if let Some(listing) = self.listings.get_mut(&source)
            && !listing.told.insert(resource.clone())
        {
            listing.duplicates.push((resource, origin));
            return;
        }
        self.mend(&RefusedKey::Resource(resource.clone()));
        let warnings: Vec<_> = report.warnings().cloned().collect();
        if warnings.is_empty() {
            self.warned.remove(&resource);
        } else {
            self.warned.insert(resource.clone());
        }
        if let Some(object) = self.objects.insert(&resource, object) {
            self.pending.extend(Resource::of(&object).map(Change::Apply));
        }
        self.in_force.insert(resource, InForce { source, origin, warnings });
    }

    fn refuse(&mut self, source: SourceId, mut refusal: Refusal) {
        let key = match &mut refusal.resource {
            Some(resource) => {
                if resource.namespace.is_empty() {
                    resource.namespace = DEFAULT_NAMESPACE.into();
                }
                RefusedKey::Resource(resource.clone())
            }
            None => RefusedKey::Text(refusal.origin.clone()),
        };
        if let Some(listing) = self.listings.get_mut(&source) {
            listing.refused.insert(key.clone());
            match (&key, &refusal.origin) {
                (RefusedKey::Resource(resource), _) => drop(listing.told.insert(resource.clone())),
                (RefusedKey::Text(_), Some(origin)) => {
                    listing.unreadable.insert(origin.file.clone());
                }
                (RefusedKey::Text(_), None) => {}
            }
        }
        self.keep_refusal(source, key, refusal);
    }

    fn keep_refusal(&mut self, source: SourceId, key: RefusedKey, refusal: Refusal) {
        self.refused_by.insert(key.clone(), source);
        self.refused.insert(key, Arc::new(refusal));
    }

    fn mend(&mut self, key: &RefusedKey) {
        self.refused_by.remove(key);
        self.refused.remove(key);
    }

    fn delete(&mut self, resource: &ResourceRef) {
        self.mend(&RefusedKey::Resource(resource.clone()));
        self.warned.remove(resource);
        if self.in_force.remove(resource).is_some() {
            self.objects.remove(resource);
            self.pending.push(Change::Delete(resource.clone()));
        }
    }

    /// What the source told before and did not tell in its listing is gone, unless it came from a
    /// text that cannot be read now.
    fn end_listing(&mut self, source: SourceId) {
        let Some(listing) = self.listings.remove(&source) else { return };
        let gone = |(resource, held): &(&ResourceRef, &InForce)| {
            let unreadable =
                held.origin.as_ref().is_some_and(|o| listing.unreadable.contains(&o.file));
            held.source == source && !listing.told.contains(*resource) && !unreadable
        };
        let gone: Vec<_> =
            self.in_force.iter().filter(gone).map(|(resource, _)| resource.clone()).collect();
        for resource in &gone {
            self.delete(resource);
        }
        let told = self.refused_by.iter().filter(|(_, by)| **by == source).map(|(key, _)| key);
        let mended: Vec<_> = told.filter(|key| !listing.refused.contains(*key)).cloned().collect();
        for key in &mended {
            self.mend(key);
        }
        for (resource, origin) in listing.duplicates {
            let first = self.origin(&resource).map(|o| format!(" at {o}")).unwrap_or_default();
            let mut report = Report::new();
            report.error(
                Layer::Reading,
                "metadata.name",
                format!("`{resource}` is defined{first} already; that definition is in force"),
            );
            let key = RefusedKey::Text(origin.clone());
            let refusal = Refusal {
                resource: Some(resource),
                origin,
                selector: None,
                report,
                rendered: String::new(),
            };
            self.keep_refusal(source, key, refusal);
        }
    }

    /// What admission had to say of the resources, and `found` beside it, with its places.
    pub(crate) fn report(&self, found: Vec<Diagnostic>) -> CompileReport {
        let refused = self.refusals().flat_map(|refusal| self.alarm(refusal));
        let warned =
            self.warned.iter().filter_map(|resource| self.in_force.get_key_value(resource));
        let warned = warned.flat_map(|(resource, held)| {
            held.warnings.iter().map(|violation| {
                let field = FieldPath::new(resource.clone(), violation.path.as_str());
                Diagnostic::new(Level::Warning, Some(field), violation.message.clone())
            })
        });
        let placed = found.into_iter().chain(warned).map(|mut diagnostic| {
            diagnostic.origin =
                diagnostic.resource().and_then(|resource| self.origin(resource)).cloned();
            diagnostic
        });
        let mut report = CompileReport { diagnostics: refused.chain(placed).collect() };
        report.sort();
        report
    }

    fn alarm<'a>(&self, refusal: &'a Refusal) -> impl Iterator<Item = Diagnostic> + use<'a> {
        let consequence = match &refusal.resource {
            Some(resource) if self.contains(resource) => "its last good version stays in force",
            Some(resource) if security::is_security(resource) => {
                "there is no good version: what it selects is refused"
            }
            Some(_) => "there is no good version: it has no effect",
            None => "what this text held before stays in force",
        };
        refusal.report.errors().map(move |violation| Diagnostic {
            level: Level::Alarm,
            field: refusal
                .resource
                .clone()
                .map(|resource| FieldPath::new(resource, violation.path.as_str())),
            origin: refusal.origin.clone(),
            message: format!("{}; {consequence}", violation.message),
        })
    }
}

/// The namespace of a resource that names none, as `kubectl` takes it.
const DEFAULT_NAMESPACE: &str = "default";
