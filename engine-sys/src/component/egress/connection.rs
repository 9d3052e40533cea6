//! A connection to a host, made to one of the addresses that were checked.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1::{Builder, SendRequest};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::io::TokioIo;

use super::Egress;
use super::errors::from_hyper;
use super::pool::Key;
use super::resolve::addresses_of;
use super::sent_body::SentBody;

/// Of one address, if there are others.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(3);
/// What is read at once, and the longest head of an answer.
const BUFFER_BYTES: usize = 32 << 10;

/// Closed when it is dropped, at once.
pub struct Connection {
    pub sender: SendRequest<SentBody>,
    driver: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    pub async fn new(egress: &Arc<Egress>, key: &Key) -> Result<Connection, Error> {
        let addresses = addresses_of(egress, key).await?;
        let permit = permit(egress).await?;
        let target = &key.target;
        let stream = connect(&addresses).await?;
        match target.is_https {
            true => begin(egress.tls.connect(&target.host, stream).await?, permit).await,
            false => begin(stream, permit).await,
        }
    }
}

/// One that is idle makes room for one that is needed.
async fn permit(egress: &Arc<Egress>) -> Result<OwnedSemaphorePermit, Error> {
    if egress.connections.available_permits() == 0 {
        egress.pool.drop_oldest();
    }
    let permit = egress.connections.clone().acquire_owned();
    let waiting = timeout(LONGEST_ATTEMPT, permit).await;
    match waiting {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(Error::ConnectionLimitReached),
    }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let mut failure = Error::DestinationUnavailable;
    for address in addresses {
        match timeout(LONGEST_ATTEMPT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Without it requests only take longer.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => failure = from_connect(&error),
            Err(_) => failure = Error::ConnectionTimeout,
        }
    }
    Err(failure)
}

fn from_connect(error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        ErrorKind::TimedOut => Error::ConnectionTimeout,
        ErrorKind::NetworkUnreachable => Error::DestinationIpUnroutable,
        _ => Error::DestinationUnavailable,
    }
}

async fn begin<S>(stream: S, permit: OwnedSemaphorePermit) -> Result<Connection, Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = Builder::new();
    builder.max_buf_size(BUFFER_BYTES);
    let (sender, connection) = builder
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| from_hyper(&error))?;
    let driver = tokio::spawn(async move {
        // Whoever waits for an answer is told why there is none.
        let _ = connection.await;
        drop(permit);
    });
    Ok(Connection {
        sender,
        driver: driver.abort_handle(),
    })
}
