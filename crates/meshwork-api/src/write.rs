//! Writes resources as YAML.

use serde::Serialize;

/// Writes an object, or anything of this crate, as a YAML document.
///
/// It says what kubectl would show: fields that are not set are left out. Several documents are
/// joined with `---` lines between them.
///
/// ```
/// use meshwork_api::{Object, networking::VirtualService, to_yaml};
/// let spec = VirtualService { hosts: vec!["reviews".into()], ..Default::default() };
/// let yaml = to_yaml(&Object::new("default", "reviews", spec)).unwrap();
/// assert!(yaml.contains("kind: VirtualService"));
/// ```
///
/// # Errors
/// The value cannot be represented, which no resource of this crate is.
pub fn to_yaml<T: Serialize + ?Sized>(value: &T) -> Result<String, WriteError> {
    // Through JSON, so that what is written is what the JSON reading knows.
    let value = serde_json::to_value(value).map_err(|error| WriteError(error.to_string()))?;
    serde_saphyr::to_string(&value).map_err(|error| WriteError(error.to_string()))
}

/// A value cannot be written as YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot be written as YAML: {0}")]
pub struct WriteError(String);
