//! TLS as a client: the certificates that this machine trusts, read once.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto, pki_types::ServerName};
use wasmtime_wasi_http::Error;

use crate::Endpoint;

/// Encrypts a connection to a host, whose certificate must name it.
///
/// # Errors
/// [`Error::Tls`], [`Error::ConfigurationError`] when this machine trusts nobody.
pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    to: &Endpoint,
    stream: S,
) -> Result<TlsStream<S>, Error> {
    static TRUST: OnceCell<Arc<ClientConfig>> = OnceCell::const_new();
    let config = TRUST.get_or_try_init(|| async {
        let reading = tokio::task::spawn_blocking(config).await;
        reading.unwrap_or(Err(Error::ConfigurationError))
    });
    let connector = TlsConnector::from(Arc::clone(config.await?));
    let name = match to.address() {
        Some(address) => ServerName::from(address),
        None => {
            ServerName::try_from(to.host().to_owned()).map_err(|_| Error::HttpRequestUriInvalid)?
        }
    };
    connector.connect(name, stream).await.map_err(Error::Tls)
}

/// Reads what this machine trusts, or what SSL_CERT_FILE and SSL_CERT_DIR name.
fn config() -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate that this machine trusts cannot be read");
    }
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        tracing::error!("this machine trusts no certificate: install ca-certificates");
        return Err(Error::ConfigurationError);
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Error::ConfigurationError)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
