"""Runs a program where there is no network, and tells what it tried to reach.

The program gets network and mount namespaces of its own: loopback only, every address of the world routed to it, and a
name server on 127.0.0.1. Packets are counted as they leave, so nothing is missed that a native library does, and
nothing reaches anyone. Linux only, as root or where a user may create namespaces; no program is needed for it.

`tried(["git", "fetch"], tmp_path)` for a test; this file is also the program that enters the namespaces.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: How this file ends as a program where there can be no namespace.
_IMPOSSIBLE: Final = 77
#: Where the name server says that every name is (TEST-NET-1).
_ANYWHERE: Final = "192.0.2.1"
#: What tells the counter that the program has ended: a datagram to this port.
_END_PORT: Final = 9

# from <linux/sched.h>, <linux/mount.h>, <linux/if.h>, <linux/rtnetlink.h> and <linux/if_packet.h>
_NEW_MOUNTS, _NEW_USER, _NEW_NETWORK = 0x00020000, 0x10000000, 0x40000000
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1
_NEW_ROUTE, _REQUEST_ACK_CREATE, _TABLE_MAIN, _BY_BOOT, _HOST, _LOCAL, _OUT_INTERFACE = 24, 0x405, 254, 3, 254, 2, 4
_EVERY_PROTOCOL, _OUTGOING = 3, 4


@dataclass(frozen=True, slots=True)
class Tried:
    """How a program ended, and what it tried to reach."""

    code: int
    out: str
    err: str
    #: The names it looked up, in order, each as often as it was asked for.
    lookups: tuple[str, ...]
    #: Where else it sent something, except to this machine: `tcp 192.0.2.1:443`.
    sent: tuple[str, ...]


@cache
def impossible() -> str | None:
    """Why there can be no namespaces here; `None` if there can be."""
    if sys.platform != "linux":
        return "namespaces are a feature of Linux"
    done = subprocess.run([sys.executable, __file__, os.devnull, "true"], capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode == _IMPOSSIBLE else None


def tried(command: Sequence[str | Path], folder: Path, environ: Mapping[str, str]) -> Tried:
    """Runs a program without a network.

    Args:
        command: the program and its arguments.
        folder: its current folder.
        environ: all of its environment.
    """
    with tempfile.TemporaryDirectory() as work:
        report = Path(work, "report.json")
        done = subprocess.run(
            [sys.executable, __file__, report, *command],
            cwd=folder, env=dict(environ), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert report.exists(), done.stderr
        found = json.loads(report.read_text())
    return Tried(done.returncode, done.stdout, done.stderr, tuple(found["lookups"]), tuple(found["sent"]))


# -- inside ---------------------------------------------------------------------------------------------------------


def _enter_namespaces() -> None:
    """Leaves network and mounts of this machine. As root without a user namespace, else as root of a new one.

    Raises:
        OSError: it is not allowed here.
    """
    user, group = os.getuid(), os.getgid()
    try:
        _call("unshare", _NEW_NETWORK | _NEW_MOUNTS)
    except OSError:
        _call("unshare", _NEW_USER | _NEW_NETWORK | _NEW_MOUNTS)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _call("mount", None, b"/", None, _RECURSIVE | _PRIVATE, None)


def _call(name: str, *arguments: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _cover(path: str, text: str, work: str) -> None:
    """Gives the file at `path` another content, in here."""
    if Path(path).exists():
        cover = Path(work, Path(path).name)
        cover.write_text(text)
        _call("mount", os.fsencode(cover), os.fsencode(path), None, _BIND, None)


def _loopback_is_everywhere() -> None:
    """Turns loopback on, and routes every address to it: what is sent anywhere is seen, and refused at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = fcntl.ioctl(any_socket, _GET_FLAGS, struct.pack("16sh22x", b"lo", 0))
        (flags,) = struct.unpack_from("16xh", asked)
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", flags | _UP))
    for family, scope in ((socket.AF_INET, _HOST), (socket.AF_INET6, 0)):
        route = struct.pack("BBBBBBBBI", family, 0, 0, 0, _TABLE_MAIN, _BY_BOOT, scope, _LOCAL, 0)
        route += struct.pack("HHI", 8, _OUT_INTERFACE, socket.if_nametoindex("lo"))
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
            kernel.send(struct.pack("IHHII", 16 + len(route), _NEW_ROUTE, _REQUEST_ACK_CREATE, 1, 0) + route)
            (error,) = struct.unpack_from("i", kernel.recv(4096), 16)
        if error and family == socket.AF_INET:  # a kernel without IPv6 can't send that way either
            raise OSError(-error, os.strerror(-error))


def _serve_names(server: socket.socket) -> None:
    """Answers every question: an IPv4 address for each name, and nothing else."""
    while True:
        asked, caller = server.recvfrom(4096)
        end = 12 + len(asked[12:].split(b"\0", 1)[0]) + 5
        is_ipv4 = asked[end - 4 : end - 2] == b"\0\1"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(_ANYWHERE) if is_ipv4 else b""
        answer = asked[:2] + b"\x81\x80\0\1\0" + bytes([is_ipv4]) + b"\0\0\0\0" + asked[12:end] + record
        with contextlib.suppress(OSError):  # whoever asked has ended
            server.sendto(answer, caller)


class _Counter(threading.Thread):
    """Reads every packet that leaves, until the datagram that says the end."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.lookups: list[str] = []
        self.sent: dict[str, None] = {}
        self._packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_EVERY_PROTOCOL))

    def run(self) -> None:
        while True:
            packet, (_, _, kind, *_) = self._packets.recvfrom(65535)
            if kind == _OUTGOING and self._is_end(packet):
                return

    def _is_end(self, packet: bytes) -> bool:
        if packet[0] >> 4 == 4:
            start, protocol, to = packet[0] % 16 * 4, packet[9], socket.inet_ntop(socket.AF_INET, packet[16:20])
        else:
            start, protocol, to = 40, packet[6], f"[{socket.inet_ntop(socket.AF_INET6, packet[24:40])}]"
        origin, port = struct.unpack_from(">HH", packet, start)
        is_here = to.startswith("127.") or to == "[::1]"
        if protocol == socket.IPPROTO_UDP:
            if port == 53:
                self.lookups.append(_name(packet[start + 20 :]))
            elif port == _END_PORT and is_here:
                return True
            elif not is_here and origin != 53:
                self.sent[f"udp {to}:{port}"] = None
        elif protocol == socket.IPPROTO_TCP and not is_here and packet[start + 13] & 0x12 == 0x02:  # SYN without ACK
            self.sent[f"tcp {to}:{port}"] = None
        return False


def _name(question: bytes) -> str:
    parts = []
    while question and question[0]:
        parts.append(question[1 : 1 + question[0]].decode("ascii", "replace"))
        question = question[1 + question[0] :]
    return ".".join(parts)


def _main(report: str, command: Sequence[str]) -> NoReturn:
    with tempfile.TemporaryDirectory() as work:
        try:
            _enter_namespaces()
            _loopback_is_everywhere()
            _cover("/etc/resolv.conf", "nameserver 127.0.0.1\n", work)
            _cover("/etc/nsswitch.conf", "hosts: files dns\npasswd: files\ngroup: files\n", work)
            counter = _Counter()
        except OSError as error:
            print(f"no namespaces here: {error}", file=sys.stderr)
            sys.exit(_IMPOSSIBLE)
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("", 53))
        threading.Thread(target=_serve_names, args=(server,), daemon=True).start()
        counter.start()
        code = subprocess.run(command, check=False).returncode
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", ("127.0.0.1", _END_PORT))
        counter.join()
    Path(report).write_text(json.dumps({"lookups": counter.lookups, "sent": list(counter.sent)}))
    sys.exit(code)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
