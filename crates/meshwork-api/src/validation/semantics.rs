//! What a VirtualService says of all its routes.

use super::findings::{Findings, quote};
use super::place::Place;
use super::primitive::name::{check_fqdn, is_dns_label};

/// What of the whole object matters to each of its routes.
#[derive(Clone, Copy)]
pub(super) struct Semantics {
    /// Made by istiod from routes of the Gateway API, whose destinations it checked itself.
    pub(super) from_gateway_api: bool,
    /// Has no hosts: others delegate to it.
    pub(super) delegate: bool,
    /// The list of gateways does not name `mesh`; so an empty list counts as well.
    pub(super) gateways_only: bool,
}

/// Names of gateways, `namespace/name` or the legacy `name` or `name.namespace.svc…`.
pub(super) fn gateway_names(
    place: &Place<'_>,
    gateways: &[String],
    from_gateway_api: bool,
    out: &mut Findings<'_>,
) {
    for (index, gateway) in gateways.iter().enumerate() {
        let place = place.item("gateways", index);
        let Some((namespace, name)) = gateway.split_once('/') else {
            if gateway.contains('.') {
                let message = format!(
                    "{} is the legacy form of a name; write `<namespace>/<name>`",
                    quote(gateway)
                );
                out.warn(&place, message);
            }
            if let Err(error) = check_fqdn(gateway) {
                out.error(&place, format!("the gateway name {} {error}", quote(gateway)));
            }
            // istiod looks at no name after one without a slash.
            return;
        };
        if !is_dns_label(namespace) {
            let message = format!("{} is not a namespace", quote(namespace));
            out.error(&place, message);
        }
        if !is_dns_label(name) && (!from_gateway_api || name.is_empty()) {
            out.error(&place, format!("{} is not the name of a gateway", quote(name)));
        }
    }
}
