//! What proxies see.

mod egress;
mod gateway;
mod implicit;
mod listeners;
mod properties;
mod selection;
mod virtual_services;

use crate::EgressScope;

/// The hosts of the services, in order.
fn hosts(scope: &EgressScope) -> Vec<&str> {
    scope.services.iter().map(|service| service.host.as_str()).collect()
}
