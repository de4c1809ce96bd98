//! YAML to JSON values, and to places. The YAML parser is known to this module alone.

mod composer;
mod placer;

use super::Limits;
use super::piece::{Composed, Piece, Take};
use composer::Composer;
pub(crate) use placer::places;
use serde_saphyr::granit_parser::{Marker, Options, Parser, Span, StrInput};
use std::ops::Range;

/// Why a text is no YAML that can be read here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
}

impl SyntaxError {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span }
    }
}

/// Reads a text that holds one document, or several parted by `...`.
///
/// What was read before an error is kept.
pub(crate) fn compose(text: &str, limits: &Limits) -> (Vec<Composed>, Option<SyntaxError>) {
    let mut documents = Vec::new();
    let result = pieces(text, limits, false, &mut |piece| {
        if let Piece::Document(document) = piece {
            documents.push(document);
        }
    });
    (documents, result.err())
}

/// Like [`compose`], handing over each document, and each item of a list where `by_item` says so,
/// as soon as it is read.
pub(crate) fn pieces(
    text: &str,
    limits: &Limits,
    by_item: bool,
    take: &mut Take<'_>,
) -> Result<(), SyntaxError> {
    let mut composer = Composer::new(text, limits, by_item);
    for event in parser(text, limits) {
        match event {
            Ok((event, span)) => composer.event(event, bytes(&span, text), take)?,
            Err(error) => {
                let at = offset(error.marker(), text);
                return Err(SyntaxError::new(error.info(), at..at));
            }
        }
    }
    Ok(())
}

fn parser<'t>(text: &'t str, limits: &Limits) -> Parser<'t, StrInput<'t>> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = limits.max_depth;
    options.block_nesting_limit = limits.max_depth;
    Parser::new_from_str_with_options(text, options)
}

fn bytes(span: &Span, text: &str) -> Range<usize> {
    let start = offset(&span.start, text);
    start..offset(&span.end, text).max(start)
}

fn offset(marker: &Marker, text: &str) -> usize {
    marker.byte_offset().unwrap_or_else(|| {
        text.char_indices().nth(marker.index()).map_or(text.len(), |(offset, _)| offset)
    })
}
