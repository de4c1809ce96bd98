//! JSON to values, with an eye on keys that stand twice.

use super::yaml::Composed;
use crate::proto::{Step, render};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};
use std::fmt;
use std::ops::Range;

/// Reads a text of one or several JSON values, each with its bytes in the text.
pub(crate) fn compose(
    text: &str,
    max_documents: usize,
) -> Result<Vec<(Range<usize>, Composed)>, serde_json::Error> {
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Composed>();
    loop {
        let before = stream.byte_offset();
        match stream.next() {
            Some(document) => documents.push((before..stream.byte_offset(), document?)),
            None => return Ok(documents),
        }
        if documents.len() > max_documents {
            return Ok(documents);
        }
    }
}

impl<'de> Deserialize<'de> for Composed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut state = State::default();
        let value = Seed(&mut state).deserialize(deserializer)?;
        // The places are found by path.
        let duplicates = state.duplicates.into_iter().map(|path| (path, 0..0)).collect();
        Ok(Self { value, duplicates })
    }
}

#[derive(Default)]
struct State {
    path: Vec<PathStep>,
    duplicates: Vec<String>,
}

enum PathStep {
    Key(String),
    Index(usize),
}

impl State {
    fn duplicate(&mut self) {
        if self.duplicates.len() < 100 {
            let steps: Vec<Step<'_>> = self
                .path
                .iter()
                .map(|step| match step {
                    PathStep::Key(key) => Step::Key(key),
                    PathStep::Index(index) => Step::Index(*index),
                })
                .collect();
            self.duplicates.push(render(&steps));
        }
    }
}

struct Seed<'s>(&'s mut State);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            self.0.path.push(PathStep::Index(items.len()));
            let item = access.next_element_seed(Seed(&mut *self.0))?;
            self.0.path.pop();
            match item {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            self.0.path.push(PathStep::Key(key.clone()));
            if map.contains_key(&key) {
                self.0.duplicate();
            }
            let value = access.next_value_seed(Seed(&mut *self.0))?;
            self.0.path.pop();
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}
