"""A link that takes the place of a folder after it was checked, and before it is written to: nothing leaves."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.conftest import Cli

#: Arguments; the folder that is swapped, and at which call, which comes after the check: its module and its name.
CASES: dict[str, tuple[str, str, str, str]] = {
    "plan": ("plan --out out/plan.json", "out", "pioneer_build.operations.saved_plan", "write_plan"),
    "report": ("report --to out/r.html", "out", "pioneer_build.operations.report.private_file", "write_private"),
    "rows": ("export people --to out/rows.jsonl", "out", "pioneer_build.operations.export", "export"),
    "table": ("export people --as csv --to out/rows.csv", "out", "pioneer_build.operations.export", "export"),
    "parts": ("export people --split a=0.5,b=0.5 --to out/new", "out", "pioneer_build.operations.export", "export"),
    "schemas": ("init", ".pioneer", "pioneer_build.operations.init.project_files", "keys_in_texts"),
    "lock": ("apply --yes", "pioneer.lock.d", "pioneer_build.project.lock_texts", "beside"),
    "removed": ("lock join", "pioneer.lock.d", "pioneer_build.project.lock_texts", "beside"),
}


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_written_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli, case: str) -> None:
    line, name, module, function = CASES[case]
    root, outside = tmp_path / "project", tmp_path / "outside"
    (root / "specs").mkdir(parents=True)
    (root / "pioneer.yaml").write_text("backend: local\nstore: store\nlock: split\n")
    spec = "dataset_name: {}\ntask_type: ner\nlabels: [person]\nnum_examples: {}\n"
    (root / "specs" / "people.yaml").write_text(spec.format("people", 2))
    monkeypatch.chdir(root)
    assert cli("apply", "--yes").code == 0
    if case == "lock":
        (root / "specs" / "people.yaml").write_text(spec.format("people", 3))
    folder = root / name
    folder.mkdir(exist_ok=True)
    outside.mkdir()
    for one in folder.iterdir():
        (outside / one.name).write_bytes(one.read_bytes())
    before = {one.name: one.read_bytes() for one in outside.iterdir()}
    done: list[bool] = []

    def swapping(then: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if not done:
                done.append(True)
                folder.rename(tmp_path / "was")
                folder.symlink_to(outside)
            return then(*args, **options)

        return call

    monkeypatch.setattr(module + "." + function, swapping(getattr(import_module(module), function)))
    said = cli(*line.split())
    assert done
    assert {one.name: one.read_bytes() for one in outside.iterdir()} == before
    assert said.code not in (0, 70), said
    assert "symbolic link" in said.err
