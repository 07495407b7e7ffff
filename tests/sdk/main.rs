//! AWS's SDK for Rust, unchanged, on the real binary: one that `cargo test` has built beside
//! this test (`cargo test -p server -p sdk sdk` builds both).

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::{Credentials, Region};
use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::{
    ExecutionStatus, HistoryEventType, StateMachineType, SyncExecutionStatus,
};

const ROLE: &str = "arn:aws:iam::000000000000:role/role";

/// A server; killed when it is dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(folder: &tempfile::TempDir) -> Self {
        let mut child = Command::new(stepwell())
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("listening on ")?;
            Some(rest.split(';').next()?.to_owned())
        });
        // What else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let url = line.expect("it listens");
        Self { child, url }
    }

    fn client(&self) -> Client {
        let config = aws_sdk_sfn::Config::builder()
            .endpoint_url(&self.url)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(
                "000000000000",
                "secret",
                None,
                None,
                "test",
            ))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        Client::from_conf(config)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary is in the folder above this test's.
fn stepwell() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.ancestors().nth(2).unwrap().join("stepwell");
    let path = binary.display();
    assert!(binary.exists(), "no {path}: cargo build -p server makes it");
    binary
}

#[tokio::test]
async fn the_sdk_for_rust_creates_starts_and_describes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let sfn = server.client();
    let definition = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
    let create = sfn
        .create_state_machine()
        .definition(definition)
        .role_arn(ROLE);
    let made = create
        .clone()
        .name("orders")
        .publish(true)
        .send()
        .await
        .unwrap();
    assert!(
        made.state_machine_version_arn()
            .unwrap()
            .ends_with(":orders:1")
    );
    let machine = made.state_machine_arn();

    let start = sfn.start_execution().state_machine_arn(machine).name("one");
    let started = start.clone().input(r#"{"n": 1}"#).send().await.unwrap();
    let execution = started.execution_arn();
    let told = loop {
        let told = sfn
            .describe_execution()
            .execution_arn(execution)
            .send()
            .await
            .unwrap();
        if *told.status() != ExecutionStatus::Running {
            break told;
        }
    };
    assert_eq!(*told.status(), ExecutionStatus::Succeeded);
    assert_eq!(told.output(), Some(r#"{"n": 1}"#));
    assert_eq!(told.start_date(), started.start_date());

    let history = sfn.get_execution_history().execution_arn(execution);
    let pages = history.into_paginator().page_size(1).items().send();
    let events = pages.try_collect().await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.r#type().clone()).collect();
    let expected = [
        HistoryEventType::ExecutionStarted,
        HistoryEventType::PassStateEntered,
        HistoryEventType::PassStateExited,
        HistoryEventType::ExecutionSucceeded,
    ];
    assert_eq!(kinds, expected);

    let again = start.input(r#"{"n": 2}"#).send().await.unwrap_err();
    assert!(
        again
            .as_service_error()
            .unwrap()
            .is_execution_already_exists()
    );
    let unknown = sfn
        .describe_execution()
        .execution_arn(format!("{execution}x"));
    let unknown = unknown.send().await.unwrap_err();
    assert_eq!(unknown.code(), Some("ExecutionDoesNotExist"));
    assert!(unknown.message().unwrap().contains("Does Not Exist"));

    let quick = create.name("quick").r#type(StateMachineType::Express);
    let quick = quick.send().await.unwrap();
    let start = sfn
        .start_sync_execution()
        .state_machine_arn(quick.state_machine_arn());
    // The SDK puts `sync-` before the host, and here no name server knows that name.
    let url = format!("{}/", server.url);
    let to_the_host = start
        .input("{}")
        .customize()
        .mutate_request(move |request| request.set_uri(&*url).unwrap());
    let told = to_the_host.send().await.unwrap();
    assert_eq!(*told.status(), SyncExecutionStatus::Succeeded);
}
