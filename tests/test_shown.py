"""What others say is shown, never obeyed: every command, in every format, on a project of hostile strings.

A new command, or a new format of one, fails `test_every_command_and_format_is_tried` until it is tried here.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import shutil
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click
import pytest

from pioneer_build.cli import COMMANDS, HIDDEN_COMMANDS, group, run
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.json import entry_digest
from tests.e2e.scripted import Scripted, running
from tests.fakes.server import Fault
from tests.hostile import HOSTILE_FILE, build, faults, hostile, hostile_line, markdown_faults, yaml_text
from tests.runner import git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: In a case: the dataset that only the lock has, whose name is hostile.
LOCKED = hostile("name")
#: Formats that are data, and so the bytes of what is in them.
DATA = {"export"}
BUG = 70


@dataclass(frozen=True)
class Ran:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hostile project, made once."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        config = folder / "gitconfig"
        config.write_text("[user]\n\tname = Test\n\temail = test@example.org\n[init]\n\tdefaultBranch = main\n")
        patch.setenv("GIT_CONFIG_GLOBAL", str(config))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        build(folder)
    return folder


@pytest.fixture
def project(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it in a folder with a hostile name, which is the current folder."""
    parent = tmp_path / HOSTILE_FILE
    shutil.copytree(world, parent)
    monkeypatch.chdir(parent / "project")
    monkeypatch.setenv("COLUMNS", "80")
    return parent / "project"


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def call(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(arguments)
        with contextlib.suppress(ValueError):
            sys.stdout.flush()
        wrote = capfd.readouterr()
        return Ran(code, wrote.out, wrote.err)

    return call


def judge(ran: Ran, arguments: tuple[str, ...] = ()) -> None:
    """Fails if what was printed commands a terminal, a reader or a runner, or is no JSON where it should be."""
    assert ran.code != BUG, ran.err
    if not set(arguments) & DATA:
        assert faults(ran.out) == [], ran.out
    assert faults(ran.err) == [], ran.err
    if "json" in arguments and "--log-format" not in arguments and ran.out:
        json.loads(ran.out)
    if "markdown" in arguments:
        assert markdown_faults(ran.out) == [], ran.out


#: Arguments; whether a hostile string must be in what is printed, so that a case that shows nothing is seen.
CASES: list[tuple[str, bool]] = [
    ("init", False), ("init --format json", False), ("init new", False),
    ("validate", False), ("validate --format json", False),
    ("plan", True), ("plan --all", True), ("-v plan", True), ("plan --format json", True),
    ("plan --format markdown", True), ("plan --retry failed --resubmit unknown --delete-remote", True),
    ("plan --out saved.json", True),
    ("check", True), ("check --strict", True), ("check --format json", True), ("check --strict --format json", True),
    ("status", True), ("status --format json", True),
    ("show people", True), ("show people --rejected", True), ("show talk", True), ("show failed", True),
    ("show texts", True), ("show people --rejected --format json", True), ("show LOCKED", True),
    ("show --plan plan.json", True), ("show --plan plan.json --format json", True),
    ("show --plan plan.json --format markdown", True), ("show people --format markdown", False),
    ("export people", True), ("export people --as csv --to rows.csv", False), ("export LOCKED", True),
    ("export people --split a=0.5,b=0.5 --to parts", False), ("export people --as conll", True),
    ("export talk --allow-stale", True),
    ("adopt people", False), ("adopt LOCKED x", True), ("adopt people x --format json", False),
    ("diff", True), ("diff --format json", True), ("diff --format markdown", True), ("diff HEAD HEAD", False),
    ("report", False), ("report --since HEAD", False),
    ("lock split", True), ("lock split --format json", True), ("lock join", False), ("lock join --format json", False),
    ("journal repair", False), ("journal repair --yes", False), ("journal repair --format json", False),
    ("gc --dry-run", False), ("gc", False), ("gc --format json --dry-run", False), ("gc --yes", False),
    ("schema", False), ("schema --settings", False), ("completion bash", False), ("completion zsh", False),
    ("serve --host LOCKED", True),
    ("doctor", True), ("doctor --format json", True), ("merge-lock pioneer.lock pioneer.lock pioneer.lock", False),
    ("merge-lock base.lock pioneer.lock other.lock LOCKED", True),
    ("apply", False), ("apply --yes", True), ("apply --yes --format json", True), ("apply --yes --retry failed", True),
    ("--log-format json apply --yes", True), ("-v apply --yes", True), ("-q apply --yes", True),
    ("apply plan.json", True), ("apply --max-requests 0", False), ("apply --delete-remote --yes", True),
]  # fmt: skip


def words(case: str) -> tuple[str, ...]:
    return tuple(LOCKED if word == "LOCKED" else word for word in case.split())


@pytest.mark.parametrize(("case", "hits"), CASES, ids=[case for case, _ in CASES])
def test_a_command(cli: Callable[..., Ran], project: Path, case: str, hits: bool) -> None:
    arguments = words(case)
    if "plan.json" in arguments:
        cli("plan", "--out", "plan.json")
    if "base.lock" in arguments:
        _two_sides(project)
    ran = cli(*arguments)
    judge(ran, arguments)
    assert ("HIT" in ran.out + ran.err) or not hits, ran


def _two_sides(project: Path) -> None:
    """Locks of which both sides changed the same field of an entry whose name is hostile."""
    text = (project / "pioneer.lock").read_text()
    lock = read_lock(text)
    (project / "base.lock").write_text(text)
    for file, number in (("pioneer.lock", 6), ("other.lock", 7)):
        entry = replace(lock.entries[LOCKED, "local"], num_examples=number)
        (project / file).write_text(lock_text(lock.with_entries([entry])))


def _formats(command: click.Command) -> list[str]:
    return [
        choice
        for param in command.params
        if "--format" in param.opts and isinstance(param.type, click.Choice)
        for choice in param.type.choices
    ]


def test_every_command_and_format_is_tried() -> None:
    tried = {words(case) for case, _ in CASES}
    context = click.Context(group)
    for name in [*COMMANDS, *HIDDEN_COMMANDS]:
        command = group.get_command(context, name)
        assert command is not None
        mine = [case for case in tried if name in case]
        assert mine, f"no case tries {name}"
        for form in _formats(command):
            found = [case for case in mine if form in case or (form == "text" and "--format" not in case)]
            assert found, f"no case tries {name} --format {form}"
    choices = next(param.type for param in group.params if "--log-format" in param.opts)
    assert isinstance(choices, click.Choice)
    assert [*choices.choices] == ["text", "json"]


# -- what a person or a pipeline hands over -------------------------------------------------------------------------


def _given() -> Iterator[tuple[str, ...]]:
    """Each argument and each option of each command, with a hostile value."""
    for param in group.params:
        if isinstance(param, click.Option) and not param.is_flag:
            yield param.opts[-1], LOCKED, "plan"
    context = click.Context(group)
    for name in [*COMMANDS, *HIDDEN_COMMANDS]:
        command = group.get_command(context, name)
        assert command is not None
        yield name, "--LOCKED"
        wanted = [param for param in command.params if isinstance(param, click.Argument)]
        if wanted:
            yield name, *([LOCKED] * len(wanted))
        if name == "serve":  # it would serve
            continue
        for param in command.params:
            if isinstance(param, click.Option) and not param.is_flag:
                yield name, *(["people"] if wanted else []), f"{param.opts[0]}={LOCKED}"
    yield (LOCKED,)
    yield "serve", "--port", LOCKED
    yield "adopt", "people", "x", "--version", LOCKED
    yield "adopt", "people", LOCKED
    yield "diff", LOCKED, LOCKED


GIVEN = list(_given())


@pytest.mark.parametrize("arguments", GIVEN, ids=[" ".join(one).split("hostile")[0] or "command" for one in GIVEN])
def test_an_argument(cli: Callable[..., Ran], project: Path, arguments: tuple[str, ...]) -> None:
    given = tuple(word.replace("LOCKED", LOCKED) if word.startswith("--LOCKED") else word for word in arguments)
    judge(cli(*given), given)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("specs/x.yaml", f"{json.dumps(hostile_line('key'))}: 1\n"),
        ("specs/x.yaml", yaml_text(hostile("dataset"), hostile("task"), labels=[hostile("a")], tags=[hostile("t")])),
        ("specs/x.yaml", yaml_text("x", "ner", labels=[hostile_line("a")] * 2, num_examples=hostile("n"))),
        ("specs/x.yaml", yaml_text("x", "ner", labels=["a"], inputs=hostile("inputs"))),
        ("specs/x.yaml", yaml_text("x", "ner", labels=["a"], inputs=f"../{HOSTILE_FILE}.txt")),
        ("specs/x.yaml", f"a: !{hostile_line('tag').split()[0]} x\n"),
        ("specs/x.yaml", "a: \x1b[2J\u202e\n::error::x\n"),
        (f"specs/{HOSTILE_FILE}.yaml", "a: 1\n"),
        ("pioneer.yaml", yaml_text("x", "ner", backend=hostile("backend"))),
        ("pioneer.yaml", f"version: 1\nbase_url: {json.dumps(hostile_line('url'))}\n"),
        ("pioneer.yaml", f"version: 1\nbackend: {json.dumps('https://e.example/' + hostile_line('url'))}\n"),
        ("pioneer.yaml", f"version: 1\nspecs: {json.dumps(hostile_line('specs'))}\n"),
        ("pioneer.lock", f'{{"lock_version": {json.dumps(hostile("version"))}}}'),
        ("pioneer.lock", f'{{"lock_version": 1, "datasets": {{{json.dumps(LOCKED)}: {{{json.dumps(LOCKED)}: 1}}}}}}'),
        ("pioneer.lock", '{"\x1b[2J\u202e": \n::error::x'),
        (f"pioneer.lock.d/{HOSTILE_FILE}.json", "{"),
        ("data/x.jsonl", f"{json.dumps({hostile('field'): hostile('value')})}\n"),
        ("data/x.jsonl", "\x1b[2J\u202e\n::error::x\n"),
    ],
)  # fmt: skip
def test_a_broken_file(
    cli: Callable[..., Ran], project: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, form: str
) -> None:
    path = project / file.rpartition("/")[0] / file.rpartition("/")[2] if "/" in file else project / file
    if file.startswith("specs/HIT"):
        path = project / "specs" / file.removeprefix("specs/").replace("/", "_")
    path.parent.mkdir(parents=True, exist_ok=True)
    if file.startswith("pioneer.lock.d"):
        (project / "pioneer.lock").write_text('{\n  "datasets": {},\n  "lock_version": 2,\n  "split": true\n}\n')
    path.write_text(text)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for command in ("validate", "plan", "check", "status", "doctor"):
        ran = cli(command, "--format", form)
        judge(ran, (command, form))
    judge(cli("--log-format", "json", "plan"), ("plan",))


# -- a service -----------------------------------------------------------------------------------------------------

SAID = {"detail": hostile("detail"), "error": hostile("error"), "message": hostile("message")}
SERVICES: dict[str, tuple[tuple[str, Fault], ...]] = {
    "refuses": (("POST /generate", Fault(status=400, body=SAID)),),
    "refuses with reasons": (
        (
            "POST /generate",
            Fault(status=422, body={"detail": [{"loc": ["body", hostile("loc")], "msg": hostile("msg")}]}),
        ),
    ),
    "wants money": (
        ("POST /generate", Fault(status=402, body={**SAID, "resolution_url": f"https://e.example/{hostile('link')}"})),
    ),
    "says text": (("POST /generate", Fault(status=500, body=hostile("body"))),),
    "redirects": (("POST /generate", Fault(status=302, headers=(("Location", "http://e.example/\x1b[2J\x9b::error"),))),),
    "has hostile ids": (
        ("POST /generate", Fault(status=200, body={"job_id": hostile("job"), "status": hostile("status")})),
        ("GET /generate/jobs", Fault(status=200, body={"job_id": hostile("job"), "status": "failed", **SAID})),
    ),
    "has hostile rows": (
        (
            "GET /generate/jobs",
            Fault(status=200, body={
                "status": "ready", "count": 2,
                "data": [{"text": hostile("text"), "entities": [["x", hostile("label")]]}],
                "dataset": {"id": "1", "version_number": hostile("version")},
            }),
        ),
    ),
    "has hostile states": (("GET /generate/jobs", Fault(status=200, body={"status": hostile("status"), **SAID})),),
}  # fmt: skip


@pytest.mark.parametrize("options", ["", "--log-format json", "-v", "-q", "--format json"])
@pytest.mark.parametrize("name", SERVICES)
def test_a_service(
    cli: Callable[..., Ran], project: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: str
) -> None:
    shutil.rmtree(project / "specs")
    (project / "specs").mkdir()
    (project / "specs" / "x.yaml").write_text(yaml_text("x", "ner", labels=["a"], num_examples=2))
    (project / "pioneer.lock").unlink()
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    before, after = ([], options.split()) if "--format" in options else (options.split(), [])
    with running(Scripted()) as service:
        for route, fault in SERVICES[name]:
            service.always(route, fault)
        monkeypatch.setenv("PIONEER_BACKEND", service.url)
        ran = cli(*before, "apply", "--yes", "--deadline", "0", *after)
        judge(ran, tuple(after))
        assert ran.code in (1, 3)
        if options:
            return
        for command in ("status", "show x", "plan", "check"):
            judge(cli(*command.split()), ())
            judge(cli(*command.split(), "--format", "json"), ("json",))
        judge(cli("status", "--refresh"))
        judge(cli("apply", "--yes", "--deadline", "0"))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_model(cli: Callable[..., Ran], project: Path, form: str) -> None:
    """The name of a model, and specs that were removed."""
    name = "HIT ::error::x ##[error]y @all <script> `x` $(touch pwned)"  # settings take no invisible characters
    model = {"base_url": "http://127.0.0.1:9/v1", "name": name, "judge": {"name": f"judge {name}"}}
    setting = yaml_text("x", "ner", model=model).splitlines()[-1]
    (project / "pioneer.yaml").write_text(f"version: 1\nbackend: model\nstore: ../store\n{setting}\n")
    shutil.rmtree(project / "specs")
    (project / "specs").mkdir()
    (project / "specs" / "x.yaml").write_text(yaml_text("x", "ner", labels=["a"], num_examples=2))
    for command in ("plan", "status", "check", "doctor", "gc --dry-run"):
        ran = cli(*command.split(), "--format", form)
        judge(ran, (command, form))
        assert "HIT" in ran.out + ran.err or command in ("status", "check", "gc --dry-run"), ran


def test_a_branch(cli: Callable[..., Ran], project: Path) -> None:
    name = "@all<script>##[error]`~~~~`$(touch${IFS}pwned)\u202e#12|www.e.example"
    name = name.replace("[", "").replace("~", "")
    git(project, "branch", name)
    for form in ("text", "json", "markdown"):
        ran = cli("diff", name, "--format", form)
        assert ran.code == 0, ran.err
        judge(ran, ("diff", form))
    judge(cli("report", "--since", name))


def test_a_name_that_is_not_unicode(cli: Callable[..., Ran], project: Path) -> None:
    folder = os.fsdecode(b"sp\xff\x1b[2J")
    (project / folder).mkdir()
    (project / folder / "x.txt").write_text("x\n")
    for form in ("text", "json"):
        judge(cli("-C", folder, "status", "--format", form), (form,))
        judge(cli("validate", f"{folder}/none.yaml", "--format", form), (form,))
        judge(cli("report", "--to", f"{folder}/r.html"))


def test_the_report_runs_nothing(cli: Callable[..., Ran], project: Path) -> None:
    assert cli("report", "--to", "r.html", "--since", "HEAD").code == 0
    page = (project / "r.html").read_bytes().decode("utf-8")
    assert len(re.findall("<script", page)) == len(re.findall("</script>", page))
    assert "<script>x" not in page
    assert "<b>label" not in page
    assert len(re.findall("<!--", page)) == 0
    # its lines are no runner's
    assert [fault for fault in faults(page.replace("\t", " ")) if "runner" not in fault] == []


class Terminal(io.StringIO):
    """What commands take for a terminal with colours."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


#: Cases of text; of `apply`, which is slow, one.
PAINTED = [
    case for case, _ in CASES if "--format" not in case and "apply" not in case and not case.startswith("export")
]


@pytest.mark.parametrize("case", [*PAINTED, "-v apply --yes", "validate broken"])
def test_a_terminal(project: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """With colours and bars, the only control characters are those of the program itself."""
    if case == "validate broken":
        (project / "specs" / "x.yaml").write_text("a\x9bb\u202e: 1\n" + yaml_text("x", hostile_line("key")))
        case = "validate"
    if "plan.json" in case:
        run(["plan", "--out", "plan.json"])
    if "base.lock" in case:
        _two_sides(project)
    monkeypatch.setenv("TERM", "xterm")
    out, err = Terminal(), Terminal()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert run(list(words(case))) != BUG
    shown = out.getvalue() + err.getvalue()
    # colours of the corpus itself
    assert "\x1b[31mred" not in shown, shown
    # the program's own colours, and what moves the cursor of the bars
    shown = re.sub(r"\x1b\[(?:\d+(?:;\d+)*m|\?25[lh]|1A|2K)|\r", "", shown)
    assert [fault for fault in faults(shown) if "runner" not in fault] == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(60))
def test_random_strings(cli: Callable[..., Ran], project: Path, seed: int) -> None:
    """Locks, specs and arguments of random pieces of what readers obey."""
    draw = random.Random(seed)
    pieces = re.findall(r"\S+|\s", hostile("x")) + list(hostile("y")) + ["\n::", "\r##[", "\u2066", "\ufff9", "\ue000"]

    def text() -> str:
        return "".join(draw.choice(pieces) for _ in range(draw.randint(1, 30)))

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: item if key in ("definition", "digest") else changed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [changed(item) for item in value]
        return text() if isinstance(value, str) and value.startswith("hostile ") else value

    lock = json.loads((project / "pioneer.lock").read_text())
    names = {name: text() if name == LOCKED else name for name in lock["datasets"]}
    lock["datasets"] = {
        names[name]: {backend: changed(entry) for backend, entry in entries.items()}
        for name, entries in lock["datasets"].items()
    }
    for name, entries in lock["datasets"].items():
        for backend, entry in entries.items():
            entry["digest"] = entry_digest(name, backend, entry)
    (project / "pioneer.lock").write_text(json.dumps(lock))
    assert len(read_lock((project / "pioneer.lock").read_text()).entries) == 9
    for case, _ in CASES:
        arguments: Any = tuple(names[LOCKED] if word == "LOCKED" else word for word in case.split())
        if not set(arguments) & {"serve", "init", "merge-lock", "--yes"}:
            judge(cli(*arguments), arguments)
