"""Two pull requests rehearsed in real git, from a branch to the merged lock; docs/ci.md shows the two comments.

UPDATE_DOCS=1 python -m pytest tests/e2e/test_pull_request.py    writes them there
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.lock.file_text import read_lock
from tests.runner import ROOT, Runner, git

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

SPECS = """\
dataset_name: intents
task_type: classification
labels: [billing, refund, other]
num_examples: 24
domain_description: Messages to the support desk of an online bookshop
---
dataset_name: replies
task_type: decoder
prompt: Answer politely, in one sentence.
num_examples: 10
"""
GREETINGS = """\
dataset_name: greetings
task_type: decoder
prompt: Greet a customer who comes back.
num_examples: 8
"""
DOCS = ROOT / "docs" / "ci.md"


def documented(name: str, text: str) -> str:
    """What docs/ci.md shows under a name; with UPDATE_DOCS it is written first."""
    pattern = re.compile(rf"(<!-- rehearsed: {name} -->\n````markdown\n).*?(````\n)", re.DOTALL)
    page = DOCS.read_text()
    assert pattern.search(page), name
    if os.environ.get("UPDATE_DOCS"):
        page = pattern.sub(lambda found: f"{found[1]}{text}{found[2]}", page)
        DOCS.write_text(page)
    found = pattern.search(page)
    assert found is not None
    return page[found.end(1) : found.start(2)]


def edit(checkout: Path, old: str, new: str) -> None:
    path = checkout / "specs" / "all.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def commit(checkout: Path, message: str) -> None:
    git(checkout, "add", "--all")
    git(checkout, "commit", "-qm", message)


def pull_request(runner: Runner, checkout: Path) -> tuple[str, str, int]:
    """What a run of the action for a pull request comments, what its log says, and how it ends."""
    looked = runner.step("check-and-plan", checkout)
    assert looked.code == 0, looked.said
    assert runner.step("comment", checkout).code == 0
    ended = runner.step("result", checkout, PENDING="allow", APPLIED="false")
    return runner.comments()[-1], looked.said, ended.code


def merged(runner: Runner, checkout: Path) -> str:
    """What a run of the action on the main branch says; apply and commit of the lock."""
    assert runner.step("check-and-plan", checkout).code == 0
    applied = runner.step("apply", checkout, APPLY_OPTIONS="--max-requests 5")
    assert applied.code == 0, applied.said
    kept = runner.step("commit-lock", checkout)
    assert kept.code == 0, kept.said
    assert runner.step("result", checkout, PENDING="fail", APPLIED="true").code == 0
    return applied.said


def test_two_pull_requests(project: Path, cli: Cli, tmp_path: Path) -> None:
    # the main branch: built, and its lock committed
    shutil.rmtree(project / "specs")
    (project / "specs").mkdir()
    (project / "specs" / "all.yaml").write_text(SPECS)
    assert cli("apply", "--yes").code == 0
    (project / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    git(project, "init", "-q", "-b", "main")
    git(project, "remote", "add", "origin", str(remote))
    commit(project, "Datasets")
    git(project, "push", "-q", "origin", "main")

    # first branch: more of the same
    git(project, "switch", "-qc", "more-replies")
    edit(project, "num_examples: 10", "num_examples: 25")
    commit(project, "More replies")
    # second branch: a label more, and a new dataset
    git(project, "switch", "-qc", "shipping", "main")
    edit(project, "[billing, refund, other]", "[billing, refund, shipping, other]")
    (project / "specs" / "greetings.yaml").write_text(GREETINGS)
    commit(project, "A label for parcels, and greetings")
    git(project, "push", "-q", "origin", "more-replies", "shipping")

    for branch, place in (("more-replies", "specs/all.yaml,line=10"), ("shipping", "specs/greetings.yaml,line=1")):
        # a fresh checkout, as a runner has it: no key, no store, no state of the machine that built
        runner = Runner(tmp_path / "runners" / branch)
        checkout = tmp_path / "checkouts" / branch
        git(tmp_path, "clone", "-q", "--branch", branch, str(remote), str(checkout))
        for part in ("STATE", "DATA", "CACHE"):
            runner.environ[f"XDG_{part}_HOME"] = str(runner.folder / part.lower())
        body, log, code = pull_request(runner, checkout)
        assert body == documented(branch, body)
        assert f"::warning file={place},title=" in log
        assert code == 0
        assert runner.outputs()["code"] == "2"
        # a second run: the same comment, and a failure where pending changes are one
        assert runner.step("comment", checkout).code == 0
        assert runner.comments() == [body]
        assert runner.step("result", checkout, PENDING="fail", APPLIED="false").code == 1
        assert "PIONEER_API_KEY" not in runner.environ

    # both are merged, one after the other, while the first run still applies: its lock goes in by a merge
    first, second = (tmp_path / "checkouts" / name for name in ("main-1", "main-2"))
    for checkout, branch in ((first, "more-replies"), (second, "shipping")):
        git(project, "switch", "-q", "main")
        git(project, "merge", "-q", "--no-edit", branch)
        git(project, "push", "-q", "origin", "main")
        git(tmp_path, "clone", "-q", str(remote), str(checkout))
    runner = Runner(tmp_path / "runners" / "main")
    said = merged(runner, first)
    assert "Sent 1 request for 15 examples" in said
    git(second, "pull", "-q")
    plan = cli("-C", str(second), "plan", "--format", "json").json()["summary"]
    assert (plan["requests"], plan["examples"]) == (2, 32)

    # what the first run bought is in the lock of the main branch, and nobody buys it again
    lock = read_lock(git(remote, "show", "main:pioneer.lock"))
    assert [job.asked for job in lock.entries["replies", "local"].jobs] == [10, 15]
    assert git(remote, "log", "-1", "--format=%s", "--no-merges", "main") == "pioneer.lock: what was built"
    diff = cli("-C", str(second), "diff", "main~1", "main", "--format", "json").json()
    assert diff["from"]["lock"] == "present"
