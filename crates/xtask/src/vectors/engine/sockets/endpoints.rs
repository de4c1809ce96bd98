//! Endpoints behind real listeners on loopback, and the way of a proxy to them.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use meshwork_tower::{Dial, Io};
use meshwork_transport::accept_proxy_header;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use super::{
    super::{
        backend::{self, Termination},
        network::{Network, Place},
    },
    authority::Authority,
    tls,
};

/// The endpoints of a scenario, each with a listener from when it is first asked for.
#[derive(Clone)]
pub(super) struct Endpoints(Arc<Inner>);

struct Inner {
    network: Network,
    authority: Arc<Authority>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The listeners by what the scenario calls the endpoint.
    listeners: HashMap<String, SocketAddr>,
    /// Connections on their way, by the address that they come from.
    coming: HashMap<SocketAddr, Coming>,
    connections: usize,
}

struct Coming {
    place: Place,
    /// Whether it begins with a header of the PROXY protocol.
    proxied: bool,
}

impl Endpoints {
    pub(super) fn new(network: Network, authority: Arc<Authority>) -> Self {
        Self(Arc::new(Inner { network, authority, state: Mutex::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, dial: Dial) -> io::Result<TcpStream> {
        let endpoint = dial.address.to_string();
        let place = self.0.network.place(&endpoint, &dial.cluster);
        let to = self.listener(&endpoint).await?;
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let proxied = dial.policy.as_ref().is_some_and(|policy| policy.proxy_protocol().is_some());
        {
            let mut state = self.state();
            state.connections += 1;
            if state.connections > MOST {
                return Err(io::Error::other("more connections than a scenario may make"));
            }
            state.coming.insert(socket.local_addr()?, Coming { place, proxied });
        }
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn listener(&self, endpoint: &str) -> io::Result<SocketAddr> {
        if let Some(known) = self.state().listeners.get(endpoint) {
            return Ok(*known);
        }
        let config = tls::server(&self.0.authority, &self.0.network, endpoint);
        let acceptor = TlsAcceptor::from(config.map_err(io::Error::other)?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        self.state().listeners.insert(endpoint.to_owned(), address);
        let endpoints = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let Some(Coming { place, proxied }) = endpoints.state().coming.remove(&peer) else {
                    continue;
                };
                tokio::spawn(serve(place, proxied, Termination::Real(acceptor.clone()), stream));
            }
        });
        Ok(address)
    }
}

async fn serve(place: Place, proxied: bool, termination: Termination, stream: TcpStream) {
    let _unneeded = stream.set_nodelay(true);
    let io: Box<dyn Io> = if proxied {
        match accept_proxy_header(stream, HEADER).await {
            Ok((_, rest)) => Box::new(rest),
            Err(_) => return,
        }
    } else {
        Box::new(stream)
    };
    backend::serve(place, termination, None, io).await;
}

impl Service<Dial> for Endpoints {
    type Response = TcpStream;
    type Error = io::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, dial: Dial) -> Self::Future {
        let endpoints = self.clone();
        Box::pin(async move { endpoints.connect(dial).await })
    }
}

/// More connections to endpoints than any scenario of a sample needs.
const MOST: usize = 2000;
/// How long the header of the PROXY protocol may take.
const HEADER: Duration = Duration::from_secs(5);
