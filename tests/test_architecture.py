"""Who may import what, and do what: a pure core, a thin shell, one place that speaks HTTP.

That rooms import only rooms of the layers below them is tests/test_house.py's and import-linter's.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import pioneer_build

ROOT = Path(pioneer_build.__file__).parent
#: Rooms and modules that take values and return values.
PURE = (
    "spec", "lock", "plan", "rows", "checks", "diff", "results", "render", "wording.py", "escaping.py",
    "errors.py", "ports.py",
    "journal/model.py", "journal/submitted_jobs.py", "operations/helping_command.py",
)  # fmt: skip
#: Modules of the standard library that read the world: clocks, files, randomness, processes, the network.
WORLD = {
    "asyncio", "ctypes", "fcntl", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random",
    "secrets", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib.request", "uuid", "importlib.resources",
}  # fmt: skip
#: Modules that read a file of the package itself: the same bytes wherever it is installed.
READ_THEIR_TEMPLATES = {"render/report/page.py"}
#: What only the command line may do, as it is called: it acts on the whole process, whoever it belongs to.
OF_THE_PROCESS = {
    "print", "exit", "quit", "sys.exit", "os._exit", "os.abort", "sys.stdout.write", "sys.stderr.write",
    "signal.signal", "loop.add_signal_handler", "os.chdir", "os.umask", "csv.field_size_limit",
    "sys.setrecursionlimit", "warnings.filterwarnings", "warnings.simplefilter", "logging.basicConfig",
    "signal.alarm", "signal.setitimer", "signal.set_wakeup_fd", "locale.setlocale", "os.putenv", "os.unsetenv",
    "os.environ.update", "os.environ.setdefault", "os.environ.pop", "os.environ.clear", "socket.setdefaulttimeout",
    "random.seed", "time.tzset", "atexit.register", "gc.disable", "sys.settrace", "sys.setprofile", "sys.modules.pop",
}  # fmt: skip
#: A loop on a port of its own is what `serve` is: it stops when the process is told to. The environment is the only
#: switch of a library's telemetry: it is turned while the library is loaded, and turned back;
#: so are warnings of libraries.
OWN_PROCESS = {
    "engine/server.py": {"loop.add_signal_handler"},
    "engine/onnx_runtime.py": {"os.environ"},
    "engine/labelling/tagger.py": {"warnings.simplefilter"},
}

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def modules(*parts: str) -> list[Path]:
    """The files of some rooms and modules, each of which there must be."""
    found: list[Path] = []
    for part in parts:
        path = ROOT / part
        assert path.exists(), f"{part} is gone: name the room that it is in now"
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imports(path: Path) -> frozenset[str]:
    """The names of all modules that a file imports, at whatever level, but for those that only types need."""
    names: set[str] = set()
    waiting: list[ast.AST] = [tree_of(path)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "pioneer_build"}
    return frozenset(names)


def tops(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


def with_parents(name: str) -> set[str]:
    """`a.b.c`, `a.b` and `a`."""
    parts = name.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts) + 1)}


ALL = sorted(ROOT.rglob("*.py"))
PURE_MODULES = {
    f"pioneer_build.{shown(path).removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"
    for path in modules(*PURE)
}


@pytest.mark.parametrize("path", modules(*PURE), ids=shown)
def test_the_core_is_pure(path: Path) -> None:
    assert tops(path) <= sys.stdlib_module_names | {"pioneer_build"}, "the standard library alone"
    world = {parent for name in imports(path) for parent in with_parents(name)} & WORLD
    assert world == ({"importlib.resources"} if shown(path) in READ_THEIR_TEMPLATES else set())
    assert {name for name in imports(path) if name.startswith("pioneer_build.")} <= PURE_MODULES


def test_who_may_import_what() -> None:
    """The contracts of pyproject.toml: who may import which library, the engine, and the command line."""
    settings = tomllib.loads((ROOT.parent / "pyproject.toml").read_text("utf-8"))
    named = [one["id"] for one in settings["tool"]["importlinter"]["contracts"] if "id" in one]
    assert {"http", "terminal", "yaml", "server", "pydantic", "numpy", "inputs", "engine", "cli"} <= set(named)
    linted = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo", *(f"--contract={name}" for name in named)],
        cwd=ROOT.parent,
        capture_output=True,
        text=True,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert f"{len(named)} kept, 0 broken" in linted.stdout


def of_the_process(tree: ast.Module) -> set[str]:
    """What a module does to the whole process, by whatever name it has imported that."""
    homes: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            homes |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.Import):
            homes |= {one.asname: one.name for one in node.names if one.asname is not None}

    def full(node: ast.expr) -> str:
        first, dot, rest = ast.unparse(node).partition(".")
        return f"{homes.get(first, first)}{dot}{rest}"

    done = {full(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)} & OF_THE_PROCESS
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else []
        places = {full(one.value) for one in targets if isinstance(one, ast.Subscript)}
        done |= places & {"os.environ", "sys.modules"}
    return done


def test_what_acts_on_the_whole_process_is_seen() -> None:
    for code, seen in {
        "import warnings\nwarnings.simplefilter('error')": "warnings.simplefilter",
        "import signal\nsignal.alarm(1)": "signal.alarm",
        "import locale as here\nhere.setlocale(here.LC_ALL, '')": "locale.setlocale",
        "from signal import signal\nsignal(2, f)": "signal.signal",
        "from os import environ as e\ne['A'] = '1'": "os.environ",
        "import os\ndel os.environ['A']": "os.environ",
        "from sys import modules\nmodules['a'] = None": "sys.modules",
        "print(1)": "print",
    }.items():
        assert of_the_process(ast.parse(code)) == {seen}, code
    assert of_the_process(ast.parse("from a import signal\nsignal(2)\nx['a'] = os.environ['A']")) == set()


@pytest.mark.parametrize("path", ALL, ids=shown)
def test_nothing_below_the_command_line_prints_exits_or_acts_on_the_whole_process(path: Path) -> None:
    if path.relative_to(ROOT).parts[0] in ("cli", "__main__.py"):
        return
    done = of_the_process(tree_of(path))
    assert done <= OWN_PROCESS.get(shown(path), set())


#: Where output is written: `output`, help by click, the bytes of an export, and bars by rich.
PRINTERS = {
    "cli/output.py": {"sys.stderr.write", "click.confirm"},
    "cli/exit_codes.py": {"error.show"},
    "cli/progress_bars.py": {"console.print"},
}
_PRINTS = re.compile(r"print|.*\.(print|write|writelines|echo|secho|echo_via_pager|confirm|prompt|show|pause|style)")


@pytest.mark.parametrize("path", sorted((ROOT / "cli").glob("*.py")), ids=shown)
def test_what_is_printed_goes_through_output(path: Path) -> None:
    """So that no command has to remember what must be escaped."""
    calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    found = {name for call in calls if _PRINTS.fullmatch(name := ast.unparse(call.func))}
    assert found - {"stream.write"} <= PRINTERS.get(shown(path), set())


@pytest.mark.parametrize("path", sorted((ROOT / "render").glob("*.py")), ids=shown)
def test_lines_are_joined_where_each_is_escaped(path: Path) -> None:
    joins = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute) and node.attr == "join"]
    assert not [ast.unparse(node) for node in joins if "\\n" in ast.unparse(node.value)], "use escaping.lines_text"


#: What is inserted into the command of a message and is no text of others: our own names, and parts made beside it.
OWN_WORDS = {
    "apply/reconcile_unknown.py": {"resubmit"},
    "cli/completion.py": {"one"},
    "engine/server.py": {"folder", "aside"},
    "errors.py": {"extra"},
    "operations/doctor/git_setup.py": {"path"},
    "operations/doctor/project.py": {"path", "flag", "files"},
    "operations/load.py": {"name"},
    "operations/lock.py": {"entry_path('x')"},
    "plan/generate.py": {"costs"},
}
_COMMAND = re.compile(
    r"pioneer-build [a-z-]|\bgit (?:add|checkout|check-ignore|annex)\b|\b(?:rm|mv|cp) \b|\bpip install\b"
)


@pytest.mark.parametrize("path", ALL, ids=shown)
def test_commands_in_messages_quote_what_they_insert(path: Path) -> None:
    """`pioneer-build adopt NAME --version {version}` is pasted into a shell, and the version is the service's word."""
    for text in (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.JoinedStr)):
        begun = False
        for part in text.values:
            if isinstance(part, ast.Constant):
                begun = bool(_COMMAND.search(part.value)) or (begun and "  (" not in part.value)
            elif begun and isinstance(part, ast.FormattedValue):
                inserted = ast.unparse(part.value)
                own = inserted.isupper() or inserted == "__version__" or inserted in OWN_WORDS.get(shown(path), set())
                assert own or inserted.startswith("shell_word("), f"line {text.lineno}: {inserted}"


#: What changes files or folders, and may be called by `disk` alone, which follows no link that a repository brought,
#: makes files private from the start, and loses nothing in a crash.
_CHANGES = re.compile(
    r"os\.(?:replace|renames?|remove|removedirs|unlink|rmdir|mkdir|makedirs|link|symlink|f?truncate|[fl]?chmod|[fl]?chown"
    r"|utime|mknod|mkfifo|setxattr)|shutil\.(?:rmtree|move|copy\w*|chown|make_archive)|tempfile\.\w+|sqlite3\.connect"
    r"|.*\.(?:write_text|write_bytes|mkdir|touch|rename|unlink|rmdir|symlink_to|hardlink_to|chmod)"
)
#: And by these, for what they made themselves or hold a lock on; none of it opens or replaces a file of a path that
#: others chose.
CHANGERS = {
    "engine/build_vectors.py": {"write_bytes"},  # for the wheel
    "engine/database.py": {"made.unlink", "os.link", "sqlite3.connect"},  # of a file that `disk` made
    "exports/export_files.py": {  # folders that a library writes, beside their place
        "fresh.rename", "old.rename", "path.chmod", "place.rename", "shutil.rmtree", "tempfile.TemporaryDirectory",
    },
    "exports/hf.py": {"work.unlink"},
    "git/objects.py": {"tempfile.TemporaryFile"},
    "journal/compaction.py": {"left.unlink"},
    "journal/log.py": {"os.ftruncate", "unlink"},
    "operations/doctor/user_folders.py": {"tempfile.TemporaryFile"},
    "processes/lease.py": {"unlink", "os.fchmod", "os.open", "os.utime"},  # below `disk`'s room
    "project/lock_texts.py": {"os.rename", "os.rmdir", "os.unlink"},
    "project/run_lock.py": {"os.ftruncate"},
    "service/rate_window.py": {"os.ftruncate", "os.link"},
    "store/claims.py": {"os.fchmod", "os.ftruncate", "os.utime", "unlink"},
    "store/compaction.py": {"source.unlink"},
    "store/current_index.py": {"unlink"},
    "store/disk.py": {"os.fchmod", "os.rename", "shutil.rmtree"},
    "store/gc.py": {"path.unlink"},
    "store/refused_texts.py": {"path.unlink"},
    "store/segments.py": {"os.ftruncate", "rename"},
    "store/text_answers.py": {"rmdir"},
    "store/spare.py": {"unlink", "empty.rmdir", "path.unlink", "rmdir"},
}  # fmt: skip


def _changes_files(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    if name == "os.open":
        return re.search(r"\bos\.(?:O_RDONLY|devnull)\b", ast.unparse(call)) is None
    if name.rpartition(".")[2] in ("open", "fdopen"):
        given = [*call.args, *(one.value for one in call.keywords if one.arg == "mode")]
        texts = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        return any(re.fullmatch("[rbt]*[wax+][rwaxbt+]*", text) for text in texts)
    if name.endswith(".replace") and name != "os.replace":  # of a path: a text's has two arguments
        return len(call.args) == 1 and not call.keywords
    return _CHANGES.fullmatch(name) is not None


@pytest.mark.parametrize("path", ALL, ids=shown)
def test_files_are_written_by_one_package(path: Path) -> None:
    if shown(path).startswith("disk/"):
        return
    called = [
        ast.unparse(node.func)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and _changes_files(node)
    ]
    # `self._path(number).unlink` is `unlink` of something of its own
    found = {name if re.fullmatch(r"\w+\.\w+", name) else name.rpartition(".")[2] for name in called}
    assert found == CHANGERS.get(shown(path), set())


def test_what_changes_files_is_seen() -> None:
    def seen(code: str) -> bool:
        return any(_changes_files(node) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))

    for code in (
        "open(p, 'w')", "open(p, mode='ab')", "p.open('x')", "os.open(p, flags)", "os.open(p, os.O_WRONLY)",
        "os.fdopen(fd, 'r+b')", "p.write_text('')", "p.mkdir()", "os.replace(a, b)", "p.replace(q)", "p.unlink()",
        "shutil.copyfile(a, b)", "tempfile.mkstemp()", "os.makedirs(p)", "sqlite3.connect(p)",
    ):  # fmt: skip
        assert seen(code), code
    for code in ("open(p)", "p.open('rb')", "os.open(p, os.O_RDONLY)", "text.replace('a', 'b')", "replace(x, a=1)"):
        assert not seen(code), code


#: Who reads files otherwise than by `disk.regular_files`, which doesn't wait for a pipe or a device that a repository
#: put there: those who read what this program keeps in the user's own folders, what is part of it, or of the kernel.
READERS = {
    "cli/output.py": {"fdopen"},  # the null device
    "cache/unchanged_plan.py": {"open"},
    "cache/project_cache.py": {"read_bytes"},
    "cache/parsed_specs.py": {"open"},
    "engine/model_files.py": {"read_bytes"},  # an installed package
    "engine/vectors.py": {"read_bytes"},  # of this package, as the next two
    "engine/word_lists.py": {"read_text"},
    "engine/wordpiece.py": {"read_bytes"},
    "exports/export_files.py": {"open"},  # to sync what it wrote
    "git/history.py": {"open"},  # of a repository that git was asked about, so `git.kept_files` has seen it
    "git/kept_files.py": {"open"},  # below `disk`'s room, and after it has looked what it is
    "operations/init/set_up_project.py": {"open"},  # `--from <(…)`, as far as a bound
    "paths.py": {"open"},  # below `disk`'s room, of a regular file, as far as a bound
    "processes/lease.py": {"open"},  # below `disk`'s room
    "processes/identity.py": {"open"},
    "render/report/page.py": {"read_text"},
    "service/rate_window.py": {"read_bytes"},
    "store/current_index.py": {"open"},  # to sync what it read
    "store/lookup.py": {"open"},  # for reading at places
}
_READS = re.compile(r"(?:.*\.)?(?:open|fdopen|read_bytes|read_text)")
#: Of other things than files: their `open` has these arguments, or these names.
_OTHER_OPEN = re.compile(r".*\.open\((?:rules)?\)|os\.open\(.*os\.(?:O_DIRECTORY|devnull).*\)")


def _reads_files(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    if _READS.fullmatch(name) is None or _changes_files(call) or _OTHER_OPEN.fullmatch(ast.unparse(call)):
        return False
    # a function of our own with such a name
    return name not in ("read_text", "read_bytes")


@pytest.mark.parametrize("path", ALL, ids=shown)
def test_what_a_repository_may_have_replaced_is_read_by_one_package(path: Path) -> None:
    if shown(path).startswith("disk/"):
        return
    calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call) and _reads_files(node)]
    found = {ast.unparse(call.func).rpartition(".")[2] for call in calls}
    assert found == READERS.get(shown(path), set())


def test_what_reads_files_is_seen() -> None:
    def seen(code: str) -> bool:
        return any(_reads_files(node) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))

    for code in ("open(p)", "p.open('rb')", "(a / b).read_bytes()", "p.read_text('utf-8')", "os.open(p, os.O_RDONLY)"):
        assert seen(code), code
    for code in (
        "open(p, 'w')",
        "read_text(root, path)",
        "read_regular(p)",
        "open_regular(p)",
        "os.open(os.devnull, 1)",
    ):
        assert not seen(code), code


def test_one_module_makes_normal_forms() -> None:
    """Python's own take quadratic time, within one call that no signal interrupts."""
    names = {"normalize", "is_normalized"}
    found = {
        shown(path)
        for path in ALL
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.ImportFrom) and names & {alias.name for alias in node.names})
    }
    assert found == {"spec/unicode_form.py"}


def test_there_is_no_attic() -> None:
    assert not [path for path in ALL if path.stem in ("utils", "util", "helpers", "misc", "common_utils")]


def test_every_module_says_what_it_is() -> None:
    silent = [shown(path) for path in ALL if ast.get_docstring(tree_of(path)) is None]
    assert not silent


#: Who looks up what the lock's file has under a name, and why a rename that isn't applied yet doesn't matter there.
LOOK_UP_NAMES_OF_THE_FILE = {
    "apply/executor.py": "a dataset without a spec, which nothing renames",
    "operations/judged_rows.py": "gets a lock with the names of the specs",
    "operations/known_jobs.py": "marks deletions in the entries of both names",
    "operations/last_merge.py": "a merge knows the names of the file",
    "operations/load.py": "makes a lock with the names of the specs",
    "operations/merged_head.py": "a merge knows the names of the file",
    "operations/project_state.py": "`entry` makes a lock with the names of the specs; settled datasets have no rename",
}


def test_a_dataset_is_looked_up_by_the_name_in_its_spec_whether_or_not_its_rename_is_applied() -> None:
    """`lock/pending_renames.py`: the entry of a dataset with a pending rename is under its old name, or under both."""
    found = {
        relative
        for path in sorted(ROOT.rglob("*.py"))
        if (relative := path.relative_to(ROOT).as_posix()).split("/")[0] not in ("lock", "diff")
        and any(_looks_up_in_a_lock(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    }
    assert found == LOOK_UP_NAMES_OF_THE_FILE.keys()


def _looks_up_in_a_lock(node: ast.AST) -> bool:
    """Whether it is a call like `state.lock.get(name, backend)`, or `named_lock.get(…)`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"):
        return False
    holder = node.func.value.func if isinstance(node.func.value, ast.Call) else node.func.value
    name = holder.attr if isinstance(holder, ast.Attribute) else holder.id if isinstance(holder, ast.Name) else ""
    return name == "lock" or name.endswith("_lock") or name == "named"
