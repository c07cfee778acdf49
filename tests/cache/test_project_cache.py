"""What was learnt of a project comes back as it was, and only for the same stamps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest

from pioneer_build.cache import project_cache
from pioneer_build.cache.project_cache import KnownInputs, ProjectCache
from pioneer_build.spec.model import Checks
from pioneer_build.spec.settings import Settings, SpendingLimits

STAMP = (10, 1_000, 3, 1_000)
OTHER = (10, 1_001, 3, 1_000)
FILES = {"specs/a.yaml": STAMP, "specs/b.yaml": OTHER}
INPUTS = KnownInputs("inputs1:0", "source", (("a.txt", STAMP), ("b.txt", None)))


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    settings = Settings("local", "s", None, 7, 8, None, 9, Checks(min_accepted=0.5), SpendingLimits(1, 2))
    cache = ProjectCache(tmp_path, tmp_path)
    cache.put_settings(STAMP, settings)
    cache.save()
    assert ProjectCache(tmp_path, tmp_path).settings(STAMP) == settings
    assert ProjectCache(tmp_path, tmp_path).settings((1, 2, 3, 4)) is None


def test_settings_that_say_nothing(tmp_path: Path) -> None:
    cache = ProjectCache(tmp_path, tmp_path)
    cache.put_settings(STAMP, Settings())
    cache.save()
    assert ProjectCache(tmp_path, tmp_path).settings(STAMP) == Settings()


def filled(folder: Path) -> ProjectCache:
    cache = ProjectCache(folder, folder)
    cache.put_verified_lock(STAMP)
    cache.put_cross_checked(FILES)
    cache.put_inputs("l", INPUTS)
    cache.put_verified_contents({"sha256:a": STAMP})
    return cache


def test_all_else_comes_back_as_it_was(tmp_path: Path) -> None:
    filled(tmp_path).save()
    cache = ProjectCache(tmp_path, tmp_path)
    assert cache.has_verified_lock(STAMP)
    assert not cache.has_verified_lock(OTHER)
    assert cache.has_cross_checked(FILES)
    assert cache.inputs("l") == INPUTS
    assert cache.inputs("m") is None
    assert cache.verified_contents() == {"sha256:a": STAMP}


@pytest.mark.parametrize(
    "files",
    [{}, {"specs/a.yaml": STAMP}, {**FILES, "specs/c.yaml": STAMP}, {"specs/a.yaml": OTHER, "specs/b.yaml": OTHER}],
    ids=["none", "one less", "one more", "one changed"],
)
def test_other_files_were_not_cross_checked(tmp_path: Path, files: dict[str, tuple[int, int, int, int]]) -> None:
    assert not filled(tmp_path).has_cross_checked(files)


def test_an_empty_cache_knows_nothing(tmp_path: Path) -> None:
    cache = ProjectCache(tmp_path, tmp_path)
    assert not cache.has_verified_lock(STAMP)
    assert not cache.has_cross_checked({})
    assert (cache.settings(STAMP), cache.inputs("l"), cache.verified_contents()) == (None, None, {})


def test_what_is_put_later_stands_beside(tmp_path: Path) -> None:
    filled(tmp_path).save()
    cache = ProjectCache(tmp_path, tmp_path)
    cache.put_inputs("m", INPUTS)
    cache.put_verified_contents({"sha256:b": STAMP, "sha256:a": OTHER})
    cache.save()
    again = ProjectCache(tmp_path, tmp_path)
    assert (again.inputs("l"), again.inputs("m")) == (INPUTS, INPUTS)
    assert again.verified_contents() == {"sha256:a": OTHER, "sha256:b": STAMP}


def test_a_stamp_too_young_is_not_kept(tmp_path: Path) -> None:
    cache = ProjectCache(tmp_path, tmp_path)
    young = (10, cache.began, 3, cache.began)
    cache.put_settings(young, Settings())
    cache.put_verified_lock(young)
    cache.put_verified_contents({"sha256:a": young})
    assert cache.settings(young) is None
    assert not cache.has_verified_lock(young)
    assert cache.verified_contents() == {}


def test_what_is_known_isnt_written_again(tmp_path: Path) -> None:
    filled(tmp_path).save()
    cache = ProjectCache(tmp_path, tmp_path)
    Path(cache.path).unlink()
    cache.put_verified_lock(STAMP)
    cache.put_cross_checked(FILES)
    cache.put_verified_contents({"sha256:a": STAMP})
    cache.save()
    assert not Path(cache.path).exists()


def test_projects_have_caches_of_their_own(tmp_path: Path) -> None:
    filled(tmp_path).save()
    assert not ProjectCache(tmp_path, tmp_path / "other").has_verified_lock(STAMP)


@pytest.mark.parametrize("damage", [lambda data: data[:-7], lambda data: b"x" + data, lambda _: b"[]", lambda _: b"{}"])
def test_a_damaged_cache_is_ignored(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    cache = filled(tmp_path)
    cache.save()
    path = Path(cache.path)
    path.write_bytes(damage(path.read_bytes()))
    again = ProjectCache(tmp_path, tmp_path)
    assert again.inputs("l") is None
    again.put_inputs("l", INPUTS)
    again.save()
    assert ProjectCache(tmp_path, tmp_path).inputs("l") == INPUTS


def test_a_flipped_byte_is_never_a_setting(tmp_path: Path) -> None:
    cache = filled(tmp_path)
    cache.put_settings(STAMP, Settings(backend="https://example.test", limits=SpendingLimits(max_requests=7)))
    cache.save()
    path = Path(cache.path)
    whole = path.read_bytes()
    assert ProjectCache(tmp_path, tmp_path).settings(STAMP) is not None
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        again = ProjectCache(tmp_path, tmp_path)
        assert (again.settings(STAMP), again.inputs("l"), again.has_verified_lock(STAMP)) == (None, None, False)


def test_that_of_another_version_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path).save()
    monkeypatch.setattr(project_cache, "_PROGRAM", b"another")
    assert ProjectCache(tmp_path, tmp_path).inputs("l") is None


def test_a_folder_that_cant_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    filled(tmp_path / "file").save()


@pytest.mark.parametrize("values", ['{"contents": 5}', '{"inputs": {"a": 1}}', '{"settings": 7}', "[" * 100_000])
def test_a_damaged_cache_is_an_empty_one(tmp_path: Path, values: str) -> None:
    path = ProjectCache(tmp_path, tmp_path).path
    body = values.encode()
    Path(path).write_bytes(b"%s %08x\n%s" % (project_cache._PROGRAM, crc32(body), body))
    cache = ProjectCache(tmp_path, tmp_path)
    assert cache.settings((1, 2, 3, 4)) is None
    assert cache.inputs("a") is None
    assert not cache.verified_contents()
