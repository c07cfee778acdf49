"""The action: its file has the shape GitHub wants, its scripts do what they say, in real git with a stand-in for gh."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.model import Entry, Job, Lock
from tests.runner import ROOT, Runner, git

if TYPE_CHECKING:
    from pathlib import Path

#: What docs.github.com, "Metadata syntax for GitHub Actions", says of a composite action.
STRING = {"type": "string"}
COMPOSITE = {
    "type": "object",
    "required": ["name", "description", "runs"],
    "additionalProperties": False,
    "properties": {
        "name": STRING,
        "author": STRING,
        "description": STRING,
        "branding": {"type": "object", "properties": {"icon": STRING, "color": {"enum": ["blue"]}}},
        "inputs": {
            "type": "object",
            "patternProperties": {
                "^[a-z_][a-z0-9_-]*$": {
                    "type": "object",
                    "required": ["description"],
                    "additionalProperties": False,
                    "properties": {"description": STRING, "default": STRING, "required": {"type": "boolean"}},
                }
            },
            "additionalProperties": False,
        },
        "outputs": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["description", "value"],
                "additionalProperties": False,
                "properties": {"description": STRING, "value": STRING},
            },
        },
        "runs": {
            "type": "object",
            "required": ["using", "steps"],
            "additionalProperties": False,
            "properties": {
                "using": {"const": "composite"},
                "steps": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["run", "shell"],
                        "additionalProperties": False,
                        "properties": {
                            "name": STRING,
                            "id": STRING,
                            "if": STRING,
                            "run": STRING,
                            "shell": {"const": "bash"},
                            "env": {"type": "object", "additionalProperties": STRING},
                        },
                    },
                },
            },
        },
    },
}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
SCRIPTS = sorted((ROOT / "action").glob("*.sh"))


def test_the_action_has_the_shape_of_one() -> None:
    jsonschema.validate(ACTION, COMPOSITE)


def test_every_script_is_run_with_what_it_reads() -> None:
    """Inputs reach scripts as environment only: an expression inside `run` would be code."""
    run = {step["run"]: step for step in ACTION["runs"]["steps"]}
    assert {f'bash "$ACTION/action/{path.name}"' for path in SCRIPTS} == set(run)
    for path in SCRIPTS:
        said = re.search(r"^# Env: (.*)\.$", path.read_text(), re.MULTILINE)
        assert said is not None, path
        named = set(re.findall(r"\b[A-Z][A-Z_]+\b", said[1])) - {"PIONEER_API_KEY"}
        ours = {name for name in named if not name.startswith(("GITHUB_", "RUNNER_"))}
        assert ours <= set(run[f'bash "$ACTION/action/{path.name}"']["env"]), path
        used = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", path.read_text()))
        assert used <= named, path


def test_every_expression_names_what_there_is() -> None:
    text = (ROOT / "action.yml").read_text()
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) <= set(ACTION["inputs"])
    assert set(ACTION["inputs"]) == set(re.findall(r"inputs\.([a-z-]+)", text))
    ids = {step["id"] for step in ACTION["runs"]["steps"] if "id" in step}
    assert set(re.findall(r"steps\.([a-z-]+)\.", text)) <= ids


def test_the_lock_is_committed_whatever_became_of_the_apply() -> None:
    step = next(step for step in ACTION["runs"]["steps"] if "commit-lock" in step["run"])
    assert "always()" in step["if"]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_sound(path: Path) -> None:
    subprocess.run(["bash", "-n", str(path)], check=True)
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck here: apt-get install shellcheck")
    subprocess.run(["shellcheck", str(path)], check=True)


def test_the_hooks_have_the_shape_of_hooks() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["validate", "check"]
    for hook in hooks:
        assert hook["entry"] == f"pioneer-build {hook['id']}"
        assert (hook["language"], hook["pass_filenames"]) == ("python", False)
        for name, wanted in (
            ("specs/a.yaml", True),
            ("data/specs/x/b.yml", True),
            ("pioneer.yaml", True),
            ("x.py", False),
        ):
            assert bool(re.search(hook["files"], name)) == wanted


# -- comments ------------------------------------------------------------------------------------------------------


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path / "runner")


def test_one_comment_is_posted_and_then_updated(runner: Runner, tmp_path: Path) -> None:
    plan = tmp_path / "plan.md"
    others = [{"id": 1, "user": {"type": "User"}, "body": "<!-- pioneer-build plan: . -->\nmine"}]
    (runner.folder / "comments.json").write_text(json.dumps(others))
    for text in ("first", "second\n@x `y` $(touch pwned)"):
        plan.write_text(text)
        assert runner.step("comment", tmp_path, PLAN=str(plan)).code == 0
        assert runner.comments()[1:] == [f"<!-- pioneer-build plan: . -->\n{text}"]
    assert runner.step("comment", tmp_path, PLAN=str(plan), DIRECTORY="data/x -->").code == 0
    assert runner.comments()[2].startswith("<!-- pioneer-build plan: data/x_--_ d197aefa0c68 -->\n")
    assert runner.comments()[0].endswith("mine")


def test_a_fork_whose_token_may_only_read_is_no_failure(runner: Runner, tmp_path: Path) -> None:
    plan = tmp_path / "plan.md"
    plan.write_text("x")
    ran = runner.step("comment", tmp_path, PLAN=str(plan), GH_FAKE_READONLY="1")
    assert ran.code == 0
    assert "::notice::" in ran.said


def test_each_folder_has_a_comment_of_its_own(runner: Runner, tmp_path: Path) -> None:
    plan = tmp_path / "plan.md"
    folders = ["data/a b", "data/a_b", "data/a.b", "data/\u00e9", "data/\u00fc", "data/__", "data/a\tb"]
    for time in ("first", "second"):
        for folder in folders:
            plan.write_text(f"{time} of {folder!r}")
            assert runner.step("comment", tmp_path, PLAN=str(plan), DIRECTORY=folder).code == 0
        assert [body.partition("\n")[2] for body in runner.comments()] == [f"{time} of {one!r}" for one in folders]


def test_mistakes_are_what_the_comment_says(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "a.yaml").write_text("dataset_name: a\ntask_type: decoder\npromt: ~~~~~~~~~~~~~~~~\n")
    ran = runner.step("check-and-plan", tmp_path)
    assert ran.code == 0
    assert "::error file=specs/a.yaml,line=3," in ran.said
    assert runner.outputs()["code"] == "1"
    assert runner.step("comment", tmp_path).code == 0
    [body] = runner.comments()
    assert "specs/a.yaml:3:1: error: unknown key 'promt'" in body
    assert body.count("~" * 17) == 2
    assert runner.step("result", tmp_path, PENDING="allow", APPLIED="false").code == 1
    assert (runner.folder / "summary.md").read_text() == body.partition("\n")[2]


@pytest.mark.parametrize("run", [0, 2, 3, 16, 31, 33, 5000])
def test_no_run_of_tildes_ends_the_fence(runner: Runner, tmp_path: Path, run: int) -> None:
    program = runner.folder / "bin" / "pioneer-build"
    program.write_text(f"#!/bin/sh\nprintf 'error: a\\n%s\\n@everyone\\n' '{'~' * run}' >&2\nexit 1\n")
    assert runner.step("check-and-plan", tmp_path).code == 0
    lines = (runner.folder / "summary.md").read_text().splitlines()
    fence = lines[-1]
    assert set(fence) == {"~"}
    assert len(fence) == max(3, run + 1 if run > 2 else 3)
    opened = lines.index(f"{fence}text")
    # CommonMark: a fence is closed by a run of tildes that is at least as long, and by nothing else
    assert [line for line in lines[opened + 1 :] if set(line) == {"~"} and len(line) >= len(fence)] == [fence]
    assert lines[opened + 1 : -1] == ["error: a", "~" * run, "@everyone"]


@pytest.mark.parametrize(
    ("code", "pending", "applied", "want"),
    [("0", "fail", "false", 0), ("2", "allow", "false", 0), ("2", "fail", "false", 1), ("2", "fail", "true", 0),
     ("1", "allow", "false", 1)],
)  # fmt: skip
def test_the_result(runner: Runner, tmp_path: Path, code: str, pending: str, applied: str, want: int) -> None:
    assert runner.step("result", tmp_path, CODE=code, PENDING=pending, APPLIED=applied).code == want


@pytest.mark.parametrize(
    "extras",
    [
        "local] --index-url=x",
        "nope",
        "base",
        "../action",
        "local,$(touch pwned)",
        "x\n::set-env name=PATH::y",
        "%0A::x::",
    ],
)
def test_extras_are_names(runner: Runner, tmp_path: Path, extras: str) -> None:
    ran = runner.step("install", tmp_path, EXTRAS=extras, INTERPRETER="false", GITHUB_PATH="x")
    assert ran.code == 1
    [line] = ran.said.splitlines()
    assert re.fullmatch(r"::error::extras: '[\w.?-]*' is not an extra of pioneer-build", line)
    assert not (tmp_path / "pwned").exists()


def test_everything_is_installed_with_digests(runner: Runner, tmp_path: Path) -> None:
    """An interpreter that writes down what it is asked for, and makes an environment of itself."""
    said = tmp_path / "said"
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{said}"\n'
        'if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi\n'
    )
    python.chmod(0o755)
    ran = runner.step(
        "install", tmp_path, EXTRAS=" local,\n parquet ", INTERPRETER=str(python), GITHUB_PATH=str(tmp_path / "p")
    )
    assert ran.code == 0, ran.said
    _, needed, ours = said.read_text().splitlines()
    assert "--require-hashes --only-binary :all:" in needed
    assert re.findall(r"requirements/(\w+)\.txt", needed) == ["base", "local", "parquet"]
    assert ours.endswith(f"--no-deps --no-build-isolation {ROOT}")


REQUIREMENTS = ROOT / "action" / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = sorted(set(PROJECT["project"]["optional-dependencies"]) - {"dev", "llama"})  # those are for tests


def pins(name: str) -> dict[str, set[str]]:
    """The versions of each package in a list of requirements; each has digests."""
    found: dict[str, set[str]] = {}
    for item in re.sub(r"\\\n\s*", "", (REQUIREMENTS / f"{name}.txt").read_text()).splitlines():
        pin = re.fullmatch(r"([a-z0-9-]+)==(\S+) (?:; .*? )?((?:--hash=sha256:[0-9a-f]{64} ?)+)", item)
        assert pin is not None, item
        found.setdefault(pin[1], set()).add(pin[2])
    return found


def test_there_are_requirements_for_every_extra() -> None:
    assert sorted(path.stem for path in REQUIREMENTS.iterdir()) == sorted(["base", *EXTRAS])


@pytest.mark.parametrize("name", ["base", *EXTRAS])
def test_requirements_are_those_of_the_package(name: str) -> None:
    """`.ci/lock-requirements` writes them; this fails if a dependency was changed without it."""
    needed = list(PROJECT["project"]["dependencies"])
    needed += (
        PROJECT["build-system"]["requires"] if name == "base" else PROJECT["project"]["optional-dependencies"][name]
    )
    pinned = pins(name)
    for text in needed:
        requirement = Requirement(text)
        versions = pinned[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in versions), text
    base = pins("base")
    assert all(base.get(package, versions) == versions for package, versions in pinned.items())


# -- options -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("", []),
        ("--max-requests 10", ["--max-requests", "10"]),
        ("--max-requests 10\n--max-examples 500\n", ["--max-requests", "10", "--max-examples", "500"]),
        ("\n  --no-wait\r\n\t--max-requests 1\n\n", ["--no-wait", "--max-requests", "1"]),
        ("--select $(touch${IFS}pwned) `touch pwned` ; touch pwned", None),
        ("--select * ~ {a,b}", ["--select", "*", "~", "{a,b}"]),
    ],
)
def test_options_on_several_lines_all_arrive(
    runner: Runner, tmp_path: Path, options: str, wanted: list[str] | None
) -> None:
    """A budget on the second line was lost."""
    said = tmp_path / "said"
    program = runner.folder / "bin" / "pioneer-build"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >"{said}"\n')
    ran = runner.step("apply", tmp_path, APPLY_OPTIONS=options, BACKEND="local; touch pwned", DIRECTORY="a b")
    assert ran.code == 0, ran.said
    words = said.read_text().splitlines()
    assert words[:6] == ["-C", "a b", "--backend", "local; touch pwned", "apply", "--yes"]
    assert words[6:] == (options.split() if wanted is None else wanted)
    assert not (tmp_path / "pwned").exists()


def test_a_folder_is_never_an_option(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "-").mkdir()
    assert runner.step("commit-lock", tmp_path, DIRECTORY="-", OLDPWD="/", CDPATH="/").code == 0


# -- the lock ------------------------------------------------------------------------------------------------------


def entry(name: str, *jobs: str) -> Entry:
    bare = Entry(name, "pioneer", "decoder", {"task_type": "decoder", "prompt": name}, name, 5 * len(jobs))
    made = [Job(bare.fingerprint, name, 5, "open", order=i, job_id=job) for i, job in enumerate(jobs)]
    return replace(bare, jobs=tuple(made))


def lock(*entries: Entry) -> str:
    return lock_text(Lock({(one.dataset_name, one.backend): one for one in entries}))


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A bare remote and two clones of it."""
    remote, first, second = (tmp_path / name for name in ("remote.git", "first", "second"))
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    git(tmp_path, "clone", "-q", str(remote), str(first))
    (first / "pioneer.lock").write_text(lock(entry("a", "j1")))
    (first / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
    git(first, "add", ".")
    git(first, "commit", "-qm", "one")
    git(first, "push", "-q", "origin", "HEAD:main")
    git(tmp_path, "clone", "-q", str(remote), str(second))
    return remote, first, second


def test_a_lock_that_did_not_change_is_not_committed(runner: Runner, clones: tuple[Path, Path, Path]) -> None:
    remote, first, _ = clones
    before = git(remote, "rev-parse", "main")
    assert runner.step("commit-lock", first).code == 0
    assert git(remote, "rev-parse", "main") == before


def test_two_runs_at_once_lose_no_job(runner: Runner, clones: tuple[Path, Path, Path]) -> None:
    remote, first, second = clones
    (first / "pioneer.lock").write_text(lock(entry("a", "j1", "j2"), entry("b", "j3")))
    (second / "pioneer.lock").write_text(lock(entry("a", "j1", "j4"), entry("c", "j5")))
    for clone in (first, second):
        (clone / "scratch").write_text("not to be committed")
        ran = runner.step("commit-lock", clone)
        assert ran.code == 0, ran.said
    joined = read_lock(git(remote, "show", "main:pioneer.lock"))
    assert {job.job_id for one in joined.entries.values() for job in one.jobs} == {"j1", "j2", "j3", "j4", "j5"}
    assert "scratch" not in git(remote, "ls-tree", "--name-only", "main")


def protect_main(remote: Path) -> None:
    """The remote takes pushes to any branch but `main`."""
    hook = remote / "hooks" / "update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ]\n')
    hook.chmod(0o755)


def test_a_branch_that_takes_no_push_leaves_the_lock_on_one_of_its_own(
    runner: Runner, clones: tuple[Path, Path, Path]
) -> None:
    remote, first, _ = clones
    protect_main(remote)
    (first / "pioneer.lock").write_text(lock(entry("a", "j1", "j2")))
    ran = runner.step("commit-lock", first)
    assert ran.code == 1
    assert "::error title=pioneer.lock::main rejected the push" in ran.said
    assert "j2" in git(remote, "show", "pioneer-lock/42:pioneer.lock")


def test_a_run_that_is_started_again_keeps_its_lock_beside_the_first(
    runner: Runner, clones: tuple[Path, Path, Path]
) -> None:
    remote, first, second = clones
    protect_main(remote)
    for attempt, clone in (("1", first), ("2", second)):
        (clone / "pioneer.lock").write_text(lock(entry("a", "j1", f"again-{attempt}")))
        ran = runner.step("commit-lock", clone, GITHUB_RUN_ATTEMPT=attempt)
        assert ran.code == 1, ran.said
        assert "so pioneer.lock is on the branch pioneer-lock/42" in ran.said
    assert "again-1" in git(remote, "show", "pioneer-lock/42:pioneer.lock")
    assert "again-2" in git(remote, "show", "pioneer-lock/42-2:pioneer.lock")
