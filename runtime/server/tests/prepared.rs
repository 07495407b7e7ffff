//! A Map Run of the binary over lines of JSON, ready to be started: for the tests here and for the
//! load on it (`tests/load/map_run.rs`, which takes this file as it is).
//!
//! In a folder: the definition, the module of its Tasks, a bucket with the lines, and one for
//! the results.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// A module that answers with what it is given.
const ECHO: &str = include_str!("guests/echo.wat");

/// A Map in DISTRIBUTED mode over the lines, with a Task an item; so many children at once.
pub(crate) fn definition(children: &str, at_once: u32) -> Value {
    json!({
        "StartAt": "Each",
        "States": { "Each": {
            "Type": "Map",
            "Label": "Each",
            "MaxConcurrency": at_once,
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": { "InputType": "JSONL" },
                "Parameters": { "Bucket": "in", "Key": "lines.jsonl" },
            },
            "ItemProcessor": {
                "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": children },
                "StartAt": "Item",
                "States": { "Item": { "Type": "Task", "Resource": "wasm:echo", "End": true } },
            },
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": { "Bucket": "out", "Prefix": "results" },
                "WriterConfig": { "Transformation": "COMPACT", "OutputType": "JSONL" },
            },
            "End": true,
        } },
    })
}

/// The module, as the binary takes it.
pub(crate) fn module() -> Vec<u8> {
    wat::parse_str(ECHO).expect("sound text")
}

/// Lays all of it into a folder.
pub(crate) fn lay(folder: &Path, definition: &Value, lines: impl Iterator<Item = String>) {
    for name in ["tasks", "in", "out"] {
        std::fs::create_dir(folder.join(name)).expect("a folder");
    }
    std::fs::write(folder.join("tasks/echo.wasm"), module()).expect("a file");
    std::fs::write(folder.join("each.asl.json"), definition.to_string()).expect("a file");
    let file = File::create(folder.join("in/lines.jsonl")).expect("a file");
    let mut file = BufWriter::new(file);
    for line in lines {
        writeln!(file, "{line}").expect("a disk with room");
    }
    file.into_inner().expect("a disk with room");
}

/// What a binary is told to run it.
pub(crate) const ARGUMENTS: [&str; 7] = [
    "run",
    "each.asl.json",
    "--quiet",
    "--bucket",
    "in=in",
    "--bucket",
    "out=out",
];

/// Runs it, with a data directory.
pub(crate) fn command(binary: &Path, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .current_dir(folder)
        .args(ARGUMENTS)
        .args(["--data-dir", "data"]);
    command
}

/// The files of what succeeded, by the state's result; nothing else is left.
pub(crate) fn succeeded(folder: &Path, result: &Value) -> Vec<PathBuf> {
    let path = |key: &Value| folder.join("out").join(key.as_str().expect("a key"));
    let manifest = std::fs::read(path(&result["ResultWriterDetails"]["Key"]));
    let manifest: Value = serde_json::from_slice(&manifest.expect("a manifest")).expect("JSON");
    let files = &manifest["ResultFiles"];
    let rest = (&files["FAILED"], &files["PENDING"]);
    assert_eq!(rest, (&json!([]), &json!([])));
    let files = files["SUCCEEDED"].as_array().expect("files");
    files.iter().map(|file| path(&file["Key"])).collect()
}
