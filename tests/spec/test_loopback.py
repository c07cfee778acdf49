"""What means this machine."""

from __future__ import annotations

import pytest

from pioneer_build.spec.loopback import is_loopback


@pytest.mark.parametrize("name", ["localhost", "LocalHost.", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize("name", ["", "0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "127.0.0.1.example.org"])
def test_another_one_or_all_addresses(name: str) -> None:
    assert not is_loopback(name)
