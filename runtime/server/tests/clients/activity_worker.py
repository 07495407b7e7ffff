"""Activity workers in Python: a few at once, as AWS's manual has them written.

What they must do is start as many executions as there are items, take each item once, and give
signs of life for what takes longer. One worker falls silent: its item is taken by another.
"""

import collections
import json
import threading

from stepwell import client, create, ended

ITEMS = 40
WORKERS = 3

taken = collections.Counter()
silent = threading.Event()


def work(name, activity):
    """Asks for items until it is given the last."""
    sfn = client()
    while True:
        given = sfn.get_activity_task(activityArn=activity, workerName=name)
        token = given.get("taskToken")
        if token is None:
            continue
        item = json.loads(given["input"])["item"]
        if item == "stop":
            sfn.send_task_success(taskToken=token, output="null")
            return
        taken[item] += 1
        if item == 0 and not silent.is_set():
            # As if this worker had died with the item in its hands.
            silent.set()
            continue
        if item % 2:
            sfn.send_task_heartbeat(taskToken=token)
        if item % 5 == 4:
            sfn.send_task_failure(taskToken=token, error="Odd.Item", cause=name)
        else:
            sfn.send_task_success(taskToken=token, output=json.dumps({"square": item * item}))


def main():
    sfn = client()
    activity = sfn.create_activity(name="square")["activityArn"]
    retry = [{"ErrorEquals": ["States.HeartbeatTimeout"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    square = {"Type": "Task", "Resource": activity, "Retry": retry, "End": True}
    patient = create(sfn, "patient", "Square", {"Square": square})
    square = {**square, "HeartbeatSeconds": 3}
    watched = create(sfn, "watched", "Square", {"Square": square})
    workers = [
        threading.Thread(target=work, args=(f"worker-{one}", activity)) for one in range(WORKERS)
    ]
    for worker in workers:
        worker.start()

    def start(item):
        return sfn.start_execution(
            stateMachineArn=watched if item == 0 else patient, input=json.dumps({"item": item})
        )["executionArn"]

    started = {item: start(item) for item in range(ITEMS)}
    for item, execution in started.items():
        told = ended(sfn, execution)
        if item % 5 == 4:
            assert (told["status"], told["error"]) == ("FAILED", "Odd.Item"), told
        else:
            assert json.loads(told["output"]) == {"square": item * item}, told
    for execution in [start("stop") for _ in workers]:
        assert ended(sfn, execution)["status"] == "SUCCEEDED"
    for worker in workers:
        worker.join()
    assert taken == {item: 2 if item == 0 else 1 for item in range(ITEMS)}, taken
    events = sfn.get_execution_history(executionArn=started[0])["events"]
    kinds = collections.Counter(event["type"] for event in events)
    assert (kinds["ActivityTimedOut"], kinds["ActivitySucceeded"]) == (1, 1), kinds
    print(f"{ITEMS} items by {WORKERS} workers")


main()
