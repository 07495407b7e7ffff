"""Map Runs as boto3 sees them: tolerances of failures, what is written, and a redrive.

Of 100 lines 5 are failed by the worker who does them: above a tolerance of 4 percent, and
within one of 6. A redrive does those 5 again, and no others.
"""

import json
import os
import pathlib
import sys

from stepwell import client, create, ended, refused, until

LINES = 100
FAILED = range(0, LINES, 20)

sfn = client()
read, written = (pathlib.Path(folder) for folder in sys.argv[1:])


def machine(activity, percentage):
    """A machine that gives each line to a worker."""
    each = {
        "Type": "Map",
        "Label": "Each",
        "ToleratedFailurePercentage": percentage,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Parameters": {"Bucket": "in", "Key": "lines.jsonl"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Work",
            "States": {"Work": {"Type": "Task", "Resource": activity, "End": True}},
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": "out", "Prefix": f"of-{percentage}"},
            "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"},
        },
        "End": True,
    }
    return create(sfn, f"tolerates-{percentage}", "Each", {"Each": each})


def take(activity, count):
    """The tokens of the next so many lines, by number."""
    tokens = {}
    for _ in range(count):
        given = sfn.get_activity_task(activityArn=activity, workerName="worker")
        number = json.loads(given["input"])["n"]
        assert number not in tokens, f"line {number} was given twice"
        tokens[number] = given["taskToken"]
    return tokens


def succeed(tokens, number):
    sfn.send_task_success(taskToken=tokens[number], output=json.dumps({"n": number}))


def start(activity, percentage):
    """Starts a run; answers it and its execution when 5 of its lines have failed, the last."""
    started = sfn.start_execution(stateMachineArn=machine(activity, percentage))
    execution = started["executionArn"]
    tokens = take(activity, LINES)
    assert sorted(tokens) == list(range(LINES))
    (run,) = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    run = run["mapRunArn"]
    for number in set(tokens) - set(FAILED):
        succeed(tokens, number)
    until("95 lines done", lambda: counts(run)["succeeded"] == LINES - len(FAILED))
    for number in FAILED:
        sfn.send_task_failure(taskToken=tokens[number], error="Bad.Line", cause=str(number))
    return execution, run


def counts(run):
    return sfn.describe_map_run(mapRunArn=run)["itemCounts"]


def files(execution):
    """What the manifest of a run's results names: by kind, all lines of its files."""
    output = json.loads(sfn.describe_execution(executionArn=execution)["output"])
    key = output["ResultWriterDetails"]["Key"]
    manifest = json.loads((written / key).read_text())
    assert manifest["DestinationBucket"] == "out"
    lines = {}
    for kind, named in manifest["ResultFiles"].items():
        lines[kind] = []
        for file in named:
            assert os.path.getsize(written / file["Key"]) == file["Size"]
            text = (written / file["Key"]).read_text()
            lines[kind] += [json.loads(line) for line in text.splitlines()]
    return lines


def children(run, status):
    pages = sfn.get_paginator("list_executions").paginate(mapRunArn=run, statusFilter=status)
    return [child for page in pages for child in page["executions"]]


def within(activity):
    execution, run = start(activity, 6)
    assert ended(sfn, execution)["status"] == "SUCCEEDED"
    told = sfn.describe_map_run(mapRunArn=run)
    assert told["status"] == "SUCCEEDED"
    assert (told["itemCounts"]["succeeded"], told["itemCounts"]["failed"]) == (95, 5)
    assert told["itemCounts"]["resultsWritten"] == LINES - len(FAILED)
    lines = files(execution)
    assert sorted(line["n"] for line in lines["SUCCEEDED"]) == sorted(
        set(range(LINES)) - set(FAILED)
    )
    assert sorted(int(line["Cause"]) for line in lines["FAILED"]) == list(FAILED)
    assert {line["Error"] for line in lines["FAILED"]} == {"Bad.Line"}


def above(activity):
    execution, run = start(activity, 4)
    told = ended(sfn, execution)
    assert (told["status"], told["error"]) == (
        "FAILED",
        "States.ExceedToleratedFailureThreshold",
    )
    told = sfn.describe_map_run(mapRunArn=run)
    assert told["status"] == "FAILED"
    assert (told["itemCounts"]["succeeded"], told["itemCounts"]["failed"]) == (95, 5)
    assert told["executionCounts"]["failuresNotRedrivable"] == 0
    assert (len(children(run, "FAILED")), len(children(run, "SUCCEEDED"))) == (5, 95)

    sfn.redrive_execution(executionArn=execution)
    tokens = take(activity, len(FAILED))
    assert sorted(tokens) == list(FAILED), "only what failed is done again"
    told = sfn.describe_map_run(mapRunArn=run)
    assert (told["status"], told["redriveCount"]) == ("RUNNING", 1)
    assert told["itemCounts"]["succeeded"] == 95
    for number in FAILED:
        succeed(tokens, number)
    assert ended(sfn, execution)["status"] == "SUCCEEDED"
    told = sfn.describe_map_run(mapRunArn=run)
    assert told["status"] == "SUCCEEDED"
    assert (told["itemCounts"]["succeeded"], told["itemCounts"]["failed"]) == (100, 0)
    lines = files(execution)
    assert sorted(line["n"] for line in lines["SUCCEEDED"]) == list(range(LINES))
    assert lines["FAILED"] == []
    assert len(children(run, "SUCCEEDED")) == LINES
    refused("ValidationException", sfn.update_map_run, mapRunArn=run, maxConcurrency=3)


def main():
    activity = sfn.create_activity(name="work")["activityArn"]
    lines = "".join(f'{{"n": {number}}}\n' for number in range(LINES))
    (read / "lines.jsonl").write_text(lines)
    within(activity)
    above(activity)


main()
