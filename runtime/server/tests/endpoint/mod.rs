//! The commands that speak AWS's operations: to a server, and on a data directory.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod approvals;
mod both;
mod following;
mod refusals;

use std::process::Output;

use tempfile::TempDir;

use crate::command::{check, text};
use crate::serve::running::Running;

const ECHO: &str = include_str!("../guests/echo.wat");

/// A Task, then a Choice that ends well or badly.
const ORDERS: &str = r#"{
    "StartAt": "Echo",
    "States": {
        "Echo": { "Type": "Task", "Resource": "wasm:echo", "Next": "Good" },
        "Good": { "Type": "Choice", "Default": "No", "Choices": [
            { "Variable": "$.good", "BooleanEquals": true, "Next": "Yes" }] },
        "Yes": { "Type": "Succeed" },
        "No": { "Type": "Fail", "Error": "NotGood", "Cause": "it was not good" }
    }
}"#;

/// Waits for somebody's answer, and gives it.
const APPROVAL: &str = r#"{
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {
                "FunctionName": "echo",
                "Payload": { "token.$": "$$.Task.Token" }
            },
            "End": true
        }
    }
}"#;

/// Where commands find things: one of two ways, with the same in both.
struct Place {
    folder: TempDir,
    server: Option<Running>,
}

impl Place {
    fn server() -> Self {
        Self::with(|folder| Some(Running::start(folder, &[])))
    }

    fn directory() -> Self {
        Self::with(|_| None)
    }

    fn with(server: impl FnOnce(&TempDir) -> Option<Running>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let module = wat::parse_str(ECHO).unwrap();
        std::fs::write(folder.path().join("echo.wasm"), module).unwrap();
        for (name, text) in [
            ("orders.asl.json", ORDERS),
            ("approval.asl.json", APPROVAL),
            ("logging.json", r#"{ "level": "OFF" }"#),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let server = server(&folder);
        Self { folder, server }
    }

    /// A file of the folder.
    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The arguments of a command here: `FILE/…` is a file of the folder.
    fn arguments(&self, line: &str) -> Vec<String> {
        let words = line.split(' ');
        let mut arguments: Vec<String> = words
            .map(|word| match word.strip_prefix("FILE/") {
                Some(name) => self.file(name),
                None => word.to_owned(),
            })
            .collect();
        arguments.extend(match &self.server {
            Some(server) => ["--endpoint".to_owned(), server.url.clone()],
            None => ["--data-dir".to_owned(), self.file("data")],
        });
        arguments
    }

    /// Runs a command here.
    fn check(&self, line: &str, code: i32, stdout: &[&str], stderr: &[&str]) -> Output {
        let arguments = self.arguments(line);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        check(&arguments, code, stdout, stderr)
    }

    /// What a command prints here.
    fn told(&self, line: &str) -> String {
        text(&self.check(line, 0, &[], &[]).stdout)
    }
}
