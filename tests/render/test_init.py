"""What `init` wrote, and what to do next."""

from __future__ import annotations

from typing import Any

from pioneer_build.render.init import init_text, left_out_text
from pioneer_build.results.init import DraftedDataset, InitResult, WrittenFiles


def result(*drafts: DraftedDataset, **more: Any) -> InitResult:
    files: dict[str, Any] = {"new": (), "extended": (), "kept": (), "merge_driver": None, **more}
    return InitResult("/p", WrittenFiles(**files), drafts)


def test_a_new_project() -> None:
    text = init_text(result(new=("pioneer.yaml",), extended=(".gitignore",), kept=("x",), merge_driver=True))
    assert text.startswith(
        "In /p:\n"
        "  new      pioneer.yaml\n"
        "  extended .gitignore\n"
        "  exists   x   (not changed)\n"
        "Merge driver set up: git merges pioneer.lock dataset by dataset in this clone.\n"
        "\n"
        "Next:\n"
        "  pioneer-build plan          what would be submitted"
    )


def test_nothing_new() -> None:
    text = init_text(result(kept=("pioneer.yaml",)))
    assert text.startswith("/p is already a project; nothing was written.\n\nNext:\n")


def test_specs_of_requests() -> None:
    both = (DraftedDataset("a", ("x", "y'")), DraftedDataset("b", ()))
    made = result(*both, new=("specs/a.yaml",), kept=("pioneer.yaml",), merge_driver=True)
    assert init_text(made) == (
        "In /p:\n"
        "  new      specs/a.yaml\n"
        "\n"
        "Next:\n"
        "  pioneer-build plan             what would be submitted, and why\n"
        "  pioneer-build adopt a JOB_ID   if the request was already sent"
    )
    assert left_out_text(made) == "a: left out the unknown keys of the request: 'x', \"y'\""
    assert left_out_text(result()) == ""
    assert made.value() == {
        "format": 1,
        "root": "/p",
        "new": ["specs/a.yaml"],
        "extended": [],
        "kept": ["pioneer.yaml"],
        "merge_driver": True,
        "datasets": [{"dataset_name": "a", "left_out": ["x", "y'"]}, {"dataset_name": "b", "left_out": []}],
    }
