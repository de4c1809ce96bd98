//! What becomes of connections: the traps of listeners, TLS and TCP routes, gateways, inbound.

mod gateway;
mod inbound;
mod mesh;
mod outbound;
mod sharing;
