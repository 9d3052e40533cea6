//! Whom TLS connections trust: the operator's authorities, or else the system's.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, DnsName, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wasmtime::format_err;
use wasmtime_wasi_http::Error;

use super::target::Host;

pub struct Tls {
    /// The operator's; none: the system's, which are read with the first request that needs them.
    roots: Option<RootCertStore>,
    connector: OnceCell<TlsConnector>,
}

impl Tls {
    /// `ca_file`: PEM; empty: the system's authorities.
    pub fn new(ca_file: &str) -> wasmtime::Result<Tls> {
        let roots = match ca_file {
            "" => None,
            file => Some(read_roots(file)?),
        };
        Ok(Tls {
            roots,
            connector: OnceCell::new(),
        })
    }

    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &Host,
        stream: S,
    ) -> Result<TlsStream<S>, Error> {
        let connector = self.connector.get_or_try_init(|| self.connector()).await?;
        let connected = connector.connect(server_name(host)?, stream).await;
        connected.map_err(|error| from_tls(&error))
    }

    async fn connector(&self) -> Result<TlsConnector, Error> {
        let roots = match &self.roots {
            Some(roots) => roots.clone(),
            None => spawn_blocking(system_roots)
                .await
                .map_err(|_| Error::InternalError(None))?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| Error::ConfigurationError)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

fn read_roots(file: &str) -> wasmtime::Result<RootCertStore> {
    let unread = |error| format_err!("the authorities in {file} cannot be read: {error}");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(unread)? {
        roots
            .add(certificate.map_err(unread)?)
            .map_err(|error| format_err!("a certificate in {file} is of no use: {error}"))?;
    }
    match roots.is_empty() {
        true => Err(format_err!("there is no certificate in {file}")),
        false => Ok(roots),
    }
}

/// Those of them that can be read.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn server_name(host: &Host) -> Result<ServerName<'static>, Error> {
    match host {
        Host::Name(name) => match DnsName::try_from(name.clone()) {
            Ok(name) => Ok(ServerName::DnsName(name)),
            Err(_) => Err(Error::HttpRequestUriInvalid),
        },
        Host::Address(IpAddr::V4(address)) => Ok(ServerName::from(*address)),
        Host::Address(IpAddr::V6(address)) => Ok(ServerName::from(*address)),
    }
}

fn from_tls(error: &std::io::Error) -> Error {
    let cause = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => Error::TlsCertificateError,
        Some(rustls::Error::AlertReceived(alert)) => Error::TlsAlertReceived {
            alert_id: Some(u8::from(*alert)),
            alert_message: Some(format!("{alert:?}")),
        },
        Some(_) => Error::TlsProtocolError,
        None => Error::ConnectionTerminated,
    }
}
