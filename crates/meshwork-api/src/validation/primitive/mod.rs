//! What the rules of all kinds are made of: names, addresses, headers, expressions.

pub(crate) mod address;
pub(crate) mod cel;
pub(crate) mod header;
pub(crate) mod hosts;
pub(crate) mod jwks;
pub(crate) mod name;
pub(crate) mod protocol;
pub(crate) mod regex;
pub(crate) mod scalar;
pub(crate) mod url;
