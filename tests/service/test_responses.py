from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.ports import JobReport, Labelled, RemoteVersion
from pioneer_build.service import responses as wire
from pioneer_build.service.redaction import Key, Words
from tests.service.harness import KEY

WORDS = Words(Key(KEY))


def report(**answer: Any) -> JobReport:
    return wire.job_report(answer, "j1", WORDS)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("queued", "queued"),
        ("running", "running"),
        ("generating", "running"),
        ("complete", "ready"),
        ("completed", "ready"),
        ("succeeded", "ready"),
        ("ready", "ready"),
        ("failed", "failed"),
        ("error", "failed"),
        ("cancelled", "failed"),
        ("READY ", "ready"),
        ("archived", "unrecognised"),
        ("", "unrecognised"),
    ],
)
def test_statuses(said: str, status: str) -> None:
    assert report(status=said).status == status


def test_the_recorded_poll() -> None:
    answer = {
        "job_id": "j1",
        "status": "ready",
        "count": 2,
        "data": [{"text": "a", "entities": []}, 7],
        "dataset": {
            "id": "j1",
            "dataset_name": "t",
            "version_number": "3",
            "sample_size": 2,
            "labels": ["x"],
        },
        "error": None,
        "new_key": [],
    }
    assert report(**answer) == JobReport("j1", "ready", "ready", None, 2, ({"text": "a", "entities": []}, 7), "3")


def test_the_seed_poll() -> None:
    answer = {"job_id": "j1", "status": "complete", "dataset_name": "t", "num_examples": 9}
    assert report(**answer) == JobReport("j1", "ready", "complete", "t", 9)


def test_odd_types_of_what_is_only_shown_say_nothing() -> None:
    odd = report(
        status="ready",
        count="many",
        data={"a": 1},
        dataset="x",
        error=[1],
        dataset_name=["n"],
        num_examples=-1,
    )
    assert odd == JobReport("j1", "ready", "ready")
    assert report(status="ready", dataset={"version_number": 4}).version == "4"
    assert report(status="ready", dataset={"version_number": " "}).version is None
    assert report(status="ready", data=None).rows is None
    assert report(status="ready", data=[]).rows == ()
    assert report(status="ready", count=2.0, error={"message": "m"}, engine_revision="r") == JobReport(
        "j1", "ready", "ready", done=2, error="m", revision="r"
    )


def test_the_error_of_a_job_is_cleaned() -> None:
    assert report(status="failed", error=f"no\x00 {KEY}\n").error == "no [key hidden]"


@pytest.mark.parametrize(
    "answer", [None, [], "ready", {}, {"status": 1}, {"status": None}, {"status": "ready", "job_id": "j2"}]
)
def test_polls_that_cannot_be_used(answer: object) -> None:
    with pytest.raises(wire.InvalidResponse):
        wire.job_report(answer, "j1", WORDS)


def labelled(answer: object, texts: list[str], **headers: str) -> Labelled:
    return wire.labelled(answer, texts, {k.replace("_", "-"): v for k, v in headers.items()}, WORDS)


@pytest.mark.parametrize(
    "wrap", [lambda x: x, lambda x: {"results": x}, lambda x: {"data": x}, lambda x: {"result": {"data": x}}]
)
def test_items_are_found_wherever_they_are(wrap: Any) -> None:
    items = [{"entities": []}, {}, None]
    assert labelled(wrap(items), ["a", "b", "c"]).items == tuple(items)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        None,
        "x",
        {"results": {}},
        {"result": []},
        [],
        [{}],
        [{}, {}, {}],
        [{"text": "a"}, {"text": "a"}],
        [{"text": "b"}, {"text": "a"}],
        [{"text": "a"}, {"text": "b "}],
    ],
)
def test_answers_that_cannot_be_aligned(answer: object) -> None:
    with pytest.raises(wire.InvalidResponse):
        labelled(answer, ["a", "b"])


def test_unsupported_labels() -> None:
    assert labelled({"results": [{}], "unsupported_labels": ["x, y", "z", "z"]}, ["a"]).unsupported == (
        "x, y",
        "z",
    )
    assert labelled([{}], ["a"], x_unsupported_labels="x, y").unsupported == ("x", "y")
    assert labelled([{}], ["a"], x_unsupported_labels='["x, y", "\\u00e9"]').unsupported == ("x, y", "é")
    assert labelled([{}], ["a"], x_unsupported_labels="[odd").unsupported == ("[odd",)
    assert labelled([{}], ["a"]).unsupported == ()


def test_listings() -> None:
    entry = {
        "id": "j",
        "dataset_name": "t",
        "version_number": "2",
        "sample_size": 5,
        "status": "ready",
        "labels": ["a"],
    }
    assert wire.versions({"success": True, "count": 1, "versions": [entry]}) == (
        RemoteVersion("2", "j", 5, "ready", None, ("a",)),
    )
    assert wire.versions([{"version_number": 3, "size": "7", "labels": "odd", "dataset_type": "ner"}]) == (
        RemoteVersion("3", size=7, task_type="ner"),
    )
    assert wire.versions({"versions": []}) == ()
    assert wire.versions({"datasets": []}) is None
    assert wire.versions("x") is None
    for bad in ([{}], [None], [{"version_number": True}]):
        with pytest.raises(wire.InvalidResponse):
            wire.versions(bad)


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"\xff", b"[" * 200_000, b"1" * 5000])
def test_bodies_that_are_no_json(body: bytes) -> None:
    with pytest.raises(wire.InvalidResponse):
        wire.parse(body)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "job_id",
                    "status",
                    "count",
                    "data",
                    "dataset",
                    "version_number",
                    "versions",
                    "results",
                    "result",
                    "error",
                ]
            ),
            inner,
        )
    ),
    max_leaves=15,
)


@given(anything)
def test_no_answer_upsets_a_reader(answer: Any) -> None:
    answer = wire.parse(json.dumps(answer).encode())
    for read in (
        wire.accepted_job,
        lambda a: wire.job_report(a, "j1", WORDS),
        lambda a: wire.labelled(a, ["t"], {}, WORDS),
        wire.versions,
    ):
        with contextlib.suppress(wire.InvalidResponse):
            read(answer)
