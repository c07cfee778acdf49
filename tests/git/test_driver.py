"""The merge driver, with the real git."""

from __future__ import annotations

from pathlib import Path

from pioneer_build.git.driver import DRIVER, driver_of, merges_with_driver, set_driver
from tests.runner import git


def test_the_driver_is_set_once_and_never_over_another(repository: Path) -> None:
    assert driver_of(repository) is None
    assert set_driver(repository)
    assert driver_of(repository) == DRIVER
    for earlier in (DRIVER.replace(" %P", ""), "pioneer-build merge-lock %O %A %B"):
        git(repository, "config", "merge.pioneer-lock.driver", earlier)
        assert set_driver(repository)
        assert driver_of(repository) == DRIVER, "an earlier one of ours doesn't know the path"
    git(repository, "config", "merge.pioneer-lock.driver", "mine %A")
    assert set_driver(repository)
    assert driver_of(repository) == "mine %A"


def test_a_configuration_that_can_not_be_written(repository: Path) -> None:
    (repository.parent.parent / ".git" / "config.lock").write_bytes(b"")  # another git holds it
    assert not set_driver(repository)


def test_what_the_attributes_say(repository: Path) -> None:
    assert not merges_with_driver(repository)
    (repository / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
    assert merges_with_driver(repository)
    assert not merges_with_driver(repository, "pioneer.lock.d/a.json")
    (repository / ".gitattributes").write_text("pioneer.lock.d/*.json merge=pioneer-lock\n")
    assert merges_with_driver(repository, "pioneer.lock.d/a.json")
    (repository / ".gitattributes").write_text("pioneer.lock merge=union\n")
    assert not merges_with_driver(repository)
