"""Whether the process that sent something still lives."""

from __future__ import annotations

import os
import socket
import time


def is_alive(process: str) -> bool | None:
    """Whether the submitter still runs: `None` where that can't be told (another host)."""
    host, boot, pid, started = [*process.split("|"), "", "", "", ""][:4]
    if host != socket.gethostname():
        return None
    if boot != _boot():
        return False
    return bool(pid.isdigit()) and _started(int(pid)) == started


def this_process() -> str:
    """Names this process so that `is_alive` can tell it from any other: host, boot, pid, when it started."""
    return f"{socket.gethostname()}|{_boot()}|{os.getpid()}|{_started(os.getpid())}"


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123 - a kernel file
            return file.read().strip()
    except OSError:
        return str(int(time.time() - time.monotonic()) // 60)


def _started(pid: int) -> str:
    """When the process started, in the kernel's ticks, so that a reused pid isn't taken for it; "" if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - a kernel file
            fields = file.read().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    except OSError:
        pass
    if os.path.isdir("/proc/self"):  # noqa: PTH112 - a kernel folder
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
