"""What one spec needs, for tests: entries of the lock in, the step out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pioneer_build.lock.model import Entry, Labelling, Lock
from pioneer_build.plan import (
    Choices,
    Facts,
    InputFacts,
    Plan,
    Step,
    make_plan,
)
from pioneer_build.spec.declared import Declared
from tests.planning import BACKEND, declared, digest, entry, generate_spec, label_spec, lock_of

ITEM = declared(generate_spec("a", ("x", "y"), 10))
OTHER = declared(generate_spec("a", ("x", "z"), 10))
LABEL = declared(label_spec("a", ("x", "y")))
RELABEL = declared(label_spec("a", ("x", "z")))
LOCAL_ROWS = frozenset({digest("a", number) for number in range(9)})


def plan(
    *specs: Declared, lock: Lock | None = None, choices: Choices | None = None, present: Any = LOCAL_ROWS, **facts: Any
) -> Plan:
    return make_plan(specs, lock or Lock(), Facts(BACKEND, present=present, **facts), choices)


def step(item: Declared, known: Entry | None, choices: Choices | None = None, **facts: Any) -> Step:
    lock = lock_of(known) if known is not None else Lock()
    return next(one for one in plan(item, lock=lock, choices=choices, **facts).steps if one.dataset_name == item.name)


def decided(one: Step) -> tuple[str, int, int, int]:
    return one.action, one.requests, one.examples, one.total


def texts(one: Step) -> str:
    return " | ".join(f"{reason.field}: {reason.text}" for reason in one.reasons)


def sized(number: int, item: Declared = ITEM) -> Declared:
    return declared(replace(item.spec, num_examples=number))


def labelling(inputs: str = "d", item: Declared = LABEL, **changes: Any) -> Labelling:
    return replace(Labelling(item.fingerprint, inputs, 5, 5, 5, 0, 5, digest("a", 1)), **changes)


def labelled(item: Declared = LABEL, **changes: Any) -> Entry:
    return entry(item, **{"labelling": labelling(item=item), "paid": ((item.fingerprint, 5),), **changes})


def facts(digest_of_inputs: str = "d", count: int = 5, new: int = 0, **more: Any) -> dict[str, Any]:
    return {"inputs": {"a": InputFacts(digest_of_inputs, count, more.pop("distinct", count), new, **more)}}
