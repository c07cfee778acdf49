"""The ports: their values, and that each implementation has all of its protocol."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

import pioneer_build
from pioneer_build import ports
from pioneer_build.journal.log import Journal
from pioneer_build.operations.past_entries import PastEntries
from pioneer_build.ports import GenerateRequest, Guidance, JobReport, RemoteVersion, Tokens
from pioneer_build.project.lock_file import LockFile
from pioneer_build.service.client import HttpService
from pioneer_build.store import Store
from pioneer_build.store.claims import Claims
from pioneer_build.store.spare import SparedAnnotations

ROOT = Path(pioneer_build.__file__).parent


def test_a_request_says_nothing_that_the_spec_does_not() -> None:
    assert GenerateRequest("a", "ner", 3).body() == {"task_type": "ner", "dataset_name": "a", "num_examples": 3}


def test_a_request_has_the_api_documents_keys() -> None:
    request = GenerateRequest("a", "classification", 3, ("x", "y"), "mail", (("hello", "x"),), "be polite")
    assert request.body() == {
        "task_type": "classification",
        "dataset_name": "a",
        "num_examples": 3,
        "labels": ["x", "y"],
        "domain_description": "mail",
        "classified_examples": [{"text": "hello", "label": "x"}],
        "prompt": "be polite",
    }


def test_an_empty_description_was_written_by_the_author_and_is_sent() -> None:
    assert GenerateRequest("a", "decoder", 3, domain_description="", prompt="").body() == {
        "task_type": "decoder",
        "dataset_name": "a",
        "num_examples": 3,
        "domain_description": "",
        "prompt": "",
    }


@pytest.mark.parametrize(
    ("word", "status"),
    [
        (None, "ready"), ("", "ready"), ("ready", "ready"), ("Complete", "ready"), ("completed", "ready"),
        ("SUCCEEDED", "ready"), ("failed", "failed"), ("Error", "failed"), ("cancelled", "failed"),
        ("running", "running"), ("uploading", "running"), ("hibernating", "running"),
    ],
)  # fmt: skip
def test_how_the_job_of_a_version_stands(word: str | None, status: str) -> None:
    assert RemoteVersion("1", status=word).job_status == status


def test_a_report_claims_nothing_by_itself() -> None:
    report = JobReport("j", "running", "brewing")
    assert (report.rows, report.version, report.done, report.error) == (None, None, None, None)


@pytest.mark.parametrize(
    ("protocol", "real"),
    [
        (ports.Service, HttpService),
        (ports.StorePort, Store),
        (ports.AnnotationsPort, SparedAnnotations),
        (ports.ClaimsPort, Claims),
        (ports.JournalPort, Journal),
        (ports.LockPort, LockFile),
        (ports.PastPort, PastEntries),
    ],
)
def test_what_stands_behind_a_port_has_all_of_it(protocol: type, real: type) -> None:
    """mypy compares the types where an apply is started; this test compares the names, with their parameters."""
    names = [name for name in vars(protocol) if inspect.isfunction(vars(protocol)[name])]
    names = [name for name in names if name not in ("__init__", "__subclasshook__")]
    assert names
    for name in names:
        assert name in _own(real), f"{real.__name__} has no {name}"
        wanted, given = (inspect.signature(one[name]).parameters for one in (vars(protocol), _own(real)))
        by_name = [one.name for one in wanted.values() if one.kind is not inspect.Parameter.POSITIONAL_ONLY]
        assert set(by_name) - {"self"} <= set(given), f"{real.__name__}.{name}"
        must = [one for one in given.values() if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
        assert len(must) <= len(wanted), f"{real.__name__}.{name} wants more than it is given"


def _own(real: type) -> dict[str, Any]:
    """The functions that a class and its bases define, but not those of a protocol, because these do nothing."""
    bases = [base for base in reversed(real.__mro__) if not getattr(base, "_is_protocol", False)]
    return {name: value for base in bases for name, value in vars(base).items() if inspect.isfunction(value)}


def test_the_protocols_of_an_apply_are_all_here() -> None:
    protocols = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in (ROOT / "apply").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)
    ]
    assert not protocols


def test_tokens_add_up() -> None:
    assert Tokens(1, 2, 3) + Tokens(10, 20, 30) == Tokens(11, 22, 33)


def test_guidance_is_sent_only_where_there_is_some() -> None:
    assert Guidance().body() == {}
    guidance = Guidance((("b", "2"), ("a", "1")), (("t", "a"),), (("x y", (("x", "a"),)), ("z", ())))
    assert guidance.body() == {
        "label_descriptions": {"b": "2", "a": "1"},
        "classified_examples": [{"text": "t", "label": "a"}],
        "ner_examples": [{"text": "x y", "entities": [["x", "a"]]}, {"text": "z", "entities": []}],
    }
