//! What is refused when it is deployed, and in which words.

use host::TaskHost as _;
use host::wasm::{PrepareError, limits::MODULE_BYTES_MAX, limits::NESTED_BLOCKS_MAX};

use crate::guests::{attempt, guest, host, limits, named, prepare};

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

#[tokio::test]
async fn what_would_keep_a_compiler_busy_is_refused_before_it_is() {
    let imports = r#"(import "env" "f" (func))"#.repeat(5_000);
    let nops = "nop ".repeat(1_100_000);
    for (text, said) in [
        (format!("(module {imports})"), "5000 imports"),
        (format!("(module (func {nops}))"), "bytes in one function"),
        (
            format!("(module {})", "(func)".repeat(100_001)),
            "100001 functions",
        ),
        (
            format!("(component {})", "(core module)".repeat(300)),
            "257 modules and components",
        ),
    ] {
        let refused = refused(wat::parse_str(text).unwrap()).await;
        assert!(matches!(refused, PrepareError::TooComplex { .. }));
        assert!(refused.to_string().contains(said), "{refused}");
    }
}

/// The worst of its kind that is taken compiles in a moment, and runs.
#[tokio::test]
async fn blocks_nested_as_deep_as_they_may_be_run() {
    let nested = |deep: u64| {
        let [open, close] = ["block ", "end "].map(|word| word.repeat(deep as usize));
        let text = format!(r#"(module (func (export "_start") {open} {close}))"#);
        wat::parse_str(text).unwrap()
    };
    let prepared = host().prepare(nested(NESTED_BLOCKS_MAX)).await.unwrap();
    let outcome = host().run(attempt(prepared.digest, limits(), "1")).await;
    // It printed nothing, which is no answer.
    let (error, _) = named(outcome.unwrap().result.unwrap_err());
    assert_eq!(error, "Wasm.InvalidOutput");
    let said = refused(nested(NESTED_BLOCKS_MAX + 1)).await.to_string();
    assert!(said.contains("5001 blocks nested in each other"), "{said}");
}

#[tokio::test]
async fn the_contract_with_other_types_is_refused() {
    let refused = prepare("exports_the_contract_with_other_types").await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("not a valid module"), "{said}");
    assert!(said.contains("handle"), "{said}");
}
