"""A key in the name of a file or a folder is refused, and not repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import LockError, PioneerError, Problems
from pioneer_build.project.key_check import keys_in_names, refuse_keys_in_lock
from pioneer_build.project.open import open_project
from pioneer_build.project.specs import load_specs
from tests.built import home, spec_text

if TYPE_CHECKING:
    from pathlib import Path

KEY = "pio_sk_0123456789abcdef"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY)


def test_a_spec_whose_name_has_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path.resolve() / "p"
    (root / "specs").mkdir(parents=True)
    home(root, monkeypatch)
    (root / "specs" / f"{KEY}.yaml").write_text(spec_text("one"))
    with pytest.raises(Problems) as caught:
        load_specs(open_project(root, "local"))
    [problem] = caught.value.problems
    assert (problem.path, problem.message) == ("specs/….yaml", "the name of this file contains the API key")
    assert KEY not in str(caught.value)


def test_folders_in_the_name_of_a_spec() -> None:
    assert [one.path for one in keys_in_names([f"specs/{KEY}/a.yaml", "specs/b.yaml", f"{KEY}.yml"])] == ["…", "….yml"]


def test_a_project_in_a_folder_whose_name_has_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path.resolve() / f"w-{KEY}"
    root.mkdir()
    home(root, monkeypatch)
    with pytest.raises(PioneerError, match="the path of the project's folder contains the API key") as caught:
        open_project(root, "local")
    assert KEY not in str(caught.value)
    monkeypatch.setenv("PIONEER_API_KEY", "another_key_0123456789")
    assert open_project(root, "local").root == root


@pytest.mark.parametrize("larger", [False, True])
@pytest.mark.parametrize(
    "spelled", [KEY, "".join(f"\\u{ord(c):04x}" for c in KEY), KEY.replace("sk", "\\u0073\\u006B")]
)
def test_a_lock_with_the_key_is_not_read_however_json_escapes_it(spelled: str, larger: bool) -> None:
    rows = [f'"é\\u001f{number:064x}",' for number in range(20_000 if larger else 20)]
    refuse_keys_in_lock({"pioneer.lock": "\n".join(rows)})
    rows[10] = f'"job_id": "{spelled}",'
    with pytest.raises(LockError, match=r"pioneer\.lock:11 contains the API key") as caught:
        refuse_keys_in_lock({"pioneer.lock.d/a.json": "{}", "pioneer.lock": "\n".join(rows)})
    assert KEY not in caught.value.message
