"""One dataset as `status` and `show` tell it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pioneer_build.lock.model import Entry, Job, Labelling, Rejection
from pioneer_build.operations.dataset_status import dataset_status, training_pair
from pioneer_build.operations.helping_command import command_for
from pioneer_build.plan import Step
from pioneer_build.wording import GIVEN_UP
from tests.planning import declared, generate_spec

DEFINITION = {"task_type": "classification", "labels": ["a", "b"]}


def job(number: int, **more: Any) -> Job:
    made: dict[str, Any] = {
        "fingerprint": "", "remote_name": "d", "asked": 2, "state": "ready", "order": number, "job_id": f"j{number}",
        "version": str(number), "got": 2, "rows": f"sha256:{number:064d}", "verified": True,
    }  # fmt: skip
    return Job(**{**made, **more})


def entry(*jobs: Job, **more: Any) -> Entry:
    bare = Entry("d", "local", "classification", DEFINITION, "d", sum(one.asked for one in jobs))
    return replace(bare, jobs=tuple(replace(one, fingerprint=bare.fingerprint) for one in jobs), **more)


def test_a_version_that_holds_exactly_the_rows() -> None:
    assert training_pair(entry(job(1), job(2))) == {"name": "d", "version": "2"}, "the local engine's versions add up"
    assert training_pair(replace(entry(job(1)), backend="pioneer")) == {"name": "d", "version": "1"}
    assert training_pair(None) is None


@pytest.mark.parametrize(
    "found",
    [
        entry(job(1, verified=False)),
        entry(job(1, got=1)),
        entry(job(1, quarantined="sha256:q")),
        entry(job(1, version=None)),
        entry(job(1, inferred=True)),
        entry(job(1), job(2, state="rejected")),
        replace(entry(job(1), job(2)), num_examples=3),
        replace(entry(job(1)), num_examples=None),
        replace(entry(job(1), job(2)), backend="pioneer"),
        replace(entry(job(1), job(2)), backend="http://127.0.0.1:8000"),
        entry(job(1, deleted=True)),
        entry(job(1), job(2, state="unknown", job_id=None, version=None, asked=0)),
        entry(job(1), job(2, state="failed", job_id=None, version=None, reason=GIVEN_UP, asked=0)),
    ],
    ids=[
        "unverified",
        "few",
        "set aside",
        "no version",
        "counted",
        "of a rejected job",
        "shrunk",
        "labels",
        "extended elsewhere",
        "extended on a server",
        "deleted",
        "an unknown job",
        "a job that was given up",
    ],
)
def test_no_version_to_train_on(found: Entry) -> None:
    assert training_pair(found) is None


@pytest.mark.parametrize(
    ("step", "command"),
    [
        (Step("d", "none"), None),
        (Step("d", "create"), "pioneer-build apply --select d"),
        (Step("d", "blocked", command="pioneer-build apply --retry d"), "pioneer-build apply --retry d"),
        (Step("d", "replace", refused="it is protected"), "edit the spec (it is protected)"),
        (Step("d", "reconcile", command="pioneer-build adopt d JOB_ID"), "pioneer-build apply --select d"),
        (Step("d", "reconcile", refused="no", command="pioneer-build adopt d JOB_ID"), "pioneer-build adopt d JOB_ID"),
    ],
)
def test_the_one_command_that_helps(step: Step, command: str | None) -> None:
    assert command_for(step) == command


def test_a_built_dataset() -> None:
    value = dataset_status("d", "local", entry(job(1), job(2)), None, None)
    assert {key: value[key] for key in ("dataset_name", "remote_name", "backend", "task_type", "state")} == {
        "dataset_name": "d", "remote_name": "d", "backend": "local", "task_type": "classification", "state": "ready",
    }  # fmt: skip
    assert (value["examples"], value["version"], value["verified"]) == (4, "2", True)
    assert [(one["job_id"], one["examples"], one["accepted"]) for one in value["jobs"]] == [("j1", 2, 2), ("j2", 2, 2)]
    assert "action" not in value
    assert json.loads(json.dumps(value)) == value


def test_rows_of_an_earlier_definition() -> None:
    item = declared(generate_spec("d", num_examples=9))
    value = dataset_status("d", "local", entry(job(1)), item, Step("d", "replace"))
    assert (value["stale"], value["training"], value["num_examples"], value["examples"]) == (True, None, 9, 2)
    value = dataset_status("d", "local", entry(job(1)), None, None)
    assert (value["stale"], value["training"]) == (False, {"name": "d", "version": "1"}), "there is no other one"


def test_a_spec_without_an_entry() -> None:
    item = declared(generate_spec("d"))
    value = dataset_status("d", "local", None, item, Step("d", "create", remote_name="d-1"))
    assert (value["state"], value["remote_name"], value["action"]) == ("new", "d-1", "create")
    assert (value["fingerprint"], value["task_type"]) == (item.fingerprint, item.spec.task_type)
    assert (value["examples"], value["content"], value["jobs"], value["training"]) == (0, None, [], None)
    assert value["command"] == "pioneer-build apply --select d"
    assert dataset_status("d", "local", None, None, None)["remote_name"] == "d"


def test_a_label_dataset() -> None:
    bare = entry()
    labelling = Labelling(bare.fingerprint, "sha256:i", 4, 3, 2, 1, 4, "sha256:" + "0" * 64, ("b",))
    found = replace(
        bare,
        num_examples=None,
        labelling=labelling,
        rejection=Rejection(bare.fingerprint, "sha256:i", "rejected", "no annotation came"),
    )
    value = dataset_status("d", "local", found, None, None)
    assert value["inputs"] == {"texts": 4, "distinct": 3, "annotated": 2, "quarantined": 1}
    assert (value["unsupported_labels"], value["reason"]) == (["b"], "no annotation came")
