//! Modules from a registry: found by tag, pinned by digest, and nothing else taken.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, body::Bytes};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::command::{check_in, text};

const ECHO: &str = include_str!("guests/echo.wat");

/// What a registry serves: bodies by `manifests/REFERENCE` and `blobs/DIGEST`.
type Shelf = Arc<HashMap<String, Bytes>>;

fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let digits: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", digits.concat())
}

async fn serve(State(shelf): State<Shelf>, Path(rest): Path<String>) -> Response {
    let name = rest.strip_prefix("shop/echo/").unwrap_or(&rest);
    match shelf.get(name) {
        Some(body) => {
            let kind = "application/vnd.oci.image.manifest.v1+json";
            ([(header::CONTENT_TYPE, kind)], body.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A registry that serves this module under the tags `good`, `torn` (another's bytes under its
/// digest), `image` (no module) and `huge`; the module's manifest's digest.
async fn registry() -> (SocketAddr, String) {
    let module = Bytes::from(wat::parse_str(ECHO).expect("the guest parses"));
    let manifest = |kind: &str, digest: &str, size: u64| {
        let manifest: Value = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.wasm.config.v0+json",
                "digest": digest,
                "size": 2,
            },
            "layers": [{ "mediaType": kind, "digest": digest, "size": size }],
        });
        Bytes::from(manifest.to_string())
    };
    let wasm = "application/wasm";
    let length = module.len() as u64;
    let good = manifest(wasm, &digest(&module), length);
    let pinned = digest(&good);
    let torn = format!("sha256:{}", "0".repeat(64));
    let shelf = HashMap::from([
        ("manifests/good".to_owned(), good.clone()),
        (format!("manifests/{pinned}"), good),
        ("manifests/torn".to_owned(), manifest(wasm, &torn, length)),
        (
            "manifests/image".to_owned(),
            manifest("application/vnd.oci.image.layer.v1.tar", &torn, 1),
        ),
        ("manifests/huge".to_owned(), manifest(wasm, &torn, 1 << 40)),
        (format!("blobs/{}", digest(&module)), module.clone()),
        (format!("blobs/{torn}"), module),
    ]);
    let router = Router::new()
        .route("/v2/", get(|| async {}))
        .route("/v2/{*rest}", get(serve))
        .with_state(Arc::new(shelf));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, pinned)
}

#[tokio::test(flavor = "multi_thread")]
async fn modules_are_pulled_and_pinned() {
    let (registry, pinned) = registry().await;
    let ended = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().display().to_string();
        // Where nobody logged in to a registry.
        let check = |arguments: &[&str], code, stdout: &[&str], stderr: &[&str]| {
            check_in(&[("DOCKER_CONFIG", &data)], arguments, code, stdout, stderr)
        };
        let place = format!("oci://{registry}/shop/echo");
        let from = format!("{place}@{pinned}");
        let deploy = |source: &str, code, stdout: &[&str], stderr: &[&str]| {
            let arguments = ["task", "deploy", "echo", source, "--data-dir", &data];
            check(&arguments, code, stdout, stderr)
        };
        deploy(&format!("{place}:good"), 0, &[&from], &["pulling"]);
        let describe = ["task", "describe", "echo", "--data-dir", &data];
        check(&describe, 0, &["from ", &from, "version   1"], &[]);
        // The same bytes, so no other version; and a digest alone leads there too.
        deploy(&format!("{place}@{pinned}"), 0, &["version   1"], &[]);
        let invoke = ["task", "invoke", &from, "--input", r#"{"x":1}"#];
        let output = check(&invoke, 0, &[], &[]);
        assert_eq!(text(&output.stdout).trim(), r#"{"x":1}"#);

        for (tag, says) in [
            ("torn", "sha256:"),
            ("image", "no layer of type application/wasm"),
            ("huge", "has 1099511627776 bytes"),
            ("missing", "cannot pull"),
        ] {
            deploy(&format!("{place}:{tag}"), 2, &[], &[says, tag]);
        }
        deploy("oci://", 2, &[], &["oci://REGISTRY/REPOSITORY"]);
    });
    ended.await.expect("all of it held");
}
