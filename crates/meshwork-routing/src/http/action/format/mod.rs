//! Header values with Envoy's command operators: `%REQ(x-tenant)%`, `%PROTOCOL%`, `%%`.

mod command;
mod context;
mod parse;

use std::{fmt, sync::Arc};

use command::Command;
pub use context::FormatContext;
pub use parse::FormatError;

/// A header value, read once and evaluated for each message.
///
/// ```
/// use meshwork_routing::Format;
/// let format: Format = "100%%".parse()?;
/// assert_eq!(format.as_literal(), Some("100%"));
/// # Ok::<(), meshwork_routing::FormatError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Format {
    text: Arc<str>,
    pieces: Arc<[Piece]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Piece {
    Text(Arc<str>),
    Command {
        command: Command,
        /// The most characters of the value that are used.
        most: Option<usize>,
    },
}

impl Format {
    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value, where it is the same for every message.
    pub fn as_literal(&self) -> Option<&str> {
        match &*self.pieces {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The operators that Envoy knows and meshwork has no value for; they stand for nothing.
    pub fn without_value(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Command { command: Command::Other(name), .. } => Some(&**name),
            _ => None,
        })
    }

    /// The value for one message; what is not known stands for nothing.
    pub fn evaluate(&self, cx: &FormatContext<'_>) -> Vec<u8> {
        let mut value = Vec::with_capacity(self.text.len());
        for piece in &*self.pieces {
            match piece {
                Piece::Text(text) => value.extend_from_slice(text.as_bytes()),
                Piece::Command { command, most } => {
                    let start = value.len();
                    command.write(cx, &mut value);
                    if let Some(most) = most {
                        value.truncate(start + most);
                    }
                }
            }
        }
        value
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}
