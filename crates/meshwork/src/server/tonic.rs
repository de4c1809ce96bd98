//! tonic: `Server::serve_with_incoming(mesh.listener(address).await?)`.

use tonic::transport::server::Connected;

use super::{MeshIo, Peer};

/// The [`Peer`] is an extension of every request: `request.extensions().get::<Peer>()`.
impl Connected for MeshIo {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer().clone()
    }
}
