"""The command line as a whole: commands are found and imported one by one, and output that can't be written is said."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from pioneer_build import cli
from pioneer_build.cli import COMMANDS, HIDDEN_COMMANDS, group, run
from pioneer_build.cli import exit_codes as exits

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", [*COMMANDS, *HIDDEN_COMMANDS])
def test_a_command_is_the_module_of_its_name(name: str) -> None:
    command = import_module(f"pioneer_build.cli.{name.replace('-', '_')}").command
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help, "its docstring is its help"
    assert (ROOT / "pioneer_build" / "cli" / f"{name.replace('-', '_')}.py").exists()


def test_help_lists_them_with_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for name, line in COMMANDS.items():
        assert f"  {name} " in shown
        assert line in shown
    assert not any(name in shown for name in HIDDEN_COMMANDS)


def test_the_shell_completes_commands_without_importing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.import_module", lambda name: pytest.fail(f"imported {name}"))
    context = click.Context(group)
    assert [(item.value, item.help) for item in group.shell_complete(context, "va")] == [
        ("validate", COMMANDS["validate"])
    ]
    assert [item.value for item in group.shell_complete(context, "--verb")] == ["--verbose"]


def test_global_options_reach_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    @click.command()
    @click.pass_obj
    def spy(options: cli.Globals) -> int:
        seen.append((options.directory, options.backend, options.verbosity, options.log_format))
        return 7

    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: spy)
    assert run(["plan"]) == 7
    assert run(["-C", "x", "--backend", "local", "-q", "--log-format", "json", "plan"]) == 7
    assert run(["-v", "plan"]) == 7
    assert seen == [(".", None, 0, "text"), ("x", "local", -1, "json"), (".", None, 1, "text")]


def test_an_error_becomes_a_message_and_a_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def fails() -> None:
        raise ZeroDivisionError("x")

    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: fails)
    assert run(["plan"]) == exits.BUG
    assert "this is a bug" in capsys.readouterr().err


def process(*arguments: str, unbuffered: str = "", **more: Any) -> subprocess.Popen[bytes]:
    """The program. Unless it is `unbuffered`, what it writes fails at the end, when it is flushed."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered}
    return subprocess.Popen([sys.executable, "-m", "pioneer_build", *arguments], env=environ, **more)


def test_a_process_does_not_look_for_cycles_at_its_end() -> None:
    code = (
        "import atexit, gc, sys; sys.argv = ['x', '--version']; from pioneer_build.cli import main;"
        " atexit.register(lambda: print(gc.get_freeze_count() > 0, gc.get_threshold()[0])); main()"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "True 50000"


def test_a_reader_that_went_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    child = process("completion", "bash", stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    _, said = child.communicate(timeout=30)
    assert (child.returncode, said) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", ["completion bash", "--help", "--version", "schema", "plan --help"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_can_not_be_written_is_an_error(command: str, unbuffered: str) -> None:
    with open("/dev/full", "wb") as full:
        child = process(*command.split(), stdout=full, stderr=subprocess.PIPE, unbuffered=unbuffered)
        _, said = child.communicate(timeout=30)
    assert child.returncode == exits.ERROR
    text = said.decode()
    assert text.startswith(("error: can't write the output: ", "error: a file or the output can't be written: "))
    assert text.endswith("No space left on device\n  help: the disk is full: free some space\n")
    assert text.count("error") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("folder", ["valid", "invalid"])
def test_json_that_can_not_be_written_is_an_error(tmp_path: Path, unbuffered: str, folder: str) -> None:
    (tmp_path / "specs").mkdir()
    text = "version: 1\ndataset_name: a\ntask_type: ner\nlabels: [x]\nnum_examples: 3\n"
    (tmp_path / "specs" / "a.yaml").write_text(text if folder == "valid" else "dataset: a\n")
    with open("/dev/full", "wb") as full:
        for command in ("plan", "status", "check"):
            arguments = ("-C", str(tmp_path), command, "--format", "json")
            child = process(*arguments, stdout=full, stderr=subprocess.PIPE, unbuffered=unbuffered)
            _, said = child.communicate(timeout=30)
            assert child.returncode == exits.ERROR
            assert "can't write the output: No space left on device" in said.decode()
            assert "Traceback" not in said.decode()


def test_messages_that_can_not_be_written_change_no_code() -> None:
    with open("/dev/full" if Path("/dev/full").exists() else os.devnull, "wb") as full:
        child = process("xyzzy", stdout=subprocess.PIPE, stderr=full)
        out, _ = child.communicate(timeout=30)
    assert (child.returncode, out) == (exits.USAGE, b"")


#: Ctrl-C arrives while the command line is imported.
INTERRUPTED_IMPORT = """
import signal, sys
from pioneer_build.__main__ import main

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Finder())
main()
"""


def test_ctrl_c_while_the_command_line_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_IMPORT], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (exits.INTERRUPTED, "", "interrupted\n")


#: Ctrl-C arrives when the command has ended, but not the process: at its exit, or on the way there.
INTERRUPTED_AT_THE_END = """
import atexit, signal, sys
from pioneer_build.__main__ import main

sys.argv[1:] = ["--version"]
if {at_exit}:
    atexit.register(signal.raise_signal, signal.SIGINT)
try:
    main()
finally:
    if not {at_exit}:
        signal.raise_signal(signal.SIGINT)
"""


@pytest.mark.parametrize("at_exit", [True, False])
def test_ctrl_c_when_the_command_has_ended(at_exit: bool) -> None:
    """Python would show where it was, and kill itself by the signal."""
    code = INTERRUPTED_AT_THE_END.format(at_exit=at_exit)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (exits.INTERRUPTED, "")
    assert done.stdout.startswith("pioneer-build")


def test_the_entry_imports_nothing_before_it_can_be_interrupted() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"pioneer-build": "pioneer_build.__main__:main"}
    code = (
        "import sys, pioneer_build.__main__; print([n for n in sorted(sys.modules) if n[:7] in ('click', 'pioneer')])"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "['pioneer_build', 'pioneer_build.__main__', 'pioneer_build._version']"
