//! Recorded verdicts of istiod's webhook and of API servers, held against both layers.

use meshwork_api::{schema, validation};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Every recorded verdict of the family `validation`, of either layer.
#[test]
fn recorded_objects_get_the_recorded_verdicts() {
    let mut tally = Tally::default();
    for file in files_of("validation") {
        tally.scenario(&file);
    }
    tally.assert(1_000, 1_000);
}

/// The other families hold objects of the same kinds; without `verdicts` the webhook took all.
#[test]
fn objects_of_the_other_families_get_the_recorded_verdicts() {
    let mut tally = Tally::default();
    let families = std::fs::read_dir(vectors()).unwrap().map(|entry| entry.unwrap().file_name());
    for family in families.filter_map(|name| name.into_string().ok()) {
        if family != "validation" && vectors().join(&family).is_dir() {
            for file in files_of(&family) {
                tally.scenario(&file);
            }
        }
    }
    tally.assert(1_000, 0);
}

#[derive(Default)]
struct Tally {
    verdicts: usize,
    schemas: usize,
    differences: String,
}

impl Tally {
    fn scenario(&mut self, file: &Path) {
        let text = std::fs::read_to_string(file).unwrap();
        let scenario: Value = serde_saphyr::from_str(&text).unwrap();
        let list = |key: &str| scenario[key].as_array().cloned().unwrap_or_default();
        let objects: Vec<Value> = list("resources").into_iter().filter(is_istio).collect();
        let (verdicts, schemas) = (list("verdicts"), list("schema"));
        let name = file.strip_prefix(vectors()).unwrap().display().to_string();
        assert!(verdicts.is_empty() || verdicts.len() == objects.len(), "{name}");
        assert!(schemas.is_empty() || schemas.len() == objects.len(), "{name}");
        for (index, object) in objects.iter().enumerate() {
            let recorded = verdicts.get(index);
            let expected = recorded.map_or("accepted", |v| v["verdict"].as_str().unwrap());
            let (verdict, report) = validation::verdict(object);
            self.verdicts += 1;
            if verdict.to_string() != expected {
                let message = recorded.map_or("", |v| v["message"].as_str().unwrap_or_default());
                self.differ(
                    &name,
                    object,
                    &format!("webhook {verdict}: {report}"),
                    expected,
                    message,
                );
            }
            if let Some(recorded) = schemas.get(index) {
                self.schemas += 1;
                self.schema(&name, object, recorded);
            }
        }
    }

    fn schema(&mut self, name: &str, object: &Value, recorded: &Value) {
        let result = schema::check(object);
        let verdict = if result.is_rejected() { "rejected" } else { "accepted" };
        let expected = recorded["verdict"].as_str().unwrap();
        let unknown: Vec<&str> = recorded["unknown_fields"]
            .as_array()
            .map_or_else(Vec::new, |paths| paths.iter().filter_map(Value::as_str).collect());
        if verdict != expected || unknown != result.unknown_fields {
            let got = format!("schema {verdict} {:?}: {}", result.unknown_fields, result.report);
            let message = recorded["message"].as_str().unwrap_or_default();
            self.differ(name, object, &got, &format!("{expected} {unknown:?}"), message);
        }
    }

    fn differ(&mut self, file: &str, object: &Value, got: &str, expected: &str, message: &str) {
        let (kind, name) = (&object["kind"], &object["metadata"]["name"]);
        writeln!(
            self.differences,
            "{file} {kind} {name}\n   got {got}\n   not {expected} {message}"
        )
        .unwrap();
    }

    /// Fails on any difference, and on fewer comparisons than there have to be.
    fn assert(&self, verdicts: usize, schemas: usize) {
        assert!(self.verdicts >= verdicts && self.schemas >= schemas, "too few objects");
        let count = self.differences.matches("   got ").count();
        assert!(count == 0, "{count} of them differ:\n{}", self.differences);
    }
}

/// The objects of a family.
pub(crate) fn objects(family: &str) -> Vec<Value> {
    let read = |file: PathBuf| -> Value {
        serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    };
    let scenarios = files_of(family).into_iter().map(read);
    let lists = scenarios.map(|scenario| scenario["resources"].as_array().unwrap().clone());
    lists.flatten().filter(is_istio).collect()
}

fn is_istio(object: &Value) -> bool {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    version.split_once('/').is_some_and(|(group, _)| group.ends_with(".istio.io"))
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../xtask/vectors")
}

fn files_of(family: &str) -> Vec<PathBuf> {
    let folder = vectors().join(family);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files
}
