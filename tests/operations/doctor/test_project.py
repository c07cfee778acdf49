"""Settings, specs, lock and journal that are not as they should be."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pioneer_build.disk.stamps import stamp_at
from pioneer_build.lock.conflict import with_markers
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Lock
from pioneer_build.lock.split import SPLIT_MARK, entry_path
from pioneer_build.project.open import open_project
from tests.full_disk import failing_disk
from tests.operations.doctor.found import examined, is_wrong
from tests.planning import declared, entry, generate_spec, job, lock_of

if TYPE_CHECKING:
    from pathlib import Path


def test_mistakes_in_files(project: Path) -> None:
    (project / "specs/support-intents.yaml").write_text("dataset_nam: x\n")
    (project / "pioneer.lock").write_text("{")
    found = examined(project)
    assert is_wrong(found, "specs", "error")
    assert is_wrong(found, "lock", "pioneer.lock")
    (project / "pioneer.yaml").write_text("backen: local\n")
    found = examined(project)
    assert is_wrong(found, "project", "pioneer.yaml")


def test_a_setting_that_can_not_be_used(project: Path) -> None:
    assert is_wrong(examined(project, "ftp://x"), "project", "is not a backend")


def test_a_folder_that_is_no_project(tmp_path: Path) -> None:
    found = examined(tmp_path)
    assert [(one.level, one.help) for one in (*found["project"], *found["specs"])] == [
        ("note", "pioneer-build init"),
        ("note", "pioneer-build init"),
    ]
    assert [(one.level, one.help) for one in found["lock"]] == [("note", "pioneer-build apply")]


def test_schemas_of_another_version(project: Path) -> None:
    assert "editor" not in examined(project)
    path = project / ".pioneer" / "settings.schema.json"
    path.write_text("{}")
    (project / ".pioneer" / "spec.schema.json").unlink()
    [found] = examined(project)["editor"]
    assert found.help == "pioneer-build schema --settings > .pioneer/settings.schema.json"


def test_locks(project: Path) -> None:
    lock = project / "pioneer.lock"
    whole = '{\n  "datasets": {},\n  "lock_version": 1\n}\n'
    lock.write_text(whole)
    assert [(one.level, one.text) for one in examined(project)["lock"]] == [("good", "0 datasets on local")]
    lock.write_text(f"<<<<<<< ours\n{whole}=======\n{whole}>>>>>>> theirs\n")
    assert is_wrong(examined(project), "lock", "pioneer.lock has conflict markers")


def test_conflicts_in_files_of_a_split_lock(project: Path) -> None:
    (project / "pioneer.lock").write_text(SPLIT_MARK)
    (project / "pioneer.lock.d").mkdir()
    for name in ("a", "b"):
        item = declared(generate_spec(name))
        text = lock_text(lock_of(entry(item, job(item, 1))))
        (project / entry_path(name)).write_text(with_markers(text, text))
        said = "pioneer.lock.d/a.json has conflict" if name == "a" else "2 files of the lock have conflict"
        assert is_wrong(examined(project), "lock", said)


def test_an_entry_in_the_file_of_another_dataset(project: Path) -> None:
    item = declared(generate_spec("a"))
    (project / "pioneer.lock").write_text(SPLIT_MARK)
    (project / "pioneer.lock.d").mkdir()
    (project / entry_path("b")).write_text(lock_text(lock_of(entry(item, job(item, 1)))))
    [note] = examined(project)["lock"]
    assert (note.level, note.help) == ("note", "pioneer-build lock split   # moves it now")
    assert note.text.startswith("pioneer.lock.d/b.json has an entry of 'a': it is read")
    assert open_project(project).lockfile.convert(split=True)
    assert [path.name for path in (project / "pioneer.lock.d").iterdir()] == ["a.json"]
    assert all("has an entry of" not in one.text for one in examined(project)["lock"])


def test_a_lock_that_can_not_be_written(project: Path) -> None:
    with failing_disk(project, errno.EROFS, 0, 1 << 30):
        found = examined(project)
    assert is_wrong(found, "lock", f"can't write {project / 'pioneer.lock'}: Read-only file system")
    (project / "pioneer.lock").write_text(lock_text(Lock()))
    before = stamp_at(str(project / "pioneer.lock"))
    with failing_disk(project / "pioneer.lock", errno.EPERM, 0, 1 << 30):
        assert is_wrong(examined(project), "lock", "pioneer.lock: Operation not permitted")
    assert [one.level for one in examined(project)["lock"]] == ["good"]
    assert stamp_at(str(project / "pioneer.lock")) == before, "it was read, but nothing of it changed"
    (project / "pioneer.lock").chmod(0o444)  # it is replaced, which only the folder's permissions decide
    with failing_disk(project / "pioneer.lock", errno.EACCES, 0, 1 << 30):
        assert [one.level for one in examined(project)["lock"]] == ["good"]


def test_a_lock_that_is_a_folder(project: Path) -> None:
    (project / "pioneer.lock").mkdir()
    assert is_wrong(examined(project), "lock", "it is a folder, not a file")
    assert any(
        (one.help or "").startswith("move it elsewhere, or restore it from git (") for one in examined(project)["lock"]
    )
