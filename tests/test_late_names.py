"""Names of rooms that are imported when they are first used."""

from __future__ import annotations

from importlib import import_module

import pytest

from pioneer_build.late_names import late_names


def test_a_name_is_imported_from_its_module() -> None:
    imported = late_names("pioneer_build.spec", {"Spec": "model"})
    assert imported("Spec") is import_module("pioneer_build.spec.model").Spec


@pytest.mark.parametrize("room", ["inputs", "sparse", "store"])
def test_rooms_have_the_names_that_they_list_and_no_others(room: str) -> None:
    package = import_module(f"pioneer_build.{room}")
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
    with pytest.raises(AttributeError, match=f"module 'pioneer_build.{room}' has no attribute 'gone'"):
        _ = package.gone
