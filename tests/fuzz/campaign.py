"""Runs targets on many inputs, in processes whose memory is bounded and whose time is watched."""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
import resource
import signal
import struct
import sys
import tempfile
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NoReturn

from pioneer_build.errors import PioneerError

if TYPE_CHECKING:
    from tests.fuzz.target import Target

#: Seconds of processor time for one input.
SECONDS = 2.0
#: Bytes that one input may need, beyond what the process has before the first one.
MEMORY = 500 << 20
#: Seconds by the clock until a process that Python can't interrupt is ended.
_STUCK = 60
_PLACE = struct.Struct("<q")


class TooSlow(BaseException):
    """An input took more than `SECONDS`. Not an `Exception`, so that nothing takes it for one of its own."""


@dataclass(frozen=True)
class Fault:
    """One input that was not dealt with: the seed that makes it again, and what happened."""

    target: str
    seed: str
    what: str

    @property
    def kind(self) -> str:
        """What it has in common with others of the same cause: its last two lines but for the message's details."""
        lines = [line.strip() for line in self.what.splitlines()]
        places = [line for line in lines if line.startswith("File ") and "pioneer_build" in line]
        return (places[-1] if places else "") + " " + (lines[-1][:40] if lines else "")


def made(target: Target, seed: str) -> bytes:
    """The input of a seed."""
    return target.make(Random(f"{target.name} {seed}"))


def fuzz(target: Target, numbers: range, seed: str, *, seconds: float = SECONDS) -> list[Fault]:
    """Runs `target` on many inputs; the faults that it has.

    Args:
        target: what to run.
        numbers: of the inputs; with `seed`, each makes its input again.
        seed: of all of them.
        seconds: of processor time that one may take.
    """
    faults: list[Fault] = []
    place = mmap.mmap(-1, _PLACE.size)
    done = numbers.start
    while done < numbers.stop:
        place[:] = _PLACE.pack(done)
        with tempfile.TemporaryFile() as told:
            child = os.fork()
            if not child:
                _work(target, range(done, numbers.stop), seed, place, told.fileno(), seconds)
            _, status = os.waitpid(child, 0)
            told.seek(0)
            said = told.read().decode("utf-8", "replace")
        reached = _PLACE.unpack(place[:])[0]
        for line in said.splitlines():
            if line.startswith('{"number"'):
                found = json.loads(line)
                faults.append(Fault(target.name, f"{seed}:{found['number']}", found["what"]))
        if status:
            rest = "\n".join(line for line in said.splitlines() if not line.startswith('{"number"'))
            faults.append(Fault(target.name, f"{seed}:{reached}", f"{rest}\nthe process ended with status {status}"))
            if len(faults) > 200:
                break
        done = reached + 1
    return faults


def _work(target: Target, numbers: range, seed: str, place: mmap.mmap, told: int, seconds: float) -> NoReturn:
    """Does one process's part, and ends it."""
    try:
        faulthandler.enable(told)
        signal.signal(signal.SIGPROF, _too_slow)
        warnings.simplefilter("ignore")
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8", errors="replace")  # noqa: SIM115
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            os.chdir(folder)
            _settle(target, Path(folder), seconds)
            for number in numbers:
                place[:] = _PLACE.pack(number)
                what = _one(target, f"{seed}:{number}", Path(folder), seconds)
                if what is not None:
                    os.write(told, json.dumps({"number": number, "what": what}).encode() + b"\n")
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the parent must not go on twice
        os.write(told, traceback.format_exc().encode("utf-8", "replace"))
        os._exit(1)


def _settle(target: Target, folder: Path, seconds: float) -> None:
    """Lets everything be imported, then bounds the memory."""
    for number in range(5):
        _one(target, f"first:{number}", folder, 5 * seconds)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _one(target: Target, seed: str, folder: Path, seconds: float) -> str | None:
    data = made(target, seed)
    faulthandler.dump_traceback_later(_STUCK, exit=True)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        target.read(data, folder)
    except PioneerError:
        return None
    except (Exception, TooSlow, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - this is what is looked for
        signal.setitimer(signal.ITIMER_PROF, 0)
        return "".join(traceback.format_exception(error, limit=-12))[-4000:]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()
    return None


def _too_slow(*_: object) -> NoReturn:
    raise TooSlow("more than its seconds of processor time")
