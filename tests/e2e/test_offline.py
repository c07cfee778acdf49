"""Offline means offline: with the local backend nothing looks up a name or sends a packet, and nothing is left behind.

Every command runs in namespaces without a network, where what leaves is counted (`tests/offline.py`).
"""

from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cli import COMMANDS
from pioneer_build.exports.formats import EXPORT_FORMATS
from tests.e2e.conftest import SPECS, TEXTS
from tests.offline import Tried, impossible, tried

if TYPE_CHECKING:
    from collections.abc import Callable

    Offline = Callable[..., Tried]

pytest.importorskip("onnxruntime", reason="the extra 'local' is not installed")

REPOSITORY = Path(__file__).parents[2]
#: Runs the commands of its arguments, one after the other in one process; its last line says how each ended.
EACH = """
import json, sys
from pioneer_build.cli import run
codes = [run(json.loads(one)) for one in sys.argv[1:]]
print()
print(json.dumps(codes))
"""
#: Serves the engine, builds a dataset with it as a service on a port, waits, and stops it.
SERVE = """
import os, signal, subprocess, sys, time
program = [sys.executable, "-m", "pioneer_build"]
server = subprocess.Popen([*program, "serve"], stdout=subprocess.PIPE, text=True)
url = server.stdout.readline().split()[-1]
os.environ["PIONEER_API_KEY"] = "any"
done = subprocess.run([*program, "--backend", url, "apply", "--yes", "--select", "moods"])
time.sleep(float(sys.argv[1]))
server.send_signal(signal.SIGTERM)
sys.exit(done.returncode or server.wait())
"""
API = """
import os
from pioneer_build import api, load
api.apply(".", select=["moods"])
assert [row["text"] for row in load("moods")] == ["I love it.", "It broke after a day.", "I love it."]
api.plan("."), api.check(".")
assert "ORT_DISABLE_TELEMETRY" not in os.environ
"""
#: Collects tests, and says whether that loaded the library.
COLLECT = """
import pytest, sys
code = pytest.main(["--collect-only", "-q", "-n0", "-pno:cacheprovider", *sys.argv[1:]])
sys.exit(code or "onnxruntime" not in sys.modules)
"""
#: What ONNX Runtime does where nobody switches its telemetry off.
TALKS = "import onnxruntime, sys, time; time.sleep(float(sys.argv[1]))"
#: Seconds after which the telemetry of ONNX Runtime has uploaded for the first time: 8 s, and some for a busy machine.
UPLOADS = "25"
#: Where the documentation says that files are.
DOCUMENTED = (".local/state/pioneer-build", ".local/share/pioneer-build", ".cache/pioneer-build")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "specs").mkdir(parents=True)
    (root / "pioneer.yaml").write_text("version: 1\nbackend: local\n")
    (root / "specs" / "all.yaml").write_text(SPECS)
    (root / "specs" / "texts.jsonl").write_text("".join(json.dumps(text) + "\n" for text in TEXTS))
    return root


@pytest.fixture
def offline(root: Path, tmp_path: Path) -> Offline:
    """Runs Python code without a network, in an environment in which nothing is said about telemetry, CI or tests."""
    if why := impossible():
        pytest.skip(why)
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def run(code: str, *arguments: str, **more: str) -> Tried:
        return tried([sys.executable, "-c", code, *arguments], root, {**environ, **more})

    return run


def left_behind(tmp_path: Path) -> list[str]:
    """Files in home and temporary folders that no page of the documentation tells of."""
    files = [path for part in ("home", "tmp") for path in (tmp_path / part).rglob("*") if not path.is_dir()]
    documented = [tmp_path / "home" / part for part in DOCUMENTED]
    return [str(path) for path in files if not any(path.is_relative_to(folder) for folder in documented)]


def codes(ran: Tried) -> list[int]:
    """How the commands of `EACH` ended."""
    found: list[int] = json.loads(ran.out.splitlines()[-1])
    return found


def assert_silent(ran: Tried) -> None:
    assert (ran.lookups, ran.sent) == ((), ()), ran.err


# -- what counts, counts ------------------------------------------------------------------------------------------


def test_a_look_up_is_counted(offline: Offline) -> None:
    ran = offline("import socket; print(socket.getaddrinfo('www.example.com', 443)[0][4][0])")
    assert set(ran.lookups) == {"www.example.com"}
    assert ran.out == "192.0.2.1\n"
    assert ran.sent == ()


def test_a_packet_is_counted_and_goes_nowhere(offline: Offline) -> None:
    ran = offline(
        "import socket\n"
        "def reach(host, port):\n"
        "    try: socket.create_connection((host, port), 5)\n"
        "    except ConnectionRefusedError: print('refused')\n"
        "reach('8.8.8.8', 443)\n"
        "reach('127.0.0.1', 443)\n"
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('203.0.113.9', 514))\n"
    )
    assert ran.out == "refused\nrefused\n"
    assert ran.sent == ("tcp 8.8.8.8:443", "udp 203.0.113.9:514")
    assert ran.lookups == ()


def test_telemetry_that_is_left_on_is_noticed(offline: Offline, tmp_path: Path) -> None:
    assert offline(TALKS, "0").code == 0
    if not left_behind(tmp_path):
        pytest.skip("this build of ONNX Runtime has no telemetry")
    assert any(path.endswith(".db") for path in left_behind(tmp_path))


@pytest.mark.long
def test_telemetry_that_is_left_on_looks_up_its_server(offline: Offline, tmp_path: Path) -> None:
    ran = offline(TALKS, UPLOADS)
    if not left_behind(tmp_path):
        pytest.skip("this build of ONNX Runtime has no telemetry")
    assert len(ran.lookups) > 0
    assert len(ran.sent) > 0


# -- what this program does ---------------------------------------------------------------------------------------


def test_every_command_is_silent(offline: Offline, root: Path, tmp_path: Path) -> None:
    installed = [form for form in EXPORT_FORMATS.values() if form.extra is None or find_spec(_library(form.extra))]
    name = {"gliner2": "people", "spacy": "people", "conll": "people"}
    commands = {
        ("init",): 0,
        ("validate",): 0,
        ("schema",): 0,
        ("completion", "bash"): 0,
        ("plan", "--out", "saved.json"): 0,
        ("check",): 2,
        ("apply", "saved.json", "--yes"): 0,
        ("apply", "--yes"): 0,
        ("plan", "--detailed-exitcode"): 0,
        ("check", "--strict"): 0,
        ("status", "--refresh"): 0,
        ("show", "people", "--rows", "2"): 0,
        **{
            ("export", name.get(form.name, "intents"), "--as", form.name, "--to", f"out/{form.name}{form.suffix}"): 0
            for form in installed
        },
        ("adopt", "people", "no-such-job"): 1,
        ("diff", "HEAD"): 1,  # it is no git repository
        ("report", "--to", "out/report.html"): 0,
        ("gc", "--yes"): 0,
        ("lock", "split"): 0,
        ("lock", "join"): 0,
        ("doctor",): 0,
        ("journal", "repair"): 0,
    }
    assert {words[0] for words in commands} | {"serve"} == set(COMMANDS), "a new command is tried here, too"
    (root / "out").mkdir()
    ran = offline(EACH, *map(json.dumps, commands))
    assert_silent(ran)
    assert dict(zip(commands, codes(ran), strict=True)) == commands, ran.out + ran.err
    assert left_behind(tmp_path) == []
    known = {"pioneer.yaml", "pioneer.lock", "specs", ".gitignore", ".gitattributes", ".pioneer", "saved.json", "out"}
    assert {path.name for path in root.iterdir()} <= known


def test_only_the_commands_that_ask_the_service_ask_it(offline: Offline, root: Path, tmp_path: Path) -> None:
    """With a service on the network and a key, too, the others need neither."""
    service = "https://service.example.com"
    hosted = ["--backend", service]
    quiet = {
        ("validate",): 0,
        ("plan",): 0,
        ("check",): 2,
        ("status",): 0,
        ("export", "people"): 1,
        ("show", "people"): 0,
        ("diff", "HEAD"): 1,
        ("report", "--to", "report.html"): 0,
        ("gc", "--yes"): 0,
    }
    ran = offline(EACH, *(json.dumps([*hosted, *words]) for words in quiet), PIONEER_API_KEY="any")
    assert_silent(ran)
    assert dict(zip(quiet, codes(ran), strict=True)) == quiet, ran.out + ran.err
    asks = offline(EACH, json.dumps([*hosted, "doctor"]), PIONEER_API_KEY="any")
    assert set(asks.lookups) == {"service.example.com"}
    assert asks.sent == ("tcp 192.0.2.1:443",)
    assert left_behind(tmp_path) == []


def _library(extra: str) -> str:
    return {"parquet": "pyarrow", "spacy": "spacy", "hf": "datasets"}[extra]


def test_serve_is_silent(offline: Offline, tmp_path: Path) -> None:
    ran = offline(SERVE, "0")
    assert ran.code == 0, ran.err
    assert_silent(ran)
    assert left_behind(tmp_path) == []


@pytest.mark.long
def test_serve_is_silent_for_longer_than_telemetry_waits(offline: Offline, tmp_path: Path) -> None:
    ran = offline(SERVE, UPLOADS)
    assert ran.code == 0, ran.err
    assert_silent(ran)
    assert left_behind(tmp_path) == []


def test_the_python_functions_are_silent(offline: Offline, tmp_path: Path) -> None:
    ran = offline(API)
    assert ran.code == 0, ran.err
    assert_silent(ran)
    assert left_behind(tmp_path) == []


def test_the_tests_themselves_are_silent(offline: Offline, tmp_path: Path) -> None:
    """They import ONNX Runtime to see whether it is there, some before anything of this package."""
    places = [str(REPOSITORY / "tests" / part) for part in ("cli/test_serve.py", "e2e/test_plan_saved.py")]
    ran = offline(COLLECT, "--rootdir", str(REPOSITORY), "-c", str(REPOSITORY / "pyproject.toml"), *places)
    assert ran.code == 0, ran.out
    assert_silent(ran)
    assert left_behind(tmp_path) == []
