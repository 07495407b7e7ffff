"""boto3's client on a server of ours, each answer held against botocore's model.

A client that is made here raises `Unlike` when an answer, as it came over the wire, is not
what the model says: a field it does not know, one it requires that is missing, a wrong type,
a word outside of an enum, a bound crossed. botocore itself would pass over all of them.
"""

import collections
import json
import os
import socket
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/role"
ENDPOINT = os.environ.get("STEPWELL_ENDPOINT", "")

# Seconds that anything may take before it counts as hanging: far more than it takes.
PATIENCE = 60

# How often each operation was granted.
used = collections.Counter()


class Unlike(Exception):
    """An answer that AWS's model does not allow."""


def client(service="stepfunctions", **config):
    """A client as everyone makes it, but for the endpoint."""
    config = Config(retries={"total_max_attempts": 1}, read_timeout=70, **config)
    made = boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id="000000000000",
        aws_secret_access_key="secret",
        config=config,
    )
    made.meta.events.register("before-parse", _check)
    return made


def resolve_sync_hosts():
    """Makes the name `sync-HOST` mean HOST, as a line in /etc/hosts would."""
    plain = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **more: plain(
        host.removeprefix("sync-"), *rest, **more
    )


def _check(operation_model, response_dict, **_):
    name = operation_model.name
    body = response_dict["body"]
    if response_dict["status_code"] >= 400:
        if operation_model.metadata["protocol"] == "json":
            _check_refusal(operation_model, response_dict["status_code"], json.loads(body))
        return
    if operation_model.metadata["serviceId"] == "SFN":
        used[name] += 1
        check_shape(operation_model.output_shape, json.loads(body), name)


# Refusals that any operation may answer with, which the model does not list.
COMMON = {"ValidationException", "SerializationException", "ThrottlingException"}


def _check_refusal(operation_model, status, body):
    kind = body["__type"].rpartition("#")[2]
    declared = {shape.name for shape in operation_model.error_shapes}
    if kind not in declared | COMMON or not 400 <= status < 500:
        raise Unlike(f"{operation_model.name}: {status} {body}")
    if not isinstance(body.get("message"), str):
        raise Unlike(f"{operation_model.name}: a refusal without a message: {body}")


TYPES = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
}


def check_shape(shape, value, path):
    """Raises `Unlike` unless a value is of a shape."""

    def unlike(why):
        raise Unlike(f"{path}: {why}, for a {shape.name}: {value!r:.300}")

    kind = shape.type_name
    # In Python a bool is an int.
    if not isinstance(value, TYPES[kind]) or isinstance(value, bool) != (kind == "boolean"):
        unlike(f"not of type {kind}")
    if kind == "structure":
        for name in shape.required_members:
            if name not in value:
                unlike(f"{name} is missing")
        for name, member in value.items():
            if name not in shape.members:
                unlike(f"{name} is unknown")
            check_shape(shape.members[name], member, f"{path}.{name}")
    elif kind == "list":
        for place, member in enumerate(value):
            check_shape(shape.member, member, f"{path}[{place}]")
    elif kind == "map":
        for name, member in value.items():
            check_shape(shape.value, member, f"{path}[{name}]")
    elif kind == "string" and shape.enum and value not in shape.enum:
        unlike("not in the enum")
    if kind in ("list", "string", "map"):
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max", float("inf"))
        if not low <= len(value) <= high:
            unlike(f"its length is not in {low}..{high}")


def refused(name, call, /, **parameters):
    """Calls what must be refused so; answers the message."""
    try:
        answer = call(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == name, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{name} expected, not {answer}")


def until(what, look):
    """What `look` answers, once that is something: AWS's API has no other way to wait."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
    raise AssertionError(f"after {PATIENCE} s still not: {what}")


def ended(sfn, execution):
    """How an execution ended."""

    def look():
        told = sfn.describe_execution(executionArn=execution)
        return told["status"] != "RUNNING" and told

    return until(f"the end of {execution}", look)


def create(sfn, name, start, states, **more):
    """Makes a state machine, and answers its ARN."""
    definition = json.dumps({"StartAt": start, "States": states})
    return sfn.create_state_machine(
        name=name, definition=definition, roleArn=ROLE, **more
    )["stateMachineArn"]


def deploy(name, module):
    """Deploys a Wasm module, as a file, as a function."""
    with open(module, "rb") as file:
        made = client("lambda").create_function(
            FunctionName=name,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=ROLE,
            Code={"ZipFile": file.read()},
        )
    return made["FunctionArn"]
