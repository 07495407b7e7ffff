//! What is refused when it is deployed, and in which words.

use host::wasm::{PrepareError, limits::MODULE_BYTES_MAX};

use crate::guests::{guest, host, prepare};

async fn refused(bytes: Vec<u8>) -> PrepareError {
    host().prepare(bytes).await.unwrap_err()
}

#[tokio::test]
async fn what_is_not_a_module_is_refused() {
    for bytes in [Vec::new(), b"#!/bin/sh\n".to_vec(), b"\0as".to_vec()] {
        assert!(matches!(refused(bytes).await, PrepareError::NotWasm));
    }
    let too_large = vec![0; MODULE_BYTES_MAX + 1];
    assert!(matches!(
        refused(too_large).await,
        PrepareError::TooLarge { .. }
    ));
}

#[tokio::test]
async fn every_truncation_of_a_module_is_refused() {
    for name in ["task/echo", "prints_ok_component"] {
        let whole = guest(name);
        // Some beginnings are whole modules that export nothing; none can be called.
        for length in (0..whole.len()).step_by(7) {
            refused(whole[..length].to_vec()).await;
        }
    }
}

#[tokio::test]
async fn one_that_only_claims_to_be_a_component_is_refused() {
    let mut bytes = guest("command/echo");
    bytes[4..8].copy_from_slice(&[0x0d, 0, 1, 0]);
    assert!(matches!(refused(bytes).await, PrepareError::Invalid(_)));
}

#[tokio::test]
async fn an_unknown_import_is_refused_by_name() {
    let said = prepare("command/imports_the_unknown")
        .await
        .unwrap_err()
        .to_string();
    assert!(said.contains("`env.launch_missiles`"), "{said}");
    let component = r#"(component (import "acme:crane/lift@1.0.0" (instance)))"#;
    let said = refused(wat::parse_str(component).unwrap())
        .await
        .to_string();
    assert!(said.contains("`acme:crane/lift@1.0.0`"), "{said}");
}

#[tokio::test]
async fn a_module_with_nothing_to_call_is_refused_with_what_it_has() {
    let said = prepare("command/exports_nothing_known")
        .await
        .unwrap_err()
        .to_string();
    assert!(said.contains("`main_of_another_world`"), "{said}");
    assert!(matches!(
        refused(wat::parse_str("(component)").unwrap()).await,
        PrepareError::NoEntry(_)
    ));
}

#[tokio::test]
async fn imports_are_listed() {
    let prepared = prepare("task/heartbeats_three_times").await.unwrap();
    assert!(
        prepared
            .imports
            .contains(&"stepwell:task/host@0.1.0".to_owned()),
        "{prepared:?}"
    );
    let prepared = prepare("command/prints_nothing").await.unwrap();
    assert!(prepared.imports.is_empty(), "{prepared:?}");
}
