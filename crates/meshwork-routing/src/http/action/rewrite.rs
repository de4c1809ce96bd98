//! Rewrites of the path and the authority of a forwarded request.

use std::sync::Arc;

use meshwork_core::Re2Rewrite;

/// `http[].rewrite`.
///
/// The path is rewritten as it was matched (normalised); the query stays. Nothing is matched or
/// normalised again afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Rewrite {
    /// What becomes of the path.
    pub path: Option<PathRewrite>,
    /// `rewrite.authority`; it wins over every Host that header operations set.
    pub authority: Option<Arc<str>>,
}

/// How a path is rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathRewrite {
    /// `rewrite.uri`: the part that the route matched is replaced.
    Matched {
        /// Which part that is.
        matched: MatchedPath,
        /// What takes its place.
        with: Arc<str>,
    },
    /// `rewrite.uriRegexRewrite`: every match of the pattern is replaced, wherever it stands in
    /// the path without its query.
    Regex(Re2Rewrite),
}

/// The part of a path that a route's `uri` matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MatchedPath {
    /// That many bytes at the start (`prefix`; 1 where the route has no `uri`).
    Prefix(usize),
    /// All of it (`exact`, `regex`).
    Whole,
}

impl Rewrite {
    /// The new path with the query of the old one; `None` where the path stays as it is.
    ///
    /// ```
    /// use meshwork_routing::{MatchedPath, PathRewrite};
    /// let rewrite = PathRewrite::Matched { matched: MatchedPath::Prefix(4), with: "/".into() };
    /// assert_eq!(rewrite.apply("/foo/bar?x=1"), "//bar?x=1");
    /// ```
    pub fn apply(&self, path_and_query: &str) -> Option<String> {
        self.path.as_ref().map(|rewrite| rewrite.apply(path_and_query))
    }
}

impl PathRewrite {
    /// The rewritten path with the query of the old one.
    pub fn apply(&self, path_and_query: &str) -> String {
        let (path, query) = match path_and_query.find('?') {
            Some(at) => path_and_query.split_at_checked(at).unwrap_or((path_and_query, "")),
            None => (path_and_query, ""),
        };
        match self {
            Self::Matched { matched, with } => {
                let rest = match matched {
                    MatchedPath::Prefix(length) => path.get(*length..).unwrap_or_default(),
                    MatchedPath::Whole => "",
                };
                [with, rest, query].concat()
            }
            Self::Regex(rewrite) => {
                let mut new = rewrite.apply(path).into_owned();
                new.push_str(query);
                new
            }
        }
    }
}
