//! The schema of ProxyConfig.

use super::common::SELECTOR;
use crate::schema::node::{Node, TEXT, integer, map, object};

pub(super) const IMAGE: Node = object(&[("imageType", TEXT)]);

pub(in crate::schema) const PROXY_CONFIG: Node = object(&[
    ("concurrency", integer(0, i32::MAX as i64).nullable()),
    ("environmentVariables", map(&TEXT.max(2048))),
    ("image", IMAGE),
    ("selector", SELECTOR),
]);
