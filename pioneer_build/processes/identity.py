"""Names for processes, by which another process can find out whether they are still alive."""

from __future__ import annotations

import os
import socket
import time


def is_alive(process: str) -> bool | None:
    """Whether the process is still running; `None` if that can't be found out (another host)."""
    host, since, pid, started = [*process.split("|"), "", "", "", ""][:4]
    if host != socket.gethostname():
        return None
    if since != boot():
        return False
    return bool(pid.isdigit()) and _started(int(pid)) == started


def this_process() -> str:
    """A name that identifies this process for `is_alive`: host, boot, pid and start time."""
    return f"{socket.gethostname()}|{boot()}|{os.getpid()}|{_started(os.getpid())}"


def boot() -> str:
    """What identifies the time since this machine was started."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123 - a kernel file
            return file.read().strip()
    except OSError:
        return str(int(time.time() - time.monotonic()) // 60)


def _started(pid: int) -> str:
    """The start time of a process, in the kernel's ticks, because pids are reused; "" if it doesn't exist."""
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
