//! Map Runs over objects: what is read, what is written, and that neither a crash nor a
//! redrive loses or doubles anything.

use std::path::Path;
use std::sync::Arc;

use asl::Failure;
use asl::arn::{ExecutionArn, MapRunArn};
use asl::history::{Detail, Record};
use asl::interpreter::End;
use engine::MapRunTold;
use journal::Journal;
use serde_json::{Value, json};

use crate::world::{World, in_virtual_time};

/// A Map in DISTRIBUTED mode over the lines of `bucket/items.jsonl`; `more` are fields of it.
pub(super) fn map(kind: &str, state: Value, more: Value) -> Value {
    let mut map = json!({
        "Type": "Map",
        "Label": "L",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": { "InputType": "JSONL" },
            "Parameters": { "Bucket": "bucket", "Key": "items.jsonl" },
        },
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": kind },
            "StartAt": "Item",
            "States": { "Item": state },
        },
        "End": true,
    });
    for (name, field) in more.as_object().into_iter().flatten() {
        map[name] = field.clone();
    }
    json!({ "StartAt": "Map", "States": { "Map": map } })
}

pub(super) fn task(function: &str) -> Value {
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": { "FunctionName": function, "Payload.$": "$" },
        "OutputPath": "$.Payload",
        "End": true,
    })
}

/// Fails where the item says so, and there is no file yet that says otherwise.
fn picky() -> Value {
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": "ask",
            "Payload": { "item.$": "$", "token.$": "$$.Task.Token" },
        },
        "End": true,
    })
}

pub(super) fn items(folder: &Path, count: usize) {
    let lines: String = (0..count).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    std::fs::write(folder.join("items.jsonl"), lines).expect("a folder to write in");
}

pub(super) fn world() -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World::new();
    world.has_bucket(folder.path());
    (world, folder)
}

pub(super) fn output(end: End) -> Value {
    match end {
        End::Succeeded(output) => output.into_value(),
        other => panic!("it did not succeed: {other:?}"),
    }
}

pub(super) fn run_of(world: &World, arn: &ExecutionArn) -> MapRunArn {
    let told = world.engine.tell(arn).expect("a story");
    let run = told.records.iter().find_map(|record| match record {
        Record::Event(_, event) => match &event.detail {
            Detail::MapRunStarted { arn } => Some(arn.clone()),
            _ => None,
        },
        Record::Note(_) => None,
    });
    run.expect("a Map Run")
}

pub(super) fn told(world: &World, arn: &ExecutionArn) -> MapRunTold {
    world
        .engine
        .map_run(&run_of(world, arn))
        .expect("a Map Run")
}

pub(super) fn writer(config: Value) -> Value {
    let mut writer = json!({
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": { "Bucket": "bucket", "Prefix": "out" },
    });
    if !config.is_null() {
        writer["WriterConfig"] = config;
    }
    json!({ "ResultWriter": writer })
}

/// What the manifest at this result names, by kind: the texts of the files.
pub(super) fn written(folder: &Path, result: &Value) -> Value {
    let read = |key: &Value| {
        let key = key.as_str().expect("a key");
        std::fs::read_to_string(folder.join(key)).expect("an object")
    };
    let manifest: Value =
        serde_json::from_str(&read(&result["ResultWriterDetails"]["Key"])).expect("a manifest");
    assert_eq!(manifest["MapRunArn"], result["MapRunArn"]);
    let mut files = manifest["ResultFiles"].clone();
    for (_, kind) in files.as_object_mut().expect("kinds of files") {
        let texts = kind.as_array().expect("files").iter().map(|file| {
            let text = read(&file["Key"]);
            assert_eq!(file["Size"], text.len());
            text
        });
        *kind = texts.collect::<Vec<_>>().into();
    }
    files
}

#[test]
fn lines_become_children_and_their_outputs_the_result() {
    in_virtual_time(async {
        for kind in ["STANDARD", "EXPRESS"] {
            let (world, folder) = world();
            items(folder.path(), 5);
            let more = json!({
                "MaxConcurrency": 2,
                "ItemSelector": {
                    "n.$": "$$.Map.Item.Value.n",
                    "i.$": "$$.Map.Item.Index",
                    "s.$": "$$.Map.Item.Source",
                },
            });
            let definition = map(kind, task("echo"), more);
            let arn = world.start("run", &definition, json!({})).await;
            let result = output(world.end(&arn).await);
            let expected = (0..5).map(|n| json!({"n": n, "i": n, "s": "s3://bucket/items.jsonl"}));
            assert_eq!(result, Value::from_iter(expected), "{kind}");
            let told = told(&world, &arn);
            assert_eq!(told.run.total(), Some((5, 5)));
            assert_eq!(told.run.items().succeeded, 5);
        }
    });
}

#[test]
fn batches_are_cut_by_number_and_by_size() {
    in_virtual_time(async {
        let (world, folder) = world();
        items(folder.path(), 5);
        let batcher = |limits: Value| {
            let mut batcher = limits;
            batcher["BatchInput"] = json!({ "of.$": "$.of" });
            json!({ "ItemBatcher": batcher })
        };
        let sizes = async |name: &str, limits: Value| {
            let definition = map("EXPRESS", task("echo"), batcher(limits));
            let arn = world
                .start(name, &definition, json!({"of": 7, "two": 2}))
                .await;
            let result = output(world.end(&arn).await);
            let batches = result.as_array().expect("batches").iter().map(|batch| {
                assert_eq!(batch["BatchInput"], json!({"of": 7}));
                batch["Items"].as_array().expect("items").len()
            });
            batches.collect::<Vec<_>>()
        };
        assert_eq!(sizes("a", json!({"MaxItemsPerBatch": 2})).await, [2, 2, 1]);
        assert_eq!(
            sizes("b", json!({"MaxItemsPerBatchPath": "$.two"})).await,
            [2, 2, 1]
        );
        // `{"BatchInput":{"of":7},"Items":[{"n":0},{"n":1},]}` is 50 bytes.
        assert_eq!(
            sizes("c", json!({"MaxInputBytesPerBatch": 50})).await,
            [2, 2, 1]
        );
    });
}

#[test]
fn results_are_written_as_they_are_asked_for() {
    in_virtual_time(async {
        let (world, folder) = world();
        items(folder.path(), 3);
        let write = async |name: &str, config: Value| {
            let definition = map("STANDARD", task("echo"), writer(config));
            let arn = world.start(name, &definition, json!({})).await;
            let result = output(world.end(&arn).await);
            let run = run_of(&world, &arn);
            assert_eq!(result["MapRunArn"], run.as_str());
            let id = run.as_str().rsplit(':').next().unwrap_or_default();
            let key = format!("out/{id}/manifest.json");
            assert_eq!(
                result["ResultWriterDetails"],
                json!({"Bucket": "bucket", "Key": key})
            );
            written(folder.path(), &result)
        };
        let compact = json!({"Transformation": "COMPACT", "OutputType": "JSON"});
        assert_eq!(
            write("compact", compact).await,
            json!({"FAILED": [], "PENDING": [], "SUCCEEDED": ["[{\"n\":0},{\"n\":1},{\"n\":2}]"]})
        );
        let lines = json!({"Transformation": "COMPACT", "OutputType": "JSONL"});
        let lines = write("lines", lines).await;
        assert_eq!(
            lines["SUCCEEDED"],
            json!(["{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n"])
        );
        let none = write("none", Value::Null).await;
        let records: Value =
            serde_json::from_str(none["SUCCEEDED"][0].as_str().expect("a file")).expect("JSON");
        let first = records[0].as_object().expect("a record");
        let names: Vec<&str> = first.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "ExecutionArn",
                "Input",
                "InputDetails",
                "Name",
                "Output",
                "OutputDetails",
                "RedriveCount",
                "RedriveStatus",
                "RedriveStatusReason",
                "StartDate",
                "StateMachineArn",
                "Status",
                "StopDate",
            ]
        );
        assert_eq!(first["Input"], "{\"n\":0}");
        assert_eq!(first["Output"], "{\"n\":0}");
        let arn = first["ExecutionArn"].as_str().expect("an ARN");
        assert!(arn.contains(":execution:machine/L:"), "{arn}");
    });
}

#[test]
fn a_writers_form_alone_forms_the_states_result() {
    in_virtual_time(async {
        let (world, folder) = world();
        items(folder.path(), 2);
        let form = async |name: &str, transformation: &str, output_type: &str| {
            let config = json!({"Transformation": transformation, "OutputType": output_type});
            let pass = json!({"Type": "Pass", "Parameters": {"a.$": "States.Array($.n, 9)"},
                              "OutputPath": "$.a", "End": true});
            let writer = json!({"ResultWriter": {"WriterConfig": config}});
            let arn = world
                .start(name, &map("EXPRESS", pass, writer), json!({}))
                .await;
            output(world.end(&arn).await)
        };
        assert_eq!(form("c", "COMPACT", "JSON").await, json!([[0, 9], [1, 9]]));
        assert_eq!(form("f", "FLATTEN", "JSON").await, json!([0, 9, 1, 9]));
        assert_eq!(form("l", "FLATTEN", "JSONL").await, json!("0\n9\n1\n9"));
        let none = form("n", "NONE", "JSON").await;
        assert_eq!(
            (&none[0]["Status"], &none[1]["Output"]),
            (&json!("SUCCEEDED"), &json!("[1,9]"))
        );
    });
}

#[test]
fn a_run_goes_on_after_each_crash_and_writes_nothing_twice() {
    in_virtual_time(async {
        for kind in ["STANDARD", "EXPRESS"] {
            let (mut world, folder) = world();
            items(folder.path(), 40);
            let form = json!({"Transformation": "COMPACT", "OutputType": "JSON"});
            let mut more = writer(form);
            more["MaxConcurrency"] = json!(4);
            let arn = world
                .start("run", &map(kind, task("slow"), more), json!({}))
                .await;
            for _ in 0..5 {
                world.sleep(15).await;
                world.restart();
            }
            let result = output(world.end(&arn).await);
            let files = written(folder.path(), &result);
            let succeeded: Value =
                serde_json::from_str(files["SUCCEEDED"][0].as_str().expect("a file"))
                    .expect("JSON");
            assert_eq!(succeeded.as_array().map(Vec::len), Some(40), "{kind}");
            let told = told(&world, &arn);
            assert_eq!(told.run.total(), Some((40, 40)));
            assert_eq!(told.run.children().succeeded, 40);
        }
    });
}

/// Which rows the journal has of a run: the first, and how many it has had.
fn rows(world: &World, told: &MapRunTold) -> (u64, u64) {
    let arn = ExecutionArn(Arc::clone(&told.plan.arn.0));
    let first = world.journal.rows(&arn, 0, 1).expect("rows");
    let count = world.journal.row_count(&arn).expect("a count");
    (first[0].sequence, count)
}

#[test]
fn a_run_without_a_writer_keeps_only_how_it_stands() {
    in_virtual_time(async {
        let (mut world, folder) = world();
        items(folder.path(), 2_500);
        // One after the other, so that each has a row.
        let one = json!({"MaxConcurrency": 1});
        let pass = json!({"Type": "Pass", "Result": 7, "End": true});
        let definition = map("EXPRESS", pass, one);
        let arn = world.start("run", &definition, json!({})).await;
        let result = output(world.end(&arn).await);
        assert_eq!(result.as_array().map(Vec::len), Some(2_500));
        let lived = told(&world, &arn);
        let (first, count) = rows(&world, &lived);
        assert!(count > 1_500, "{count} rows: too few to be a test");
        assert!(count - first <= 1_026, "it keeps rows {first} to {count}");
        world.restart();
        let read = told(&world, &arn);
        assert_eq!(read.run.total(), Some((2_500, 2_500)));
        assert_eq!(read.run.fold(), lived.run.fold());
    });
}

#[test]
fn results_are_kept_until_they_are_written() {
    in_virtual_time(async {
        for kind in ["STANDARD", "EXPRESS"] {
            let (mut world, folder) = world();
            let pad = "p".repeat(12_000);
            let line = |n: usize| format!("{{\"n\":{n},\"pad\":\"{pad}\"}}\n");
            let lines: String = (0..700).map(line).collect();
            std::fs::write(folder.path().join("items.jsonl"), lines).expect("a folder");
            let form = json!({"Transformation": "NONE", "OutputType": "JSONL"});
            let mut more = writer(form);
            more["MaxConcurrency"] = json!(20);
            let arn = world
                .start("run", &map(kind, task("slow"), more), json!({}))
                .await;
            for _ in 0..5 {
                world.sleep(55).await;
                world.restart();
            }
            let before = told(&world, &arn);
            let (first, _) = rows(&world, &before);
            assert_eq!(first, 0, "{kind}: a row with results is gone");
            let ended = before.run.children().succeeded;
            assert!((400..700).contains(&ended), "{kind}: {ended} have ended");
            let result = output(world.end(&arn).await);
            let files = written(folder.path(), &result);
            let text = files["SUCCEEDED"][0].as_str().expect("a file");
            let number = |line: &str| {
                let record: Value = serde_json::from_str(line).expect("JSON");
                let input = record["Input"].as_str().expect("a text");
                let item: Value = serde_json::from_str(input).expect("JSON");
                item["n"].as_u64().expect("a number")
            };
            let mut numbers: Vec<u64> = text.lines().map(number).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (0..700).collect::<Vec<_>>(), "{kind}");
            let after = told(&world, &arn);
            let (first, _) = rows(&world, &after);
            assert!(first > 300, "{kind}: it keeps rows from {first} on");
            assert_eq!(after.run.children().succeeded, 700);
        }
    });
}

#[test]
fn a_redrive_does_only_what_failed_again() {
    in_virtual_time(async {
        let (mut world, folder) = world();
        items(folder.path(), 3);
        let form = json!({"Transformation": "COMPACT", "OutputType": "JSON"});
        let mut more = writer(form);
        // All are heard before the run fails.
        more["ToleratedFailureCount"] = json!(1);
        let definition = map("STANDARD", picky(), more);
        let arn = world.start("run", &definition, json!({})).await;
        for _ in 0..3 {
            let call = world.call().await;
            let token = call["token"].as_str().expect("a token");
            let n = call["item"]["n"].as_u64().expect("a number");
            let said = match n {
                0 => world.engine.task_succeeded(token, json!(n).into()).await,
                _ => {
                    world
                        .engine
                        .task_failed(token, Failure::named("E.No"))
                        .await
                }
            };
            said.expect("a token that is open");
        }
        let End::Failed(failure) = world.end(&arn).await else {
            panic!("it has failed");
        };
        assert_eq!(
            failure.error_name(),
            "States.ExceedToleratedFailureThreshold"
        );
        let run = told(&world, &arn).run;
        assert_eq!((run.children().succeeded, run.children().failed), (1, 2));
        world.restart();
        world.engine.redrive(&arn, None).await.expect("a redrive");
        for _ in 0..2 {
            let call = world.call().await;
            assert_ne!(call["item"]["n"], 0);
            let token = call["token"].as_str().expect("a token");
            let answer = call["item"]["n"].clone();
            let said = world.engine.task_succeeded(token, answer.into()).await;
            said.expect("a token that is open");
        }
        let result = output(world.end(&arn).await);
        assert!(world.is_quiet());
        let events = world.events(&arn);
        let redriven = events.iter().position(|name| name == "ExecutionRedriven");
        let after = &events[redriven.expect("a redrive") + 1..];
        assert_eq!(
            after,
            [
                "MapRunRedriven",
                "MapRunSucceeded",
                "MapStateSucceeded",
                "MapStateExited",
                "ExecutionSucceeded"
            ]
        );
        let run = told(&world, &arn).run;
        assert_eq!((run.children().succeeded, run.children().failed), (3, 0));
        assert_eq!((run.redrives(), run.pending_redrive()), (1, (0, 0)));
        let files = written(folder.path(), &result);
        assert_eq!(files["FAILED"], json!([]));
        let mut succeeded: Vec<u64> =
            serde_json::from_str(files["SUCCEEDED"][0].as_str().expect("a file")).expect("JSON");
        succeeded.sort_unstable();
        assert_eq!(succeeded, [0, 1, 2]);
    });
}

#[test]
fn tolerances_of_4_and_of_6_percent_of_5() {
    in_virtual_time(async {
        let (world, folder) = world();
        items(folder.path(), 100);
        // Those whose number ends in 00, 20, 40, 60 or 80.
        let choice = json!({
            "Type": "Pass",
            "Parameters": { "hash.$": "States.ArrayContains(States.ArrayRange(0, 80, 20), $.n)" },
            "Next": "Which",
        });
        let check = async |name: &str, percentage: u32| {
            let mut definition = map(
                "EXPRESS",
                choice.clone(),
                json!({
                    "ToleratedFailurePercentage": percentage,
                }),
            );
            let states = &mut definition["States"]["Map"]["ItemProcessor"]["States"];
            states["Which"] = json!({
                "Type": "Choice", "Default": "Good",
                "Choices": [{"Variable": "$.hash", "BooleanEquals": true, "Next": "Bad"}],
            });
            states["Good"] = json!({"Type": "Succeed"});
            states["Bad"] = json!({"Type": "Fail", "Error": "E.Bad"});
            let arn = world.start(name, &definition, json!({})).await;
            let end = world.end(&arn).await;
            let run = told(&world, &arn).run;
            (matches!(end, End::Succeeded(_)), run.items().failed)
        };
        assert_eq!(check("four", 4).await, (false, 5));
        assert_eq!(check("six", 6).await, (true, 5));
    });
}

#[test]
fn what_cannot_be_read_fails_the_run_and_says_what() {
    in_virtual_time(async {
        let (world, folder) = world();
        let why = async |name: &str, more: Value| {
            let definition = map("EXPRESS", task("echo"), more);
            let arn = world.start(name, &definition, json!({})).await;
            match world.end(&arn).await {
                End::Failed(failure) => {
                    let error = failure.error_name().to_owned();
                    format!("{error}: {}", failure.cause.unwrap_or_default())
                }
                other => panic!("it has not failed: {other:?}"),
            }
        };
        assert_eq!(
            why("missing", json!({})).await,
            "States.ItemReaderFailed: s3://bucket/items.jsonl: The specified key does not exist."
        );
        std::fs::write(folder.path().join("items.jsonl"), "1\n2\n{\n").expect("a folder");
        let broken = why("broken", json!({})).await;
        let begins = "States.ItemReaderFailed: s3://bucket/items.jsonl: line 3: not JSON: EOF";
        assert!(broken.starts_with(begins), "{broken}");
        items(folder.path(), 1);
        let reader = json!({ "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": { "InputType": "JSONL", "MaxItemsPath": "$.most" },
            "Parameters": { "Bucket": "bucket", "Key": "items.jsonl" },
        }});
        let definition = map("EXPRESS", task("echo"), reader);
        let input = json!({ "most": -1 });
        let arn = world.start("negative", &definition, input).await;
        let cause = "field MaxItems must be positive";
        let failure = Failure::new("States.ItemReaderFailed", cause);
        assert_eq!(world.end(&arn).await, End::Failed(failure));
        assert!(told(&world, &arn).stopped_at.is_some(), "no run failed");
        let mut nowhere = writer(Value::Null);
        nowhere["ResultWriter"]["Parameters"]["Bucket"] = json!("other");
        let nowhere = why("nowhere", nowhere).await;
        let begins = "States.ResultWriterFailed: s3://other/out/";
        assert!(nowhere.starts_with(begins), "{nowhere}");
        assert!(
            nowhere.contains(": there is no bucket other: "),
            "{nowhere}"
        );
        assert!(world.is_quiet(), "a child began");
    });
}

/// A list has no state of its own: what was read of it must be as it was.
#[test]
fn a_list_that_was_changed_is_not_mixed_with_what_it_was() {
    in_virtual_time(async {
        // What is put into the folder while nothing runs, and whether the run goes on.
        for (added, goes_on) in [("in/9", true), ("in/1b", false)] {
            let (mut world, folder) = world();
            std::fs::create_dir(folder.path().join("in")).expect("a folder");
            for n in 0..6 {
                std::fs::write(folder.path().join(format!("in/{n}")), "x").expect("a file");
            }
            let mut definition = map("STANDARD", task("slow"), json!({"MaxConcurrency": 2}));
            let reader = &mut definition["States"]["Map"]["ItemReader"];
            *reader = json!({
                "Resource": "arn:aws:states:::s3:listObjectsV2",
                "Parameters": { "Bucket": "bucket", "Prefix": "in/" },
            });
            let arn = world.start("run", &definition, json!({})).await;
            world.sleep(25).await;
            world.halt();
            std::fs::write(folder.path().join(added), "x").expect("a file");
            world.restart();
            match (world.end(&arn).await, goes_on) {
                (End::Succeeded(_), true) => {
                    assert_eq!(told(&world, &arn).run.items().succeeded, 7);
                }
                (End::Failed(failure), false) => {
                    assert_eq!(
                        failure.cause.as_deref(),
                        Some("s3://bucket/in/: the objects were changed since the Map Run began")
                    );
                }
                (end, _) => panic!("{added}: {end:?}"),
            }
        }
    });
}

#[test]
fn a_source_that_was_changed_is_not_mixed_with_what_it_was() {
    in_virtual_time(async {
        let (mut world, folder) = world();
        items(folder.path(), 10);
        let definition = map("STANDARD", task("slow"), json!({"MaxConcurrency": 2}));
        let arn = world.start("run", &definition, json!({})).await;
        world.sleep(15).await;
        world.halt();
        items(folder.path(), 11);
        world.restart();
        let End::Failed(failure) = world.end(&arn).await else {
            panic!("it has failed");
        };
        assert_eq!(
            failure.cause.as_deref(),
            Some("s3://bucket/items.jsonl: the object was changed since the Map Run began")
        );
    });
}
