//! Istio's bookinfo as axum services behind meshwork, and the tour of it.

#![forbid(unsafe_code)]

pub mod apps;
pub mod registrar;
pub mod stages;
pub mod tour;
pub mod town;
