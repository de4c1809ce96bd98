//! What a message is made of, as data: used for suggestions, coverage and documentation.

/// The fields of one message.
#[derive(Debug)]
pub struct Descriptor {
    /// The full proto name, `istio.networking.v1alpha3.HTTPRoute`.
    pub name: &'static str,
    /// The fields in the order of the proto file.
    pub members: &'static [Member],
}

/// A field of a message, or a group of which at most one member can be set.
#[derive(Debug)]
pub enum Member {
    /// One field.
    Field {
        /// The JSON name, `directResponse`.
        json: &'static str,
        /// The name of the field in the Rust struct, `direct_response`.
        ident: &'static str,
        /// What it holds.
        shape: fn() -> Shape,
    },
    /// A oneof; its members stand in the JSON beside the other fields.
    Oneof {
        /// The name of the field in the Rust struct.
        ident: &'static str,
        /// The members, all of them [`Member::Field`].
        members: fn() -> &'static [Member],
    },
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A JSON scalar, named as in proto3: `string`, `bool`, `int32`, `Duration`, …
    Scalar(&'static str),
    /// One of these names (or their numbers).
    Enum(&'static [&'static str]),
    /// A message.
    Message(&'static Descriptor),
    /// A list.
    List(fn() -> Shape),
    /// A map.
    Map(fn() -> Shape),
    /// Any JSON.
    Any,
}

impl Descriptor {
    /// The fields with the members of oneofs among them.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, Shape)> + use<> {
        self.members.iter().flat_map(|member| {
            let members: &'static [Member] = match member {
                Member::Field { .. } => std::slice::from_ref(member),
                Member::Oneof { members, .. } => members(),
            };
            members.iter().filter_map(|member| match member {
                Member::Field { json, shape, .. } => Some((*json, shape())),
                Member::Oneof { .. } => None,
            })
        })
    }

    /// Whether only a part of the message is modelled, so that unknown fields say nothing.
    pub fn is_partial(&self) -> bool {
        self.name.starts_with("io.k8s.")
    }

    /// The JSON name of the field that `proto_name` (`direct_response`) stands for.
    pub(crate) fn json_name(&self, proto_name: &str) -> Option<&'static str> {
        // The few fields whose proto name is not in snake case have no second spelling.
        if !self.name.starts_with("istio.")
            || !proto_name.contains('_')
            || matches!(proto_name, "target_ref" | "target_refs" | "mesh_mtls")
            || (self.name == "istio.mesh.v1alpha1.LabelSelector")
        {
            return if proto_name == "mesh_mTLS" { Some("meshMTLS") } else { None };
        }
        self.members.iter().find_map(|member| match member {
            Member::Field { json, ident, .. } => {
                (ident.trim_end_matches('_') == proto_name).then_some(*json)
            }
            Member::Oneof { members, .. } => members().iter().find_map(|member| match member {
                Member::Field { json, .. } => is_snake_of(proto_name, json).then_some(*json),
                Member::Oneof { .. } => None,
            }),
        })
    }

    /// The field that whoever wrote `name` probably meant.
    pub(crate) fn suggestion(&self, name: &str) -> Option<&'static str> {
        closest(name, self.fields().map(|(json, _)| json))
    }
}

/// The candidate nearest to `name`, if one is near enough to be what was meant.
pub(crate) fn closest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = 1 + name.chars().count().min(64) / 4;
    candidates
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance without regard to case and underscores, capped for long input.
fn distance(left: &str, right: &str) -> usize {
    let fold = |text: &str| -> Vec<char> {
        text.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).take(64).collect()
    };
    let (left, right) = (fold(left), fold(right));
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.iter().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(before);
        for (r, above) in right.iter().zip(row.iter().skip(1)) {
            let cost = (diagonal + usize::from(l != r)).min(above + 1).min(before + 1);
            diagonal = *above;
            before = cost;
            next.push(cost);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

fn is_snake_of(snake: &str, camel: &str) -> bool {
    let mut snake = snake.chars();
    for c in camel.chars() {
        if c.is_ascii_uppercase() && snake.next() != Some('_') {
            return false;
        }
        if snake.next() != Some(c.to_ascii_lowercase()) {
            return false;
        }
    }
    snake.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let fields = ["rules", "action", "selector", "targetRefs"];
        for (written, meant) in [
            ("rule", Some("rules")),
            ("Selector", Some("selector")),
            ("targetRef", Some("targetRefs")),
            ("target_refs", Some("targetRefs")),
            ("somethingElse", None),
            ("", None),
        ] {
            assert_eq!(closest(written, fields.into_iter()), meant, "{written}");
        }
    }
}
