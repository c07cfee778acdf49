"""Rows held against the checks: what is rejected, what is kept."""

from __future__ import annotations

from typing import Any

import pytest

from pioneer_build.ports import RemoteVersion
from tests.apply.bench import Bench


def test_new_versions_that_hold_old_examples_are_rejected(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.edit(on_change="new_version")
    assert bench.apply() == "done"
    bench.edit(labels=("p",))
    real = bench.service.versions

    async def appending(name: str) -> Any:
        listed = await real(name) or ()
        return tuple(RemoteVersion(one.version, one.id, int(one.version) * 4, "ready") for one in listed)

    monkeypatch.setattr(bench.service, "versions", appending)
    assert bench.apply() == "rejected"
    assert "version 2 also holds examples of an earlier definition" in bench.message
    assert bench.entry.examples == 4
