"""Adds up the lines of an order: [4999, 1250], in cents, to their count, sum and largest.

A component of the world in wit/task.wit: `handle` takes JSON text and answers JSON text.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports.types import Failure

# The sum that every language can still count exactly: 2^53 - 1, as JavaScript has it.
CENTS_MAX = 2**53 - 1


def failure(error: str, cause: str) -> Err:
    """A failure with a name that Retriers and Catchers of the state machine match."""
    return Err(Failure(error, cause))


def cents_of(text: str) -> list[int]:
    cents = json.loads(text)
    if not isinstance(cents, list) or any(type(line) is not int or line < 0 for line in cents):
        raise failure("InvalidInput", "expected an array of whole numbers, not negative")
    return cents


def total(cents: list[int]) -> dict[str, int]:
    if not cents:
        raise failure("EmptyOrder", "an order has at least one line")
    if sum(cents) > CENTS_MAX:
        raise failure("TooMuch", f"more than {CENTS_MAX} cents")
    return {"lines": len(cents), "totalCents": sum(cents), "largestCents": max(cents)}


class Handler(exports.Handler):
    def handle(self, input: str) -> str:
        return json.dumps(total(cents_of(input)), separators=(",", ":"))
