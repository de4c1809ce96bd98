//! JSON to values, with an eye on keys that stand twice.

use super::piece::{Composed, Piece, Take};
use crate::proto::{Step, render};
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Map, Number, Value};
use std::fmt;
use std::ops::Range;

/// The bytes of the JSON values in a text of one or several.
pub(crate) fn documents(text: &str, most: usize) -> Result<Vec<Range<usize>>, Error> {
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut begin = 0;
    while let Some(document) = stream.next() {
        document?;
        documents.push(begin..stream.byte_offset());
        begin = stream.byte_offset();
        if documents.len() > most {
            break;
        }
    }
    Ok(documents)
}

/// Reads a text of one JSON value.
pub(crate) fn compose(text: &str) -> Result<Composed, Error> {
    read(text, None)
}

/// Like [`compose`], handing over the value, and each item of a list where `by_item` says so, as
/// soon as it is read.
pub(crate) fn pieces(text: &str, by_item: bool, take: &mut Take<'_>) -> Result<(), Error> {
    let document = read(text, if by_item { Some(&mut *take) } else { None })?;
    take(Piece::Document(document));
    Ok(())
}

fn read<'t>(text: &str, take: Option<&'t mut Take<'t>>) -> Result<Composed, Error> {
    let mut state = State { path: Vec::new(), duplicates: Vec::new(), lists: 0, take };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed(&mut state).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Composed { value, duplicates: state.duplicates, lists: state.lists, start: None })
}

struct State<'t> {
    path: Vec<PathStep>,
    duplicates: Vec<String>,
    lists: usize,
    /// Who takes the items of a list.
    take: Option<&'t mut Take<'t>>,
}

enum PathStep {
    Key(String),
    Index(usize),
}

impl State<'_> {
    /// Whether a list that comes next is the document's `items`.
    fn begins_items(&self) -> bool {
        let at_items = |path: &[PathStep]| matches!(path, [PathStep::Key(key)] if key == "items");
        self.take.is_some() && at_items(&self.path)
    }

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

struct Seed<'s, 't>(&'s mut State<'t>);

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
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
        let Self(state) = self;
        let by_item = state.begins_items();
        let before = state.duplicates.len();
        let mut items = Vec::new();
        let mut index = 0;
        loop {
            state.path.push(PathStep::Index(index));
            let item = access.next_element_seed(Seed(&mut *state))?;
            state.path.pop();
            let Some(value) = item else { break };
            match &mut state.take {
                Some(take) if by_item => {
                    let duplicates = state.duplicates.split_off(before);
                    take(Piece::Item(index, Composed { value, duplicates, lists: 0, start: None }));
                }
                _ => items.push(value),
            }
            index += 1;
        }
        state.lists += usize::from(by_item);
        Ok(Value::Array(items))
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
