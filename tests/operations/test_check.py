"""What `check` finds, and what it needn't read again."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cache.unchanged_plan import nothing_to_do
from pioneer_build.errors import PioneerError, StoreError
from pioneer_build.inputs.freshness import unchanged_glob
from pioneer_build.lock.model import Labelling
from pioneer_build.operations.check import check_project
from pioneer_build.project.lock_file import LockFile
from pioneer_build.project.open import open_project
from pioneer_build.store import Store
from tests.built import age, put_rows, spec_text, write_spec

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from pioneer_build.cache.unchanged_plan import CachedPlan
    from pioneer_build.lock.model import Entry
    from pioneer_build.results.check import CheckResult


def checked(root: Path, **how: Any) -> CheckResult:
    return check_project(open_project(root), **how)


def told(result: CheckResult) -> list[tuple[str, str]]:
    return [(finding.kind, finding.dataset_name) for finding in result.findings]


def verified(root: Path) -> CachedPlan | None:
    return nothing_to_do(str(root), None, unchanged_glob, verified=True)


def entry_of(root: Path, name: str) -> Entry:
    return LockFile(root).read().entries[name, "pioneer"]


def change(root: Path, name: str, **fields: Any) -> None:
    lock = LockFile(root)
    lock.write(lock.read().with_entries([replace(lock.read().entries[name, "pioneer"], **fields)]))
    age()


def rows(root: Path, name: str) -> Path:
    (digest,) = entry_of(root, name).content_digests
    return open_project(root).config.store / "rows" / digest[7:9] / f"{digest[7:]}.jsonl"


def test_all_is_as_it_should_be(built: Path) -> None:
    result = checked(built)
    assert (result.datasets, result.digests, result.findings) == (4, 4, ())
    assert not result.pending
    assert not result.wrong


def test_what_is_pending_is_shown_beside_the_key_that_changed(built: Path) -> None:
    write_spec(built, "one.yaml", spec_text("one", examples=25))
    write_spec(built, "new.yaml", spec_text("new"))
    result = checked(built)
    assert [(found.dataset_name, found.path, found.line) for found in result.findings] == [
        ("new", "specs/new.yaml", 2),
        ("one", "specs/one.yaml", 5),
    ]
    assert result.findings[1].text.startswith("extend pending (num_examples: ")
    assert result.pending
    assert not result.wrong


def test_a_dataset_without_a_spec_is_pending_beside_nothing(built: Path) -> None:
    (built / "specs" / "one.yaml").unlink()
    (found,) = checked(built).findings
    assert (found.kind, found.dataset_name, found.path, found.line) == ("pending", "one", None, None)


def test_rows_that_are_not_here_count_where_that_is_asked(built: Path) -> None:
    rows(built, "one").unlink()
    assert checked(built).findings == ()
    assert told(checked(built, strict=True)) == [("missing", "one")]


def test_rows_that_were_never_verified_count_where_that_is_asked(built: Path) -> None:
    (job,) = entry_of(built, "one").jobs
    change(built, "one", jobs=(replace(job, verified=False, rows=None),))
    result = checked(built)
    assert (result.findings, result.digests) == ((), 3)
    assert told(checked(built, strict=True)) == [("unverified", "one")]


def test_damage_is_found_each_time(built: Path) -> None:
    path = rows(built, "one")
    checked(built)
    path.write_bytes(path.read_bytes()[::-1])
    age()
    for _ in range(2):
        result = checked(built)
        assert told(result) == [("content", "one")]
        assert result.wrong
    assert verified(built) is None


def test_content_that_matched_its_digest_isnt_read_again(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked(built)
    monkeypatch.setattr(Store, "check", None)
    assert checked(built).digests == 4
    path = rows(built, "one")
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    with pytest.raises(TypeError):
        checked(built)


def test_then_there_is_nothing_to_do_for_the_next_check(built: Path) -> None:
    assert verified(built) is None
    checked(built, select=["one"])
    assert verified(built) is None, "the others were not verified"
    checked(built)
    assert verified(built) is not None


def test_content_just_written_is_read_again(built: Path) -> None:
    path = rows(built, "one")
    soon = path.stat().st_mtime_ns + 5_000_000_000
    os.utime(path, ns=(soon, soon))
    project = open_project(built)
    assert check_project(project).digests == 4
    assert len(project.cache.verified_contents()) == 3


def test_texts_that_turned_to_rows_are_checked_as_rows(built: Path) -> None:
    old = put_rows(built.parent / "p-home" / "share", b"labelled before")
    Store(open_project(built).config.store).path(old).write_bytes(b"and damaged since")
    change(built, "one", labelling=Labelling("fp1:" + "0" * 64, "inputs1:0", 1, 1, 1, 0, 1, old))
    result = checked(built)
    assert (result.findings, result.digests) == ((), 4)
    path = rows(built, "one")
    path.write_bytes(path.read_bytes()[::-1])
    assert told(checked(built)) == [("content", "one")]


def test_forgotten_rows_are_nobodys(built: Path) -> None:
    rows(built, "one").write_bytes(b"damaged")
    (built / "specs" / "one.yaml").unlink()
    change(built, "one", forgotten=True)
    result = checked(built, strict=True)
    assert (result.datasets, result.digests, result.findings) == (3, 3, ())


def test_a_part_of_the_datasets(built: Path) -> None:
    for name in ("one", "two"):
        write_spec(built, f"{name}.yaml", spec_text(name, examples=25))
    assert told(checked(built, select=["t*"])) == [("pending", "two")]
    assert told(checked(built, exclude=["two"])) == [("pending", "one")]
    with pytest.raises(PioneerError, match="matches no dataset"):
        checked(built, select=["nowhere"])


def test_rows_that_cant_be_asked_for(built: Path) -> None:
    path = rows(built, "one")
    path.unlink()
    path.symlink_to(path.name)
    with pytest.raises(StoreError, match="can't read"):
        checked(built)


def test_rows_that_a_merge_brought_under_other_checks_are_found_where_that_is_asked(built: Path) -> None:
    text = spec_text("one", more="checks: {min_chars: 5, min_accepted: 0.5}\n")
    write_spec(built, "one.yaml", text)
    change(built, "one", checks={"min_accepted": 0.5, "min_chars": 5})
    assert checked(built, strict=True).findings == (), "all texts have 5 characters"
    write_spec(built, "one.yaml", text.replace("min_chars: 5", "min_chars: 6"))
    change(built, "one", checks={"min_accepted": 0.5, "min_chars": 6})
    assert checked(built).findings == (), "the lock says that these checks accepted the rows"
    result = checked(built, strict=True)
    (finding,) = result.findings
    assert (finding.kind, finding.help, result.wrong) == ("checks", "pioneer-build apply --retry one", True)
    assert finding.text.startswith("its rows don't meet its checks: 0 of 10 rows pass")


def test_rows_that_were_never_received_are_pending_and_not_wrong(built: Path) -> None:
    (job,) = entry_of(built, "one").jobs
    change(built, "one", jobs=(replace(job, verified=False, rows=None, owed=True),))
    for strict in (False, True):
        found = checked(built, strict=strict)
        assert told(found) == [("owed", "one")]
        assert (found.pending, found.wrong) == (True, False)
    (finding,) = found.findings
    assert (finding.help, finding.path) == ("pioneer-build apply", "specs/one.yaml")
    assert "were never received" in finding.text


def test_rows_that_the_service_did_not_provide_are_pending_unless_they_are_here(built: Path) -> None:
    (job,) = entry_of(built, "one").jobs
    change(built, "one", jobs=(replace(job, owed=True),))
    (finding,) = checked(built).findings
    assert (finding.kind, finding.text) == (
        "pending",
        "update pending (the rows of job j-one are on this machine after all)",
    )
    rows(built, "one").unlink()
    found = checked(built)
    assert told(found) == [("owed", "one")]
    assert (found.findings[0].text, found.pending) == ("the service did not provide the rows of job j-one", True)


def test_rows_that_were_deleted_and_are_not_here_are_pending(built: Path) -> None:
    (job,) = entry_of(built, "one").jobs
    change(built, "one", jobs=(replace(job, deleted=True),))
    assert checked(built).findings == (), "they are here"
    rows(built, "one").unlink()
    (finding,) = checked(built).findings
    assert finding.text.startswith("blocked (the rows of job j-one are deleted on the service")
    assert (
        finding.help == "apply on a machine that has the rows, or: pioneer-build apply --retry one"
        "  (asks again, then pays for new rows)"
    )
