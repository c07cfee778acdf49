"""Saved plans: exactly what was reviewed, or refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import PlanFileError
from pioneer_build.operations import saved_plan
from pioneer_build.operations.saved_plan import as_reviewed, read_plan, write_plan
from pioneer_build.plan import Choices, Plan
from pioneer_build.plan.json import plan_value
from pioneer_build.spec.declared import Declared
from tests.planning import PROPERTY, World, declared, generate_spec, label_spec, projects

SECRET = "the text of a customer"


def saved(plan: Plan, folder: Path) -> Plan:
    path = folder / "plan.json"
    write_plan(path, plan)
    return read_plan(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


@PROPERTY
@given(walk=st.lists(projects(), min_size=1, max_size=3), delete=st.booleans())
def test_plan_to_file_to_plan_is_the_identity(folder: Path, walk: list[list[Declared]], delete: bool) -> None:
    world = World()
    for specs in walk[:-1]:
        world.apply(specs)
    plan = world.plan(walk[-1], Choices(retry=frozenset({"a"}), delete_remote=delete), requests_per_minute=120)
    again = saved(plan, folder)
    assert plan_value(again) == plan_value(plan)
    assert again == plan
    assert [step.basis for step in again.steps] == [step.basis for step in plan.steps]
    done = as_reviewed(again, plan)
    assert done.steps == tuple(step for step in plan.steps if step.action != "none"), "nothing is out of date"
    assert (done.requests, done.examples, done.choices) == (plan.requests, plan.examples, plan.choices)


@PROPERTY
@given(walk=st.lists(projects(), min_size=2, max_size=3))
def test_a_step_is_what_was_reviewed_or_is_refused(folder: Path, walk: list[list[Declared]]) -> None:
    world = World()
    for specs in walk[:-2]:
        world.apply(specs)
    reviewed = saved(world.plan(walk[-2]), folder)
    now = world.plan(walk[-1])
    today = {step.dataset_name: step for step in now.steps}
    for step in as_reviewed(reviewed, now).steps:
        if step.refused is None:
            old = next(one for one in reviewed.steps if one.dataset_name == step.dataset_name)
            assert step is today[step.dataset_name]
            assert replace(step, reasons=()) == replace(old, reasons=())
    assert as_reviewed(reviewed, now).requests <= reviewed.requests


@PROPERTY
@given(specs=projects())
def test_a_plan_that_was_applied_does_nothing_again(folder: Path, specs: list[Declared]) -> None:
    world = World()
    plan = saved(world.plan(specs), folder)
    world.apply(specs)
    again = as_reviewed(plan, world.plan(specs))
    assert again.requests == 0
    assert all("out of date" in str(step.refused) for step in again.steps)


def test_the_file_is_private_and_has_no_text_of_inputs(tmp_path: Path) -> None:
    specs = [declared(label_spec("t", texts=(SECRET, "other"))), declared(generate_spec("g"))]
    path = tmp_path / "plan.json"
    path.write_text("old")
    path.chmod(0o644)
    write_plan(path, World().plan(specs))
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert SECRET not in text
    assert json.loads(text)["kind"] == "pioneer-build plan"
    assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({}, False),
        ({"owner": "me"}, False),
        ({"labels": ("y", "x")}, False),
        ({"num_examples": 11}, True),
        ({"labels": ("x",)}, True),
        ({"protect": True}, True),
        ({"on_change": "new_version"}, True),
        ({"renamed_from": "zz"}, True),
    ],
    ids=str,
)
def test_what_moves_a_step_on(tmp_path: Path, changes: dict[str, Any], moved: bool) -> None:
    item = declared(generate_spec("a"))
    world = World()
    reviewed = saved(world.plan([item]), tmp_path)
    now = world.plan([declared(replace(item.spec, **changes))])
    (step,) = as_reviewed(reviewed, now).steps
    assert (step.refused is not None) == moved
    if moved:
        assert str(step.refused).startswith("out of date since the plan was saved: the spec, the lock, the inputs")
        assert step.command == "pioneer-build plan --out FILE"


def test_each_dataset_by_itself(tmp_path: Path) -> None:
    one, two, three = (declared(generate_spec(name)) for name in ("one", "two", "three"))
    world = World()
    reviewed = saved(world.plan([one, two, three]), tmp_path)
    other = declared(replace(two.spec, num_examples=99))
    now = world.plan([one, other, declared(generate_spec("four"))])
    steps = {step.dataset_name: step for step in as_reviewed(reviewed, now).steps}
    assert steps["one"].refused is None
    assert "out of date" in str(steps["two"].refused)
    assert "there is nothing to do for it now" in str(steps["three"].refused)
    assert "four" not in steps
    world.apply([one])
    again = as_reviewed(reviewed, world.plan([one, other]))
    assert "there is nothing to do for it now" in str(again.steps[0].refused)


def test_a_remote_name_that_was_taken_meanwhile_moves_a_step_on(tmp_path: Path) -> None:
    item = declared(generate_spec("a"))
    reviewed = saved(World().plan([item]), tmp_path)
    (step,) = as_reviewed(reviewed, World().plan([item], taken={"a": "fp1:0"})).steps
    assert "out of date" in str(step.refused)


def test_texts_of_an_earlier_version_are_not_compared(tmp_path: Path) -> None:
    world = World()
    world.apply([declared(generate_spec("a", ("x",), protect=True))])
    plan = world.plan([declared(generate_spec("a", ("y",), protect=True))])
    path = tmp_path / "plan.json"
    write_plan(path, plan)
    value = json.loads(path.read_text())
    (step,) = value["steps"]
    assert step["refused"]
    step |= {"refused": "said in other words", "command": "another one"}
    step["reasons"] = [{**reason, "text": "said in other words"} for reason in step["reasons"]]
    path.write_text(json.dumps(value))
    assert as_reviewed(read_plan(path), plan).steps == plan.steps, "it is refused, but not as out of date"
    step.pop("refused")
    path.write_text(json.dumps(value))
    (moved,) = as_reviewed(read_plan(path), plan).steps
    assert "out of date" in str(moved.refused)


def test_a_step_is_done_once() -> None:
    plan = World().plan([declared(generate_spec("a")), declared(generate_spec("b"))])
    twice = as_reviewed(replace(plan, steps=(*plan.steps, *plan.steps)), plan)
    assert (twice.requests, twice.steps[:2]) == (2, plan.steps)
    assert all("there is nothing to do for it now" in str(step.refused) for step in twice.steps[2:])


def test_another_backend_is_refused_whole() -> None:
    plan = World().plan([declared(generate_spec("a"))])
    with pytest.raises(PlanFileError, match="saved for the backend local, but this run uses pioneer") as caught:
        as_reviewed(replace(plan, backend="local"), plan)
    assert "--backend local" in str(caught.value.hint)


def valid() -> dict[str, Any]:
    path = Path(os.environ["HOME"]) / "valid.json"
    write_plan(path, World().plan([declared(generate_spec("a"))]))
    return json.loads(path.read_text())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda value: value.pop("kind"), "is not a saved plan"),
        (lambda value: value.update(kind="other"), "is not a saved plan"),
        (lambda value: value.update(format=2), "has format 2, but this version of pioneer-build reads 1"),
        (lambda value: value.pop("steps"), "is damaged: 'steps' is missing"),
        (lambda value: value.update(steps={}), "is damaged"),
        (lambda value: value.update(steps=[1]), "is damaged"),
        (lambda value: value.update(backend=None), "is damaged"),
        (lambda value: value.update(choices=[]), "is damaged"),
        (lambda value: value["choices"].update(retry="a"), "is damaged"),
        (lambda value: value["choices"].pop("delete_remote"), "is damaged"),
        (lambda value: value["steps"][0].pop("basis"), "is damaged: 'basis' is missing"),
        (lambda value: value["steps"][0].update(action="explode"), "is damaged: 'explode' is not an action"),
        (lambda value: value["steps"][0].update(requests="1"), "is damaged"),
        (lambda value: value["steps"][0].update(fetch="yes"), "is damaged"),
        (lambda value: value["steps"][0].update(reasons=["x"]), "is damaged"),
        (lambda value: value["steps"][0]["reasons"][0].update(text=1), "is damaged"),
        (lambda value: value.update(requests_per_minute="fast"), "is damaged"),
        (lambda value: value.update(format=True), "has format True"),
        (lambda value: value.update(format=1.0), "has format 1.0"),
        (lambda value: value["steps"][0].update(protected=0), "is damaged: 'protected' can't be 0"),
        (lambda value: value["steps"][0].update(missing=0.0), "is damaged: 'missing' can't be 0.0"),
        (lambda value: value["steps"][0].update(requests=True), "is damaged: 'requests' can't be True"),
        (lambda value: value["steps"][0].update(requests=-1), "is damaged: 'requests' can't be -1"),
        (lambda value: value["steps"][0].update(deletes=[1]), "is damaged: 'deletes' can't be [1]"),
        (lambda value: value["choices"].update(retry=[None]), "is damaged: 'retry' can't be [None]"),
        (
            lambda value: value["steps"][0]["reasons"][0].update(new=float("nan")),
            "is not a saved plan: NaN is not JSON",
        ),
        (lambda value: value["steps"].append(value["steps"][0]), "is damaged: there is more than one step for 'a'"),
    ],
)
def test_files_that_are_no_plans(tmp_path: Path, edit: Any, said: str) -> None:
    value = valid()
    edit(value)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(value))
    with pytest.raises(PlanFileError) as caught:
        read_plan(path)
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b'{"kind": "pioneer-build plan", "ste', "it ends too early (line 1, column 32)"),
        (b'{"kind": "pioneer-build plan",\n "format": 1', "it ends too early (line 2, column 13)"),
        (b"kind: pioneer-build plan\n", "it isn't JSON (line 1, column 1)"),
        (b"\x01\x02", "it isn't JSON (line 1, column 1)"),
        (b"\xff\x80", "it isn't UTF-8"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"a":' * 100_000, "it is nested too deeply"),
        (b'{"format":' + b"1" * 5_000 + b"}", "a number has too many digits"),
    ],
    ids=lambda value: value if type(value) is str else "",
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(data)
    with pytest.raises(PlanFileError) as caught:
        read_plan(path)
    assert caught.value.message == f"{path} is not a saved plan: {said}"
    assert caught.value.hint == "save the plan again: pioneer-build plan --out FILE"


def test_the_command_that_helps_is_always_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").write_text(json.dumps(valid() | {"format": "9" * 5_000}))
    for name in ("", "none", "pipe", "huge"):
        with pytest.raises(PlanFileError) as caught:
            read_plan(tmp_path / name)
        assert len(caught.value.message) < len(str(tmp_path)) + 150
        assert "pioneer-build plan --out FILE" in str(caught.value.hint)


def test_files_that_can_not_be_read_or_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlanFileError, match=r"can't read .*: No such file"):
        read_plan(tmp_path / "none.json")
    for text in ("", "no json", "[]", "[" * 100_000):
        (tmp_path / "x").write_text(text)
        with pytest.raises(PlanFileError, match="is not a saved plan"):
            read_plan(tmp_path / "x")
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    for name in ("zero", "pipe"):
        with pytest.raises(PlanFileError, match=r"can't read .*: it is not a regular file"):
            read_plan(tmp_path / name)
    (tmp_path / "huge").write_bytes(b" " * ((1 << 20) + 1))
    monkeypatch.setattr(saved_plan, "MAX_LOCK_BYTES", 1 << 20)
    with pytest.raises(PlanFileError, match="it is larger than 1 MiB, the maximum for a plan"):
        read_plan(tmp_path / "huge")
    with pytest.raises(PlanFileError, match="can't write"):
        write_plan(tmp_path / "none" / "plan.json", World().plan([]))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_plan_in_another_encoding_is_refused(folder: Path, encoding: str) -> None:
    path = folder / "plan.json"
    write_plan(path, Plan("local", ()))
    text = path.read_text()
    path.write_bytes(text.encode("utf-8-sig"))
    assert read_plan(path).backend == "local", "what an editor puts in front does no harm"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(PlanFileError, match="is not a saved plan: it isn't"):
        read_plan(path)
