//! What a policy may ask about.

use std::net::IpAddr;

use meshwork_core::{Attributes, RequestHead, RequestIdentity};

use crate::predicate::Trials;

/// A connection, or a request on it, that wants to pass.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AuthzInput<'a> {
    /// The connection: addresses, server name, the peer's verified identity.
    pub connection: &'a Attributes<'a>,
    /// The request after normalisation; `None` asks about the connection alone.
    pub request: Option<RequestHead<'a>>,
    /// The verified claims of the request's token.
    pub identity: Option<&'a RequestIdentity>,
    /// The client's address behind proxies (`remote.ip`); the connection's `source` where it is not
    /// known.
    pub remote: Option<IpAddr>,
    /// What earlier policies noted.
    pub(crate) trials: Trials<'a>,
}

impl<'a> AuthzInput<'a> {
    /// A request.
    pub fn request(connection: &'a Attributes<'a>, request: RequestHead<'a>) -> Self {
        Self { request: Some(request), ..Self::connection(connection) }
    }

    /// A connection that carries no HTTP.
    pub fn connection(connection: &'a Attributes<'a>) -> Self {
        let trials = Trials::default();
        Self { connection, request: None, identity: None, remote: None, trials }
    }

    /// The same with the claims of a token.
    #[must_use]
    pub fn with_identity(mut self, identity: Option<&'a RequestIdentity>) -> Self {
        self.identity = identity;
        self
    }

    /// The same with the client's address behind proxies.
    #[must_use]
    pub fn with_remote(mut self, remote: Option<IpAddr>) -> Self {
        self.remote = remote;
        self
    }

    /// Where the packets came from (`source.ip`): what a PROXY header says does not count.
    pub(crate) fn source_ip(&self) -> Option<IpAddr> {
        self.connection.direct_source.or(self.connection.source).map(|address| address.ip())
    }

    pub(crate) fn remote_ip(&self) -> Option<IpAddr> {
        self.remote.or_else(|| self.connection.source.map(|address| address.ip()))
    }
}
