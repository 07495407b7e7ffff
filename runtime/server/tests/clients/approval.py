"""Approvals by task token, of orders that wait while the server is killed.

`approval.py begin FILE MODULE` starts orders and writes their tokens to FILE; once the server
has been killed and runs again, `approval.py decide FILE` answers them.
"""

import json
import sys

from stepwell import client, create, deploy, ended, refused, until

sfn = client()


def begin(file, module):
    deploy("ask", module)
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": "ask",
            "Payload": {"token.$": "$$.Task.Token", "order.$": "$.order"},
        },
        "HeartbeatSeconds": 3600,
        "ResultPath": "$.decision",
        "Next": "Decided",
    }
    done = {"Type": "Succeed"}
    machine = create(sfn, "order", "Ask", {"Ask": ask, "Decided": done})
    # Nobody gives a sign of life for this one.
    catch = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Escalated"}]
    hasty = {**ask, "HeartbeatSeconds": 1, "Catch": catch}
    states = {"Ask": hasty, "Decided": done, "Escalated": {"Type": "Pass", "End": True}}
    impatient = create(sfn, "impatient", "Ask", states)

    orders = {}
    for order in ("approved", "rejected", "forgotten"):
        by = impatient if order == "forgotten" else machine
        started = sfn.start_execution(
            stateMachineArn=by, name=order, input=json.dumps({"order": order})
        )
        execution = started["executionArn"]
        orders[order] = [execution, until("a token", lambda: token_of(execution))]
    told = ended(sfn, orders["forgotten"][0])
    assert told["status"] == "SUCCEEDED", told
    assert json.loads(told["output"])["Error"] == "States.HeartbeatTimeout"
    token = orders["forgotten"][1]
    refused("TaskTimedOut", sfn.send_task_success, taskToken=token, output="{}")
    with open(file, "w") as out:
        json.dump(orders, out)


def token_of(execution):
    """The token that the Task has handed out."""
    events = sfn.get_execution_history(executionArn=execution)["events"]
    kinds = [event["type"] for event in events]
    if "TaskSubmitted" not in kinds:
        return None
    scheduled = events[kinds.index("TaskScheduled")]["taskScheduledEventDetails"]
    return json.loads(scheduled["parameters"])["Payload"]["token"]


def decide(file):
    with open(file) as source:
        orders = json.load(source)
    execution, token = orders["approved"]
    assert sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    sfn.send_task_heartbeat(taskToken=token)
    sfn.send_task_success(taskToken=token, output='{"by": "somebody"}')
    told = ended(sfn, execution)
    assert json.loads(told["output"])["decision"] == {"by": "somebody"}, told
    assert told["status"] == "SUCCEEDED"

    execution, token = orders["rejected"]
    sfn.send_task_failure(taskToken=token, error="Rejected", cause="too dear")
    told = ended(sfn, execution)
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "Rejected", "too dear")
    refused("TaskTimedOut", sfn.send_task_failure, taskToken=token)


{"begin": begin, "decide": decide}[sys.argv[1]](*sys.argv[2:])
