//! TLS by files: a certificate chain and its key, both in PEM.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, ensure};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::secret_file;

/// The largest chain that is read. Ours: dozens of certificates.
const CHAIN_BYTES_MAX: u64 = 1 << 20;

/// Where the certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    /// The certificate, then those that it was signed with.
    pub(crate) cert: PathBuf,
    /// Its private key; only its owner may read the file.
    pub(crate) key: PathBuf,
}

/// Speaks TLS with whoever connects.
pub(super) struct Tls {
    files: Files,
    acceptor: RwLock<TlsAcceptor>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub(super) fn load(files: Files) -> anyhow::Result<Self> {
        let acceptor = RwLock::new(acceptor(&files)?);
        Ok(Self { files, acceptor })
    }

    /// Reads the files again: a certificate that was renewed serves from the next connection
    /// on. What is wrong leaves the old one.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub(super) fn reload(&self) -> anyhow::Result<()> {
        let acceptor = acceptor(&self.files)?;
        *self
            .acceptor
            .write()
            .unwrap_or_else(PoisonError::into_inner) = acceptor;
        Ok(())
    }

    /// Who takes the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let acceptor = self.acceptor.read();
        acceptor.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn acceptor(files: &Files) -> anyhow::Result<TlsAcceptor> {
    let chain = chain(files).with_context(|| format!("certificate {}", files.cert.display()))?;
    let key = key(files).with_context(|| format!("key {}", files.key.display()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("no protocol version of TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .with_context(|| {
            format!(
                "{} and {} do not go together",
                files.cert.display(),
                files.key.display()
            )
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn chain(files: &Files) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let length = std::fs::metadata(&files.cert)?.len();
    ensure!(
        length <= CHAIN_BYTES_MAX,
        "{length} bytes are more than {CHAIN_BYTES_MAX}"
    );
    let chain = CertificateDer::pem_file_iter(&files.cert)?.collect::<Result<Vec<_>, _>>()?;
    ensure!(!chain.is_empty(), "no certificate in it (is it PEM?)");
    Ok(chain)
}

fn key(files: &Files) -> anyhow::Result<PrivateKeyDer<'static>> {
    let text = secret_file::read(&files.key)?;
    PrivateKeyDer::from_pem_slice(text.as_bytes()).context("no private key in it (is it PEM?)")
}
