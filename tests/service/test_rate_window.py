from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.service.rate_window import (
    HOLD,
    Locked,
    NotYet,
    Reserved,
    Rules,
    Sent,
    SharedWindow,
    boot_clock,
    boot_id,
    window_path,
)
from tests.service.harness import KEY

BOOT = b"b" * 16


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def take(window: SharedWindow, rules: Rules, clock: Any) -> Reserved | NotYet:
    with window.open(rules) as sent:
        return rules.reserve(sent, clock())


def used(window: SharedWindow, rules: Rules, clock: Any) -> int:
    with window.open(rules) as sent:
        return rules.used(sent, clock())


times = st.lists(st.floats(0, 1e9), max_size=30).map(sorted)


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0.1, 1), times)
def test_the_file_says_what_was_written(blocked: float, cut: float, share: float, sent: list[float]) -> None:
    value = Sent(blocked, cut, share, array("d", sent))
    assert Sent.decode(value.encode(BOOT), BOOT) == value
    assert Sent.decode(value.encode(BOOT), b"o" * 16) == Sent()


def test_the_bytes_are_those_of_the_documents() -> None:
    data = Sent(1.0, 2.0, 0.5, array("d", [3.0])).encode(BOOT)
    assert data.hex() == (
        b"PBPACE1\n".hex() + BOOT.hex() + "000000000000f03f" + "0000000000000040" + "000000000000e03f" + "01000000"
        "2ca3d95a"
        "0000000000000840"
    )


@given(st.data())
def test_a_damaged_file_is_noticed(data: st.DataObject) -> None:
    whole = Sent(1.0, 2.0, 0.5, array("d", [3.0, 4.0])).encode(BOOT)
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    assert Sent.decode(flipped, BOOT) is None
    assert Sent.decode(whole[: at or 1], BOOT) is None
    assert Sent.decode(whole + b"x", BOOT) is None


@given(st.binary(max_size=200))
def test_garbage_upsets_nobody(data: bytes) -> None:
    assert Sent.decode(data, BOOT) in (None, Sent())


@pytest.mark.parametrize(("age", "free"), [(0, 0), (30, 0), (3600, 5), (-3600, 0)])
def test_a_garbage_file_is_a_full_window_of_its_age(tmp_path: Path, age: float, free: int) -> None:
    path = tmp_path / "pace"
    path.write_bytes(b"no window at all")
    os.utime(path, (time.time() - age, time.time() - age))
    window, rules = SharedWindow(path), Rules(5)
    assert 5 - used(window, rules, boot_clock) == free
    assert 5 - used(window, rules, boot_clock) == free
    window.close()


def test_a_new_window_is_private_and_a_window_of_another_boot_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "state" / "pace"
    clock = Clock()
    window, rules = SharedWindow(path, clock, BOOT), Rules(2)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert isinstance(take(window, rules, clock), Reserved)
    assert isinstance(take(window, rules, clock), Reserved)
    assert isinstance(take(window, rules, clock), NotYet)
    rebooted = SharedWindow(path, clock, b"o" * 16)
    assert used(rebooted, rules, clock) == 0
    window.close()
    rebooted.close()


def test_times_that_cannot_be_are_dropped(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "pace"
    path.write_bytes(Sent(1e12, 1e12, float("nan"), array("d", [1e12])).encode(BOOT))
    window, rules = SharedWindow(path, clock, BOOT), Rules(2)
    with window.open(rules) as sent:
        assert not sent.times
        assert sent.blocked_until <= clock.now + 3600
        assert sent.cut_at <= clock.now
        assert sent.share == 1.0
    window.close()


def test_the_lock_is_held_and_given_back(tmp_path: Path) -> None:
    path = tmp_path / "pace"
    one, two = SharedWindow(path), SharedWindow(path)
    rules = Rules(2)
    with one.open(rules), pytest.raises(Locked):
        two.open(rules)
    with two.open(rules):
        pass
    with pytest.raises(ZeroDivisionError), one.open(rules):
        raise ZeroDivisionError
    with two.open(rules):
        pass
    one.close()
    two.close()
    one.close()


def test_names_of_files(tmp_path: Path) -> None:
    one = window_path(tmp_path, "https://x.test/v1", KEY)
    assert one == window_path(tmp_path, "https://x.test/v1/", KEY)
    assert (
        len(
            {
                one,
                window_path(tmp_path, "https://x.test", KEY),
                window_path(tmp_path, "https://x.test/v1", "k"),
            }
        )
        == 3
    )
    assert window_path(tmp_path, "https://x.test", None).parent == tmp_path
    other = window_path(tmp_path / "other", "https://x.test/v1", KEY)
    assert one.name.split("-")[1] == other.name.split("-")[1]
    assert one.name.split("-")[2] != other.name.split("-")[2], "salted"
    assert [p.name for p in tmp_path.glob("pace-salt*")] == ["pace-salt"]
    assert (tmp_path / "pace-salt").stat().st_mode & 0o777 == 0o600


def test_a_429_blocks_cuts_once_a_burst_and_recovers() -> None:
    rules, sent, now = Rules(100), Sent(), 1000.0
    rules.refused(sent, 999.0, now, 7.0)
    rules.refused(sent, 999.5, now, 3.0)
    assert rules.allowed(sent, now) == 75
    assert rules.reserve(sent, now) == NotYet(1007.0, blocked=True)
    assert isinstance(rules.reserve(sent, 1007.0), Reserved)
    # No bursts while recovering: the next one goes a 75th of a minute later, though the first hasn't left.
    later = rules.reserve(sent, 1007.0)
    assert isinstance(later, NotYet)
    assert later.until == pytest.approx(1007.8, abs=0.02)
    assert rules.allowed(sent, now + 60) == 85
    rules.refused(sent, now + 59, now + 60, 0.0)
    assert rules.allowed(sent, now + 60) == 63
    assert rules.allowed(sent, now + 60 + 60 * 4) == 100
    for i in range(100):
        rules.refused(sent, now + 100 + i, now + 100 + i, 0.0)
    assert rules.allowed(sent, now + 199) >= 5


actions = st.lists(st.tuples(st.sampled_from(["take", "sent", "back", "die", "wait"]), st.floats(0, 20)), max_size=120)


@settings(deadline=None)
@given(actions, st.integers(1, 6), st.floats(0.0, 0.5))
def test_no_period_ever_sees_more_than_the_limit(steps: list[tuple[str, float]], limit: int, margin: float) -> None:
    rules, sent, clock = Rules(limit, 10.0, margin), Sent(), Clock()
    held: list[tuple[float, float]] = []
    left: list[float] = []
    for action, amount in steps:
        rules.settle(sent, clock.now)
        match action:
            case "take":
                turn = rules.reserve(sent, clock.now)
                if isinstance(turn, Reserved):
                    held.append((turn.time, clock.now))
                else:
                    assert turn.until > clock.now
            case "sent" if held:
                entry, _ = held.pop(int(amount) % len(held))
                rules.replace(sent, entry, clock.now)
                left.append(clock.now)
            case "back" if held:
                rules.replace(sent, held.pop()[0], None)
            case "die" if held:
                # Its request may leave at any moment up to the end of its hold.
                left.append(held.pop()[1] + min(amount, HOLD))
            case "wait":
                clock.now += amount
        # A turn is used within its hold, as a connection is made within 10 s.
        for entry, made in list(held):
            if clock.now > made + HOLD - 1:
                held.remove((entry, made))
                rules.replace(sent, entry, made + HOLD - 1)
                left.append(made + HOLD - 1)
    left.sort()
    for i in range(len(left) - limit):
        assert left[i + limit] - left[i] >= 10.0 - 1e-6


HAMMER = """
import sys
from pathlib import Path
from pioneer_build.service.rate_window import *
window, rules = SharedWindow(Path(sys.argv[1])), Rules(100000)
while True:
    try:
        with window.open(rules) as sent:
            rules.reserve(sent, boot_clock())
    except Locked:
        pass
"""


def test_killing_its_users_leaves_a_file_that_is_read_and_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "pace"
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-c", HAMMER, str(path)], cwd=Path(__file__).parents[2])
        deadline = time.monotonic() + 10
        size = path.stat().st_size if path.exists() else 0
        while (path.stat().st_size if path.exists() else 0) <= size and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
        process.wait()
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            whole = Sent.decode(file.read(), boot_id())
        # a window of one page is written whole or not at all; one this large may be torn, and is then begun anew
        window = SharedWindow(path)
        with window.open(Rules(100_000)) as sent:
            assert whole is None or sent.times == whole.times
        window.close()
