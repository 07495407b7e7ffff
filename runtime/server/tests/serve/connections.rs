//! TLS, and the limits of bodies and connections.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use hyper::Request;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::serve::client::{Connection, request, send};
use crate::serve::running::{Running, refused};

/// Requests on one connection, as the server has it.
const REQUESTS_MAX: usize = 10_000;

/// Writes a new certificate and its key, and answers the certificate.
fn certify(folder: &TempDir) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
    let key = folder.path().join("key.pem");
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    made.cert.der().clone()
}

async fn trusting(
    url: &str,
    cert: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(cert.clone()).unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(url.strip_prefix("https://").unwrap())
        .await
        .unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

#[tokio::test]
async fn tls_is_spoken_and_a_renewed_certificate_taken() {
    let folder = tempfile::tempdir().unwrap();
    let first = certify(&folder);
    let server = Running::start(&folder, &["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    let list = || request(&server.url, "ListStateMachines", &json!({}));
    let mut connection = Connection::over(trusting(&server.url, &first).await.unwrap()).await;
    for _ in 0..2 {
        assert_eq!(connection.send(list()).await.status(), 200);
    }
    let second = certify(&folder);
    server.signal("HUP");
    server.line("read anew");
    assert!(trusting(&server.url, &first).await.is_err());
    let mut connection = Connection::over(trusting(&server.url, &second).await.unwrap()).await;
    assert_eq!(connection.send(list()).await.status(), 200);
}

#[test]
fn certificates_that_are_none_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    assert!(refused(&folder, &files[..2]).contains("--tls-key"));
    assert!(refused(&folder, &files).contains("certificate cert.pem"));
    certify(&folder);
    fs::write(folder.path().join("key.pem"), "no key").unwrap();
    assert!(refused(&folder, &files).contains("key key.pem: no private key in it"));
    let key = folder.path().join("key.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o604)).unwrap();
    assert!(refused(&folder, &files).contains("chmod 600"));
}

#[tokio::test]
async fn bodies_that_are_too_long_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder, &[]);
    let long = json!({ "definition": "x".repeat(5 << 20) });
    // Only announced: the server need not read it to refuse it.
    let mut announced = request(&server.url, "CreateStateMachine", &json!({}));
    let length = long.to_string().len().into();
    announced.headers_mut().insert("content-length", length);
    *announced.body_mut() = long.to_string();
    let refused = send(&server.url, announced).await;
    assert_eq!(refused.refusal(), (413, "RequestEntityTooLargeException"));
}

#[tokio::test]
async fn a_connection_is_kept_but_not_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder, &[]);
    let mut connection = Connection::open(&server.url).await;
    for answered in 1..=REQUESTS_MAX {
        let health = Request::get(format!("{}/health", server.url));
        let health = health
            .header("host", "localhost")
            .body(String::new())
            .unwrap();
        let answer = connection.send(health).await;
        assert_eq!(answer.status(), 200);
        let closes = answer.headers().contains_key("connection");
        assert_eq!(closes, answered == REQUESTS_MAX, "{answered}");
    }
    assert!(!connection.is_kept().await);
}
