//! AWS's own clients, unchanged, on the real binary: boto3 and the `aws` command.
//!
//! They are in a Python environment that `cargo xtask test` makes from `requirements.txt` and
//! names in `STEPWELL_CLIENTS`; without it the tests say that they skip.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::serve::running::Running;

const ECHO: &str = include_str!("../guests/echo.wat");

/// The environment that has the clients.
struct Clients {
    bin: PathBuf,
    /// Where they run, and the server keeps its data.
    folder: TempDir,
}

impl Clients {
    /// Says so when there is none, whether output is captured or not.
    fn find() -> Option<Self> {
        let Some(environment) = std::env::var_os("STEPWELL_CLIENTS") else {
            let told = "SKIPPED: AWS's own clients: cargo xtask test installs them and sets \
                        STEPWELL_CLIENTS\n";
            // Not `eprintln!`: what a test prints that way is kept from whoever runs it.
            let mut stderr = std::io::stderr();
            stderr.write_all(told.as_bytes()).unwrap();
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let module = wat::parse_str(ECHO).unwrap();
        std::fs::write(folder.path().join("echo.wasm"), module).unwrap();
        let bin = Path::new(&environment).join("bin");
        Some(Self { bin, folder })
    }

    /// Runs a program to its end, in a folder that has `echo.wasm`; answers what it prints.
    ///
    /// # Panics
    /// With all that it said, unless it succeeds.
    fn run(&self, server: &Running, program: &str, arguments: &[&str]) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = self
            .command(server, program)
            .args(arguments)
            .output()
            .unwrap();
        let (told, complaint) = (
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr),
        );
        assert!(
            status.success(),
            "{program} {arguments:?}: {status}\n{told}\n{complaint}"
        );
        print!("{told}");
        told.into_owned()
    }

    /// Runs one of the programs beside this file.
    fn python(&self, server: &Running, program: &str, arguments: &[&str]) {
        let file = format!("{}/tests/clients/{program}", env!("CARGO_MANIFEST_DIR"));
        self.run(server, "python", &[&["-B", &file], arguments].concat());
    }

    fn aws(&self, server: &Running, arguments: &[&str]) -> Value {
        let told = self.run(server, "aws", arguments);
        serde_json::from_str(&told).unwrap_or(Value::Null)
    }

    fn command(&self, server: &Running, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.current_dir(self.folder.path());
        // Nothing of who runs the tests, and no way out to AWS.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let leads_astray = ["AWS_", "PYTHON", "http", "HTTP", "all_", "ALL_"];
            if leads_astray.iter().any(|start| name.starts_with(start)) {
                command.env_remove(&*name);
            }
        }
        command
            .env("STEPWELL_ENDPOINT", &server.url)
            .env("AWS_ENDPOINT_URL", &server.url)
            .env("AWS_ACCESS_KEY_ID", "000000000000")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_CONFIG_FILE", OsStr::new("/dev/null"))
            .env("AWS_SHARED_CREDENTIALS_FILE", OsStr::new("/dev/null"))
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }
}

#[test]
fn boto3_uses_every_operation() {
    let Some(clients) = Clients::find() else {
        return;
    };
    let server = Running::start(&clients.folder, &[]);
    clients.python(&server, "every_operation.py", &["echo.wasm"]);
}

#[test]
fn activity_workers_in_python_take_each_item_once() {
    let Some(clients) = Clients::find() else {
        return;
    };
    let server = Running::start(&clients.folder, &[]);
    clients.python(&server, "activity_worker.py", &[]);
}

#[test]
fn boto3_redrives_only_what_failed_of_a_map_run() {
    let Some(clients) = Clients::find() else {
        return;
    };
    for bucket in ["in", "out"] {
        std::fs::create_dir(clients.folder.path().join(bucket)).unwrap();
    }
    let server = Running::start(
        &clients.folder,
        &["--bucket", "in=in", "--bucket", "out=out"],
    );
    clients.python(&server, "map_runs.py", &["in", "out"]);
}

#[test]
fn approvals_by_token_outlive_a_kill() {
    let Some(clients) = Clients::find() else {
        return;
    };
    let server = Running::start(&clients.folder, &[]);
    clients.python(
        &server,
        "approval.py",
        &["begin", "orders.json", "echo.wasm"],
    );
    server.signal("KILL");
    assert_eq!(server.end().code(), None);
    let server = Running::start(&clients.folder, &[]);
    clients.python(&server, "approval.py", &["decide", "orders.json"]);
}

#[test]
fn the_aws_command_deploys_starts_and_describes() {
    let Some(clients) = Clients::find() else {
        return;
    };
    let server = Running::start(&clients.folder, &[]);
    let zip = ["-m", "zipfile", "-c", "notify.zip", "echo.wasm"];
    clients.run(&server, "python", &zip);
    let definition = r#"{"StartAt": "Notify", "States": {"Notify": {"Type": "Task", "End": true,
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:notify"}}}"#;
    std::fs::write(clients.folder.path().join("definition.json"), definition).unwrap();
    let role = "arn:aws:iam::000000000000:role/r";

    let made = clients.aws(
        &server,
        &[
            "lambda",
            "create-function",
            "--function-name=notify",
            "--runtime=provided.al2023",
            "--handler=bootstrap",
            "--role",
            role,
            "--zip-file=fileb://notify.zip",
        ],
    );
    assert_eq!(made["State"], "Active");
    let made = clients.aws(
        &server,
        &[
            "stepfunctions",
            "create-state-machine",
            "--name=orders",
            "--definition=file://definition.json",
            "--role-arn",
            role,
        ],
    );
    let machine = made["stateMachineArn"].as_str().unwrap();
    let started = clients.aws(
        &server,
        &[
            "stepfunctions",
            "start-execution",
            "--name=third",
            "--state-machine-arn",
            machine,
            "--input",
            r#"{"orderId": "A-1"}"#,
        ],
    );
    let execution = started["executionArn"].as_str().unwrap();
    let describe = [
        "stepfunctions",
        "describe-execution",
        "--execution-arn",
        execution,
    ];
    // The command takes longer to start than the Task to end, but need not.
    let told = loop {
        let told = clients.aws(&server, &describe);
        if told["status"] != "RUNNING" {
            break told;
        }
    };
    assert_eq!(told["status"], "SUCCEEDED", "{told}");
    let output: Value = serde_json::from_str(told["output"].as_str().unwrap()).unwrap();
    assert_eq!(output, serde_json::json!({ "orderId": "A-1" }));
}
