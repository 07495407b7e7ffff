"""All operations of Step Functions, with parameters as people send them.

Takes a module that answers what it is given. That all were used is counted at the end.
"""

import json
import sys

from stepwell import ROLE, Unlike, check_shape, client, create, deploy, ended, refused
from stepwell import resolve_sync_hosts, until, used

resolve_sync_hosts()
sfn = client()
DONE = {"Type": "Succeed"}


def machines_versions_and_aliases():
    log_group = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/orders:*"
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": log_group}}
    definition = {"StartAt": "Done", "States": {"Done": DONE}}
    told = sfn.validate_state_machine_definition(
        definition=json.dumps(definition), type="STANDARD", severity="WARNING", maxResults=10
    )
    assert (told["result"], told["diagnostics"]) == ("OK", []), told
    made = sfn.create_state_machine(
        name="orders",
        definition=json.dumps(definition),
        roleArn=ROLE,
        type="STANDARD",
        loggingConfiguration={
            "level": "ERROR",
            "includeExecutionData": True,
            "destinations": [destination],
        },
        tracingConfiguration={"enabled": True},
        tags=[{"key": "team", "value": "checkout"}],
        publish=True,
        versionDescription="the first",
    )
    orders, first = made["stateMachineArn"], made["stateMachineVersionArn"]
    assert first == f"{orders}:1"

    definition["Comment"] = "another"
    updated = sfn.update_state_machine(
        stateMachineArn=orders, definition=json.dumps(definition), roleArn=ROLE
    )
    second = sfn.publish_state_machine_version(
        stateMachineArn=orders, revisionId=updated["revisionId"], description="the second"
    )["stateMachineVersionArn"]
    assert second == f"{orders}:2"
    told = sfn.describe_state_machine(stateMachineArn=orders, includedData="ALL_DATA")
    assert told["definition"] == json.dumps(definition)
    assert told["loggingConfiguration"]["destinations"] == [destination]
    assert told["revisionId"] == updated["revisionId"]
    told = sfn.list_state_machine_versions(stateMachineArn=orders, maxResults=1)
    assert told["stateMachineVersions"][0]["stateMachineVersionArn"] == second
    told = sfn.list_state_machine_versions(stateMachineArn=orders, nextToken=told["nextToken"])
    assert told["stateMachineVersions"][0]["stateMachineVersionArn"] == first

    live = sfn.create_state_machine_alias(
        name="live",
        description="what is sold by",
        routingConfiguration=[
            {"stateMachineVersionArn": first, "weight": 10},
            {"stateMachineVersionArn": second, "weight": 90},
        ],
    )["stateMachineAliasArn"]
    sfn.update_state_machine_alias(
        stateMachineAliasArn=live,
        routingConfiguration=[{"stateMachineVersionArn": second, "weight": 100}],
    )
    told = sfn.describe_state_machine_alias(stateMachineAliasArn=live)
    assert told["routingConfiguration"] == [{"stateMachineVersionArn": second, "weight": 100}]
    told = sfn.list_state_machine_aliases(stateMachineArn=orders, maxResults=10)
    assert [alias["stateMachineAliasArn"] for alias in told["stateMachineAliases"]] == [live]
    refused(
        "ConflictException", sfn.delete_state_machine_version, stateMachineVersionArn=second
    )
    by_alias = sfn.start_execution(stateMachineArn=live, name="by-alias")["executionArn"]
    told = ended(sfn, by_alias)
    assert (told["stateMachineAliasArn"], told["stateMachineVersionArn"]) == (live, second)

    sfn.tag_resource(resourceArn=orders, tags=[{"key": "stage", "value": "test"}])
    sfn.untag_resource(resourceArn=orders, tagKeys=["team"])
    told = sfn.list_tags_for_resource(resourceArn=orders)
    assert told["tags"] == [{"key": "stage", "value": "test"}]

    sfn.delete_state_machine_alias(stateMachineAliasArn=live)
    sfn.delete_state_machine_version(stateMachineVersionArn=first)
    sfn.delete_state_machine(stateMachineArn=orders)
    until("orders gone", lambda: orders not in _all_machines())


def _all_machines():
    pages = sfn.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 1})
    return [machine["stateMachineArn"] for page in pages for machine in page["stateMachines"]]


def executions():
    states = {
        "Greet": {"Type": "Pass", "Result": "hello", "ResultPath": "$.greeting", "Next": "Long"},
        "Long": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Done"},
        "Done": DONE,
    }
    waits = create(sfn, "waits", "Greet", states)
    started = sfn.start_execution(
        stateMachineArn=waits, name="short", input='{"seconds": 0}', traceHeader="Root=1-2-3"
    )
    again = sfn.start_execution(stateMachineArn=waits, name="long", input='{"seconds": 99999}')
    same = sfn.start_execution(stateMachineArn=waits, name="long", input='{"seconds": 99999}')
    assert again["executionArn"] == same["executionArn"]
    assert again["startDate"] == same["startDate"]
    refused("ExecutionAlreadyExists", sfn.start_execution, stateMachineArn=waits, name="long")
    told = ended(sfn, started["executionArn"])
    assert (told["status"], told["name"]) == ("SUCCEEDED", "short")
    assert json.loads(told["output"]) == {"seconds": 0, "greeting": "hello"}
    assert told["startDate"] == started["startDate"] <= told["stopDate"]

    pages = sfn.get_paginator("get_execution_history").paginate(
        executionArn=started["executionArn"],
        reverseOrder=True,
        includeExecutionData=True,
        PaginationConfig={"PageSize": 3},
    )
    events = [event for page in pages for event in page["events"]]
    assert [event["id"] for event in events] == list(range(len(events), 0, -1))
    assert events[0]["type"] == "ExecutionSucceeded"
    assert events[-1]["executionStartedEventDetails"]["input"] == '{"seconds": 0}'

    told = sfn.describe_state_machine_for_execution(executionArn=again["executionArn"])
    assert json.loads(told["definition"])["States"] == states
    stopped = sfn.stop_execution(
        executionArn=again["executionArn"], error="Ordered.Twice", cause="by the customer"
    )
    told = ended(sfn, again["executionArn"])
    assert (told["status"], told["error"]) == ("ABORTED", "Ordered.Twice")
    assert told["stopDate"] == stopped["stopDate"]
    told = sfn.list_executions(stateMachineArn=waits, statusFilter="ABORTED", maxResults=5)
    assert [one["executionArn"] for one in told["executions"]] == [again["executionArn"]]


def express():
    states = {
        "Double": {
            "Type": "Pass",
            "Output": {"doubled": "{% $states.input.n * 2 %}"},
            "QueryLanguage": "JSONata",
            "End": True,
        }
    }
    quick = create(sfn, "quick", "Double", states, type="EXPRESS")
    # With the prefix `sync-` before the host, as botocore sends it unless told otherwise.
    for one in (sfn, client(inject_host_prefix=False)):
        told = one.start_sync_execution(stateMachineArn=quick, name="now", input='{"n": 21}')
        assert (told["status"], json.loads(told["output"])) == ("SUCCEEDED", {"doubled": 42})
        assert told["billingDetails"]["billedMemoryUsedInMB"] >= 64
    refused("StateMachineTypeNotSupported", sfn.list_executions, stateMachineArn=quick)

    told = sfn.test_state(
        definition=json.dumps(states["Double"]), input='{"n": 1}', inspectionLevel="DEBUG"
    )
    assert (told["status"], json.loads(told["output"])) == ("SUCCEEDED", {"doubled": 2})
    assert json.loads(told["inspectionData"]["input"]) == {"n": 1}


def activities():
    made = sfn.create_activity(name="pack", tags=[{"key": "hall", "value": "2"}])
    pack = made["activityArn"]
    assert sfn.create_activity(name="pack")["creationDate"] == made["creationDate"]
    assert sfn.describe_activity(activityArn=pack)["name"] == "pack"
    assert [one["name"] for one in sfn.list_activities(maxResults=9)["activities"]] == ["pack"]

    catch = [{"ErrorEquals": ["Too.Heavy"], "ResultPath": "$.refused", "Next": "Done"}]
    task = {"Type": "Task", "Resource": pack, "HeartbeatSeconds": 600, "Catch": catch}
    packs = create(sfn, "packs", "Pack", {"Pack": {**task, "Next": "Done"}, "Done": DONE})
    for weight in (1, 1000):
        started = sfn.start_execution(stateMachineArn=packs, input=json.dumps({"kg": weight}))
        given = sfn.get_activity_task(activityArn=pack, workerName="worker-1")
        assert json.loads(given["input"]) == {"kg": weight}
        token = given["taskToken"]
        sfn.send_task_heartbeat(taskToken=token)
        if weight == 1:
            sfn.send_task_success(taskToken=token, output='"packed"')
        else:
            sfn.send_task_failure(taskToken=token, error="Too.Heavy", cause="1000 kg")
        told = ended(sfn, started["executionArn"])
        assert told["status"] == "SUCCEEDED", told
        refused("TaskTimedOut", sfn.send_task_success, taskToken=token, output="1")
    assert json.loads(told["output"])["refused"] == {"Error": "Too.Heavy", "Cause": "1000 kg"}
    refused("InvalidToken", sfn.send_task_heartbeat, taskToken="no token of ours")
    sfn.delete_activity(activityArn=pack)
    refused("ActivityDoesNotExist", sfn.describe_activity, activityArn=pack)


def map_runs():
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Item",
        "States": {"Item": {"Type": "Wait", "SecondsPath": "$.seconds", "End": True}},
    }
    each = {"Type": "Map", "Label": "Each", "ItemsPath": "$.items", "MaxConcurrency": 2}
    each.update(ItemProcessor=processor, ToleratedFailureCount=1, End=True)
    machine = create(sfn, "each", "Each", {"Each": each})
    items = [{"seconds": seconds} for seconds in (0, 0, 9999)]
    started = sfn.start_execution(stateMachineArn=machine, input=json.dumps({"items": items}))
    execution = started["executionArn"]
    run = until(
        "a Map Run", lambda: sfn.list_map_runs(executionArn=execution, maxResults=5)["mapRuns"]
    )[0]["mapRunArn"]
    sfn.update_map_run(mapRunArn=run, maxConcurrency=3, toleratedFailurePercentage=50.0)
    told = sfn.describe_map_run(mapRunArn=run)
    assert (told["maxConcurrency"], told["toleratedFailurePercentage"]) == (3, 50.0)

    def two_done():
        counts = sfn.describe_map_run(mapRunArn=run)["itemCounts"]
        return counts["succeeded"] == 2 and counts

    counts = until("two items done", two_done)
    assert (counts["total"], counts["running"]) == (3, 1), counts
    children = sfn.list_executions(mapRunArn=run)["executions"]
    (last,) = [child for child in children if child["status"] == "RUNNING"]
    sfn.stop_execution(executionArn=last["executionArn"])
    assert ended(sfn, execution)["status"] == "SUCCEEDED"
    assert sfn.describe_map_run(mapRunArn=run)["status"] == "SUCCEEDED"


def redrive(module):
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "late", "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "End": True,
    }
    machine = create(sfn, "redriven", "Invoke", {"Invoke": invoke})
    started = sfn.start_execution(stateMachineArn=machine, input='{"n": 7}')
    told = ended(sfn, started["executionArn"])
    assert (told["status"], told["redriveStatus"]) == ("FAILED", "REDRIVABLE")
    assert told["error"] == "Lambda.ResourceNotFoundException", told
    deploy("late", module)
    sfn.redrive_execution(executionArn=started["executionArn"], clientToken="a-token")
    told = ended(sfn, started["executionArn"])
    assert (told["status"], told["redriveCount"]) == ("SUCCEEDED", 1), told
    assert json.loads(told["output"]) == {"n": 7}


def the_check_finds_what_is_wrong():
    shape = sfn.meta.service_model.operation_model("DescribeExecution").output_shape
    right = {"executionArn": "a", "stateMachineArn": "m", "status": "RUNNING", "startDate": 1.5}
    check_shape(shape, right, "right")
    missing = {name: value for name, value in right.items() if name != "status"}
    wrong = [{"status": "GONE"}, {"name": True}, {"error": "e" * 257}, {"nothing": 1}]
    for one in [missing] + [right | field for field in wrong]:
        try:
            check_shape(shape, one, "wrong")
        except Unlike:
            continue
        raise AssertionError(f"not found: {one}")


the_check_finds_what_is_wrong()
machines_versions_and_aliases()
executions()
express()
activities()
map_runs()
redrive(sys.argv[1])
operations = set(sfn.meta.service_model.operation_names)
assert len(operations) == 37 and set(used) == operations, operations - set(used)
print(f"{len(used)} operations, {sum(used.values())} answers, each as the model has it")
