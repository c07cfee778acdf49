"""What commands cost as whole processes: start-up, a plan with nothing to do, one changed spec, a fresh clone.

    python benchmarks/commands.py [REPETITIONS]

Every repetition runs each command once, in turns, so that a busy machine is busy for all; ratios are of the quickest
runs, with those of medians beside them. Peers (doit, dvc) are looked for on PATH and in PEERS/bin.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.made import environment, make_project

MAIN = "from pioneer_build.cli import main; main()"
#: What a plan with one changed spec imports, and pydantic's models, which are as good as an import.
NEEDED = (
    "import pioneer_build.cli, pioneer_build.cli.plan, pioneer_build.operations.plan,"
    " pioneer_build.checks.bounds, pioneer_build.parse, pioneer_build.render.plan;"
    " from pioneer_build.parse.schema import spec_adapter; spec_adapter()"
)
#: What a plan of a fresh clone imports.
WHOLE = NEEDED.replace("import ", "import pioneer_build.operations.project_state, ", 1)


@dataclass
class Timed:
    """Seconds of each repetition, by what was run."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def run(self, name: str, command: list[str], env: dict[str, str], folder: Path | None = None) -> None:
        """Runs a command and takes its time."""
        began = time.perf_counter()
        done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True)
        self.taken.setdefault(name, []).append(time.perf_counter() - began)
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])

    def median(self, name: str) -> float:
        return statistics.median(self.taken[name])

    def least(self, name: str) -> float:
        return min(self.taken[name])


def edited(path: Path, number: int) -> None:
    """Changes the one spec's description, as an editor does."""
    lines = path.read_text().split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("domain_description"))
    lines[at + 1] = f"  edit {number}"
    temporary = path.with_name("~")
    temporary.write_text("\n".join(lines))
    temporary.replace(path)


def libyaml(root: Path) -> float:
    """Seconds that libyaml's own load takes for all specs, read before."""
    texts = [path.read_bytes() for path in sorted(root.rglob("specs/**/*.yaml"))]
    began = time.perf_counter()
    for text in texts:
        yaml.load(text, Loader=yaml.CSafeLoader)
    return time.perf_counter() - began


def peer(name: str) -> str | None:
    """The path of a peer's command."""
    return shutil.which(name, path=f"{os.environ.get('PEERS', '')}/bin:{os.environ.get('PATH', '')}")


def doit_project(root: Path, count: int) -> None:
    """As many doit tasks, each of which reads a spec and writes a file."""
    root.mkdir()
    make_project(root / "p", count, built=False)
    (root / "dodo.py").write_text(
        "import glob\n"
        "def task_build():\n"
        "    for path in sorted(glob.glob('p/specs/**/*.yaml', recursive=True)):\n"
        "        out = path + '.out'\n"
        "        yield dict(name=path, file_dep=[path], targets=[out], actions=[f'cp {path} {out}'])\n"
    )


def dvc_project(root: Path, count: int, dvc: str, env: dict[str, str]) -> None:
    """As many dvc stages of one command each."""
    root.mkdir()
    subprocess.run([dvc, "init", "--no-scm", "-q"], cwd=root, env=env, check=True)
    make_project(root / "p", count, built=False)
    stages = []
    for path in sorted((root / "p" / "specs").rglob("*.yaml")):
        name = path.relative_to(root)
        stages.append(f"  s{path.stem}:\n    cmd: cp {name} {name}.out\n    deps: [{name}]\n    outs: [{name}.out]\n")
        shutil.copy(path, f"{path}.out")
    (root / "dvc.yaml").write_text("stages:\n" + "".join(stages))
    subprocess.run([dvc, "commit", "-f", "-q"], cwd=root, env=env, check=True)


def measure(repetitions: int, folder: Path) -> Timed:
    """Runs everything."""
    timed = Timed()
    small, large = folder / "p1000", folder / "p10000"
    envs = {small: make_project(small, 1_000), large: make_project(large, 10_000)}
    ours = [sys.executable, "-c", MAIN]
    plain = environment(small)
    for root, env in envs.items():  # the first plan reads all, the second finds stamps old enough to be kept
        for command in ("plan", "plan", "check"):
            subprocess.run([*ours, "-C", str(root), command], env=env, check=True, capture_output=True)
    spec = small / "specs" / "team-05" / "00005.yaml"
    changed = folder / "changed"
    shutil.copytree(small, changed, copy_function=shutil.copy2)
    env_changed = environment(changed)
    shutil.copytree(folder / "p1000-home", folder / "changed-home", copy_function=shutil.copy2)
    for _ in range(2):
        subprocess.run([*ours, "-C", str(changed), "plan"], env=env_changed, check=True, capture_output=True)
    spec = changed / "specs" / "team-05" / "00005.yaml"
    doit = peer("doit")
    if doit is not None:
        doit_project(folder / "doit", 1_000)
        subprocess.run([doit, "-v0"], cwd=folder / "doit", env=plain, check=True, capture_output=True)
    for number in range(repetitions):
        timed.run("python", [sys.executable, "-c", "pass"], plain)
        timed.run("click", [sys.executable, "-c", "import click"], plain)
        timed.run("--version", [*ours, "--version"], plain)
        timed.run("plan", [*ours, "-C", str(small), "plan"], envs[small])
        timed.run("check", [*ours, "-C", str(small), "check"], envs[small])
        timed.run("plan of 10,000", [*ours, "-C", str(large), "plan"], envs[large])
        timed.run("needed", [sys.executable, "-c", NEEDED], plain)
        edited(spec, number)
        timed.run("one changed", [*ours, "-C", str(changed), "plan"], env_changed)
        if doit is not None:
            timed.run("doit", [doit, "-v0"], plain, folder / "doit")
    for _ in range(max(3, repetitions // 4)):
        timed.run("whole", [sys.executable, "-c", WHOLE], plain)
        timed.taken.setdefault("libyaml", []).append(libyaml(small))
        for part in ("cache", "state"):  # a fresh clone has no journal
            shutil.rmtree(folder / "p1000-home" / part, ignore_errors=True)
        timed.run("cold plan", [*ours, "-C", str(small), "plan"], envs[small])
    dvc = peer("dvc")
    if dvc is not None:
        dvc_project(folder / "dvc", 1_000, dvc, plain)
        for _ in range(2):
            timed.run("dvc", [dvc, "status", "-q"], plain, folder / "dvc")
    return timed


def main() -> int:
    """Prints the table; 1 where the quickest runs miss an aim: a busy machine only ever adds."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    folder = Path(tempfile.mkdtemp(prefix="commands-"))
    try:
        timed = measure(repetitions, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    good = True
    print(f"{repetitions} repetitions in turns; `import click` {timed.median('click') * 1000:.0f} ms (median)")
    for name, least in (("median", False), ("quickest", True)):
        t = timed.least if least else timed.median
        cold = t("cold plan") - (t("whole") - t("click"))
        rows = [
            ("--version / import click", t("--version") / t("click"), 1.3),
            ("no-op plan, 1,000 / import click", t("plan") / t("click"), 1.8),
            ("no-op check, 1,000 / import click", t("check") / t("click"), 1.8),
            (
                "one changed of 1,000 / (no-op + its imports + 1 % of the cold plan)",
                t("one changed") / (t("plan") + t("needed") - t("click") + 0.01 * t("cold plan")),
                1.0,
            ),
            ("cold plan, 1,000, imports aside / libyaml's load", (cold - t("click")) / t("libyaml"), 1.5),
            (
                "no-op plan, 10,000 / 1,000, start-up aside",
                (t("plan of 10,000") - t("--version")) / (t("plan") - t("--version")),
                11.0,
            ),
        ]
        for tool, most in (("doit", 1.0), ("dvc", 0.05)):
            if tool in timed.taken:
                rows.append((f"no-op plan / {tool}'s no-op, 1,000", t("plan") / t(tool), most))
            elif not least:
                print(f"{tool}: not installed")
        print(f"\n{name:<72} ratio    aim")
        for what, ratio, aim in rows:
            print(f"{what:<72} {ratio:5.2f}  ≤ {aim:g}{'' if ratio <= aim else '   missed'}")
            good = good and (not least or ratio <= aim)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
