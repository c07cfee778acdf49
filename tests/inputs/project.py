"""A project with input files, and what is read and said of them, for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import Problem, Problems
from pioneer_build.inputs import InputText, read, survey
from pioneer_build.spec.model import InputFiles

if TYPE_CHECKING:
    from pathlib import Path


def texts_of(root: Path, pattern: str, spec: str = "specs/x.yaml", **keys: str) -> list[InputText]:
    (root / "specs").mkdir(exist_ok=True)
    inputs = InputFiles(pattern, **keys)
    found = list(read(inputs, project_root=root, spec_path=spec, at=(6, 9)))
    assert survey(inputs, project_root=root, spec_path=spec, at=(6, 9)).rows == len(found)
    return found


def problems_of(root: Path, pattern: str, spec: str = "specs/x.yaml", **keys: str) -> list[Problem]:
    (root / "specs").mkdir(exist_ok=True)
    with pytest.raises(Problems) as caught:
        survey(InputFiles(pattern, **keys), project_root=root, spec_path=spec, at=(6, 9))
    return list(caught.value.problems)


def said(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.place, problem.message) for problem in problems]


def put(root: Path, name: str, data: bytes | str) -> None:
    path = root / "specs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
