"""What a lock loses in git's everyday, its history still has: nothing is bought again, nothing carried elsewhere.

Each test has real git, and a service that counts what it is asked. `forget` makes another machine of this one: without
journal, store and caches.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.project.lock_file import LockFile
from tests.e2e.conftest import move_home, project_of_a_service
from tests.e2e.scripted import Scripted, running
from tests.runner import git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Answer, Cli

SPEC = "dataset_name: {name}\ntask_type: ner\nlabels: [person]\nnum_examples: {size}\n"


class Project:
    """A project in a repository, a service, and the commands on both."""

    def __init__(self, root: Path, cli: Cli, service: Scripted, patch: pytest.MonkeyPatch) -> None:
        self.root, self.cli, self.service, self.patch = root, cli, service, patch
        self.machines = 0
        self.forget()

    def forget(self) -> None:
        """From here on this is another machine."""
        self.machines += 1
        move_home(self.patch, self.root.parent / f"machine-{self.machines}")

    def git(self, *arguments: str) -> str:
        return git(self.root, *arguments)

    def write(self, name: str, size: int = 20, more: str = "") -> None:
        (self.root / "specs" / f"{name}.yaml").write_text(SPEC.format(name=name, size=size) + more)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "-qm", message)

    def run(self, *arguments: str) -> Answer:
        return self.cli("--backend", self.service.url, *arguments)

    def apply(self, *more: str) -> int:
        """Applies everything; how many requests it sent."""
        before = len(self.service.asked())
        answer = self.run("apply", "--yes", *more)
        assert answer.code == 0, answer
        return len(self.service.asked()) - before

    def step(self, name: str) -> dict[str, Any]:
        steps = self.run("plan", "--format", "json").json()["steps"]
        found: dict[str, Any] = next(step for step in steps if step["dataset_name"] == name)
        return found

    def reasons(self, name: str) -> str:
        return "; ".join(reason["text"] for reason in self.step(name)["reasons"])

    def jobs(self) -> dict[str, list[str | None]]:
        """The ids of the jobs of each dataset in the lock."""
        lock = read_lock((self.root / "pioneer.lock").read_text())
        return {name: [job.job_id for job in entry.jobs] for (name, _), entry in sorted(lock.entries.items())}

    def buy(self, name: str, size: int = 20) -> str:
        """Writes a spec, applies and commits; the job."""
        self.write(name, size)
        assert self.apply() == 1
        self.commit(f"Built {name}")
        job = self.jobs()[name][-1]
        assert job is not None
        return job


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[Project]:
    """A repository whose main branch has the dataset `first`, built."""
    root = project_of_a_service(tmp_path, monkeypatch)
    git(root, "init", "-q", "-b", "main")
    with running(Scripted()) as service:
        project = Project(root, cli, service, monkeypatch)
        project.buy("first")
        yield project


# -- the history has it --------------------------------------------------------------------------------------------


def test_a_merge_that_was_reverted_lands_again(team: Project) -> None:
    team.git("switch", "-qc", "feature")
    job = team.buy("people")
    team.git("switch", "-q", "main")
    team.git("merge", "-q", "--no-ff", "-m", "merged", "feature")
    team.git("revert", "--no-edit", "-m", "1", "HEAD")
    team.git("checkout", "-q", "feature", "--", "specs")  # the specs land again, the lock doesn't
    team.commit("again")
    team.git("branch", "-qD", "feature")
    team.forget()
    step = team.step("people")
    assert (step["action"], step["requests"]) == ("update", 0)
    said = re.fullmatch(
        rf".*job {job} of this definition is recorded in commit (\w+) \(branch main\);"
        r" it is added to pioneer\.lock, and nothing is bought",
        team.reasons("people"),
    )
    assert said is not None, team.reasons("people")
    assert job in team.git("show", f"{said[1]}:pioneer.lock")
    assert team.apply() == 0
    assert team.jobs()["people"] == [job]
    assert team.run("check", "--strict").code == 0
    assert len(team.run("export", "people").out.splitlines()) == 20


def test_a_conflict_that_was_resolved_with_one_side(team: Project) -> None:
    team.git("switch", "-qc", "feature")
    people = team.buy("people")
    team.git("switch", "-q", "main")
    team.forget()
    places = team.buy("places")
    with pytest.raises(subprocess.CalledProcessError):
        team.git("merge", "-q", "feature")
    team.git("checkout", "--theirs", "pioneer.lock")
    team.commit("merged")
    assert "places" not in team.jobs()
    team.forget()
    assert team.apply() == 0
    assert team.jobs()["places"] == [places]
    assert team.jobs()["people"] == [people]


def test_a_branch_that_was_replaced_by_one_without_the_lock(team: Project, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    team.git("remote", "add", "origin", str(remote))
    team.git("push", "-q", "-u", "origin", "main")
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(remote), str(other))
    git(other, "rm", "-q", "pioneer.lock")
    git(other, "commit", "-q", "--amend", "-m", "without")
    git(other, "push", "-qf", "origin", "main")
    team.git("fetch", "-q")
    team.git("reset", "-q", "--hard", "origin/main")
    team.git("reflog", "expire", "--expire=all", "refs/remotes/origin/main")
    assert not (team.root / "pioneer.lock").exists()
    team.forget()
    assert team.reasons("first").endswith("(reflog); it is added to pioneer.lock, and nothing is bought")
    assert team.apply() == 0


def test_a_squash_that_left_the_lock_out(team: Project) -> None:
    team.git("switch", "-qc", "feature")
    team.buy("people", 10)
    team.write("people", 30)
    assert team.apply() == 1
    team.commit("more")
    team.git("switch", "-q", "main")
    team.git("merge", "-q", "--squash", "feature")
    team.git("checkout", "-q", "HEAD", "--", "pioneer.lock")
    team.commit("squashed")
    team.forget()
    assert team.reasons("people").count("(branch feature); it is added to pioneer.lock, and nothing is bought") == 2
    assert team.apply() == 0
    assert team.run("check", "--strict").code == 0


def test_a_rescue_branch_of_the_remote(team: Project, tmp_path: Path) -> None:
    """The action pushes a lock that it couldn't commit to a branch of its own."""
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    team.git("remote", "add", "origin", str(remote))
    team.write("people")
    team.commit("a spec")
    team.git("push", "-q", "origin", "main")
    runner = tmp_path / "runner"
    git(tmp_path, "clone", "-q", str(remote), str(runner))
    team.patch.chdir(runner)
    team.forget()
    assert team.apply() == 1
    git(runner, "switch", "-qc", "pioneer-lock/42")
    git(runner, "commit", "-qam", "rescued")
    git(runner, "push", "-q", "origin", "pioneer-lock/42")
    team.patch.chdir(team.root)
    team.forget()
    assert team.step("people")["action"] == "create", "git fetches nothing by itself"
    team.git("fetch", "-q")
    assert "(branch origin/pioneer-lock/42); it is added to pioneer.lock" in team.reasons("people")
    assert team.apply() == 0


def test_only_the_difference_is_bought(team: Project) -> None:
    team.git("switch", "-qc", "feature")
    team.buy("people", 10)
    team.git("switch", "-q", "main")
    team.forget()
    team.write("people", 25)
    step = team.step("people")
    assert (step["action"], step["examples"]) == ("extend", 15)
    assert "it is added to pioneer.lock, and its rows are not bought again" in team.reasons("people")
    assert team.apply() == 1
    assert team.service.asked()[-1] == 15


def test_a_saved_plan_takes_it_over(team: Project) -> None:
    team.git("switch", "-qc", "feature")
    job = team.buy("people")
    team.git("switch", "-q", "main")
    team.forget()
    team.write("people")
    team.commit("a spec")
    assert team.run("plan", "--out", "saved.json").code == 0
    assert f"job {job} of this definition is recorded" in team.run("show", "--plan", "saved.json").out
    before = len(team.service.asked())
    assert team.run("apply", "--yes", "saved.json").code == 0
    assert len(team.service.asked()) == before
    assert team.jobs()["people"] == [job]


def test_a_saved_plan_whose_job_is_no_longer_found_is_refused(team: Project) -> None:
    team.git("switch", "-qc", "feature")
    team.buy("people")
    team.git("switch", "-q", "main")
    team.forget()
    team.write("people")
    assert team.run("plan", "--out", "saved.json").code == 0
    team.git("branch", "-qD", "feature")
    team.git("reflog", "expire", "--expire=all", "--all")
    before = len(team.service.asked())
    assert team.run("apply", "--yes", "saved.json").code == 3
    assert len(team.service.asked()) == before


def test_a_changed_spec_alone_is_looked_up_too(team: Project) -> None:
    """If only one file changed, only its spec is planned: that plan says the same."""
    team.git("switch", "-qc", "feature")
    team.write("first", more="domain_description: letters\n")
    assert team.apply() == 1
    team.commit("changed")
    team.git("switch", "-q", "main")
    team.forget()
    assert team.apply() == 0
    assert team.run("check").code == 0
    team.write("first", more="domain_description: letters\n")
    assert "it is added to pioneer.lock, and nothing is bought" in team.reasons("first")
    assert team.apply() == 0


def test_what_a_clone_does_not_have_is_not_fetched(team: Project, tmp_path: Path) -> None:
    team.git("switch", "-qc", "feature")
    team.buy("people")
    team.git("switch", "-q", "main")
    team.write("people")
    team.commit("a spec")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "main", team.root.as_uri(), str(shallow))
    team.patch.chdir(shallow)
    team.forget()
    assert team.step("people")["action"] == "create"
    git(shallow, "fetch", "-q", "--depth", "1", "origin", "feature:refs/remotes/origin/feature")
    assert team.step("people")["action"] == "update"


@pytest.mark.parametrize("how", ["pull", "cherry-pick"])
def test_a_fork_that_no_branch_follows(team: Project, how: str) -> None:
    """`git pull URL BRANCH`: before the merge is committed, its other side is on no branch and in no reflog."""
    fork = team.root.parent / "fork"
    git(team.root.parent, "clone", "-q", str(team.root), str(fork))
    git(fork, "switch", "-qc", "feature")
    team.write("people")
    assert team.apply() == 1
    (job,) = team.jobs()["people"]
    for path in ("specs/people.yaml", "pioneer.lock"):
        (fork / path).write_text((team.root / path).read_text())
    git(fork, "add", "--all")
    git(fork, "commit", "-qm", "people")
    team.git("checkout", "-q", "--", "pioneer.lock")
    (team.root / "specs" / "people.yaml").unlink()
    team.buy("places")
    team.forget()
    if how == "pull":
        merging = ["git", "pull", "-q", "--no-rebase", str(fork), "feature"]
    else:
        team.git("fetch", "-q", str(fork), "feature")
        merging = ["git", "cherry-pick", "FETCH_HEAD"]
    assert subprocess.run(merging, cwd=team.root, check=False, capture_output=True).returncode == 1
    team.git("checkout", "-q", "--ours", "pioneer.lock")
    team.git("add", "pioneer.lock")
    place = {"pull": "MERGE_HEAD", "cherry-pick": "CHERRY_PICK_HEAD"}[how]
    assert f"({place}); it is added to pioneer.lock, and nothing is bought" in team.reasons("people")
    assert team.apply() == 0
    assert team.jobs()["people"] == [job]


def test_paid_texts_are_not_paid_again(team: Project) -> None:
    """The annotations are in a store, perhaps on another machine: the lock says that they were paid for."""
    spec = team.root / "specs" / "moods.yaml"
    text = 'dataset_name: moods\ntask_type: classification\nlabels: [good, bad]\ninputs: ["I like it.", "It broke."]\n'
    team.git("switch", "-qc", "feature")
    spec.write_text(text)
    assert team.run("apply", "--yes").code == 0
    team.commit("labelled")
    team.git("switch", "-q", "main")
    spec.write_text(text)
    here = team.step("moods")
    assert (here["action"], here["requests"]) == ("label", 0), "the store has them"
    team.forget()
    step = team.step("moods")
    assert (step["action"], step["requests"]) == ("update", 0)
    assert "2 annotations of this definition were paid for, as commit" in team.reasons("moods")
    sent = len(team.service.seen)
    assert team.run("apply", "--yes", "--select", "moods").code == 0
    assert team.step("moods")["refused"] == "paid annotations are missing from the store"
    assert [seen.target for seen in team.service.seen[sent:] if "label" in seen.target] == []
    assert team.run("apply", "--yes", "--relabel", "moods", "--select", "moods").code == 0
    assert [row["text"] for row in map(json.loads, team.run("export", "moods").out.splitlines())] == [
        "I like it.",
        "It broke.",
    ]


@pytest.mark.parametrize("has_some", [True, False], ids=["lock-has-a-smaller-number", "newest-version-has-it"])
def test_the_greatest_number_of_paid_texts_counts(
    team: Project, monkeypatch: pytest.MonkeyPatch, *, has_some: bool
) -> None:
    """Not that of the lock, nor that of its newest version, if a branch that was reverted labelled more."""
    spec = "dataset_name: moods\ntask_type: classification\nlabels: [good, bad]\ninputs: {texts}\n"
    before, after = ([f"text {number}" for number in range(size)] for size in (2, 5))
    (team.root / "specs" / "moods.yaml").write_text(spec.format(texts=json.dumps(before)))
    assert team.apply() == 0
    team.commit("two texts")
    colleague = team.root.parent / "colleague"
    shutil.copytree(team.root.parent / f"machine-{team.machines}", colleague)
    team.git("switch", "-qc", "feature")
    (team.root / "specs" / "moods.yaml").write_text(spec.format(texts=json.dumps(after)))
    assert team.apply() == 0
    team.commit("five texts")
    team.git("switch", "-q", "main")
    team.git("merge", "-q", "--no-ff", "-m", "merged", "feature")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2090-01-01T00:00:00Z")  # what is newest is not a matter of luck
    team.git("revert", "--no-edit", "-m", "1", "HEAD")
    team.git("checkout", "-q", "feature", "--", "specs")
    if not has_some:
        team.git("checkout", "-q", ":/Built first", "--", "pioneer.lock")
    team.commit("the specs again")
    move_home(monkeypatch, colleague)
    assert "5 annotations of this definition were paid for, as commit" in team.reasons("moods")
    assert "3 annotations were paid for, but are missing from the store" in team.reasons("moods")
    sent = len(team.service.seen)
    team.run("apply", "--yes")
    assert [seen for seen in team.service.seen[sent:] if "label" in seen.target] == []
    assert team.run("apply", "--yes", "--relabel", "moods").code == 0
    assert len([seen for seen in team.service.seen[sent:] if "label" in seen.target]) == 1


def test_without_git_or_a_repository(team: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    team.write("people")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert team.step("people")["action"] == "create"


def test_a_rename_that_is_undone_without_the_lock(team: Project) -> None:
    job = team.jobs()["first"]
    (team.root / "specs" / "first.yaml").unlink()
    team.write("second", more="renamed_from: first\n")
    assert team.apply() == 0
    team.commit("renamed")
    team.git("checkout", "-q", "HEAD~1", "--", "specs")
    team.git("rm", "-qf", "specs/second.yaml")
    team.forget()
    step = team.step("first")
    assert (step["action"], step["requests"], step["renamed_from"]) == ("rename", 0, "second")
    assert team.apply() == 0
    assert team.jobs() == {"first": job}
    assert team.run("check").code == 0


@pytest.mark.parametrize("same_machine", [True, False])
def test_rows_of_an_earlier_lock_are_judged_by_the_checks_of_now(team: Project, *, same_machine: bool) -> None:
    """Extended, reverted, checks tightened, and extended again: the rows that come back were judged by other checks."""
    team.service.rows = lambda request, number: [
        {"text": f"Ada {number}.{i}" + "!" * (20 if number == 3 and i < 2 else 0), "entities": [["Ada", "person"]]}
        for i in range(request["num_examples"])
    ]
    team.buy("people", 4)
    team.write("people", 12)
    assert team.apply() == 1
    team.commit("extended")
    team.git("revert", "--no-edit", "HEAD")
    checks = "checks: {max_chars: 20, min_accepted: 0.1}\n"
    team.write("people", 4, checks)
    assert team.apply() == 0
    team.commit("tightened")
    if not same_machine:
        team.forget()
    team.write("people", 12, checks)
    said = "10 of 12 rows pass; 2 are too long" if same_machine else "12 rows to check are not on this machine"
    assert said in team.reasons("people")
    assert team.apply() == 0
    assert team.run("check", "--strict").code == 0
    assert max(len(json.loads(line)["text"]) for line in team.run("export", "people").out.splitlines()) <= 20


@pytest.mark.parametrize("same_machine", [True, False])
def test_the_same_tighter_checks_on_two_branches_are_topped_up_once(team: Project, *, same_machine: bool) -> None:
    def rows(request: dict[str, Any], number: int) -> list[dict[str, Any]]:
        lengths = [20 if number == 2 and i < 4 else 40 for i in range(request["num_examples"])]
        texts = [f"Ada met row {i} of job {number}.".ljust(length, ".") for i, length in enumerate(lengths)]
        return [{"text": text, "entities": [["Ada", "person"]]} for text in texts]

    team.service.rows = rows
    team.buy("people")
    tighter = "top_up: true\nchecks: {min_chars: 30}\n"
    team.git("switch", "-qc", "feature")
    team.write("people", 20, tighter)
    assert team.apply() == 1
    assert team.service.asked() == [20, 20, 4]
    team.commit("tighter")
    team.git("switch", "-q", "main")
    if not same_machine:
        team.forget()
        assert team.apply() == 0, "fetches what the lock has"
    team.write("people", 20, tighter)
    assert team.apply() == 0
    assert team.service.asked() == [20, 20, 4]
    assert len(team.jobs()["people"]) == 2
    assert len(team.run("export", "people").out.splitlines()) == 20


def test_rows_for_what_an_open_job_may_not_return_are_looked_up_before_it_ends(team: Project, tmp_path: Path) -> None:
    team.service.rows = lambda request, number: [
        {"text": f"Ada met row {i} of job {number}.", "entities": [["Ada", "person"]]}
        for i in range(request["num_examples"] if number == 2 else 12)
    ]
    (team.root / "pioneer.yaml").write_text(f"version: 1\nstore: {tmp_path}/store\n")  # of all machines
    team.write("people", 20, "checks: {min_chars: 500}\n")
    assert team.run("apply", "--yes").code == 3
    team.commit("rejected")
    team.git("switch", "-qc", "again")
    assert team.run("apply", "--yes", "--retry", "people", "--no-wait").code == 0
    lock = read_lock((team.root / "pioneer.lock").read_text())
    entry = lock.entries["people", team.service.url]
    (team.root / "pioneer.lock").write_text(lock_text(lock.with_entries([replace(entry, jobs=entry.jobs[1:])])))
    team.forget()
    team.write("people", 20, "top_up: true\n")
    assert team.apply() == 0
    assert team.service.asked() == [20, 20, 20], "the rows of the rejected job are within these checks"
    assert team.jobs()["people"] == ["job-2", "job-3"]
    assert team.apply() == 0


@pytest.mark.parametrize("same_machine", [True, False])
def test_a_rejected_job_blocks_on_every_machine(team: Project, *, same_machine: bool) -> None:
    team.git("switch", "-qc", "feature")
    team.write("people", more="checks: {min_chars: 500}\n")
    assert team.run("apply", "--yes").code == 3
    team.commit("rejected")
    team.git("switch", "-q", "main")
    team.git("merge", "-q", "--no-ff", "-m", "merged", "feature")
    team.git("revert", "--no-edit", "-m", "1", "HEAD")
    team.git("checkout", "-q", "feature", "--", "specs")
    team.commit("again")
    if not same_machine:
        team.forget()
    step = team.step("people")
    assert (step["action"], step["requests"]) == ("blocked", 0)
    if not same_machine:
        assert re.search(r"job \S+ of this definition was rejected, as commit \w+ \(", team.reasons("people"))
    sent = len(team.service.asked())
    assert team.run("apply", "--yes").code == 3
    assert len(team.service.asked()) == sent
    assert team.run("apply", "--yes", "--retry", "people").code == 3
    assert len(team.service.asked()) == sent + 1


@pytest.mark.parametrize("same_machine", [True, False])
def test_a_job_of_a_renamed_dataset_is_not_given_to_the_new_one_of_its_old_name(
    team: Project, *, same_machine: bool
) -> None:
    (old,) = team.jobs()["first"]
    before = team.git("rev-parse", "HEAD").strip()
    (team.root / "specs" / "first.yaml").unlink()
    team.write("second", more="renamed_from: first\n")
    assert team.apply() == 0
    team.commit("renamed")
    team.write("second")
    assert team.apply() == 0
    new = team.buy("first")
    assert team.jobs() == {"first": [new], "second": [old]}
    team.git("checkout", "-q", before, "--", "pioneer.lock")
    (team.root / "pioneer.lock").unlink()
    if not same_machine:
        team.forget()
    assert team.apply() == 0
    assert team.jobs() == {"first": [new], "second": [old]}
    assert team.run("check", "--strict").code == 0


# -- what is another branch's stays there --------------------------------------------------------------------------


def test_a_job_of_an_unmerged_branch_stays_there(team: Project) -> None:
    """One clone, one journal: a branch extends a dataset and buys another; main applies for a third one."""
    before = json.loads((team.root / "pioneer.lock").read_text())["datasets"]["first"]
    team.git("switch", "-qc", "feature")
    team.write("first", 30)
    team.write("people")
    assert team.apply() == 2
    team.commit("more")
    team.git("switch", "-q", "main")
    assert {step["action"] for step in team.run("plan", "--format", "json").json()["steps"]} == {"none"}
    team.write("places")
    assert team.apply() == 1
    after = json.loads((team.root / "pioneer.lock").read_text())["datasets"]
    assert after["first"] == before
    assert after.keys() == {"first", "places"}


def test_a_changed_definition_of_an_unmerged_branch_stays_there(team: Project) -> None:
    before = (team.root / "pioneer.lock").read_bytes()
    team.git("switch", "-qc", "feature")
    team.write("first", more="domain_description: letters\n")
    assert team.apply() == 1
    team.commit("changed")
    team.git("switch", "-q", "main")
    assert team.apply() == 0
    assert (team.root / "pioneer.lock").read_bytes() == before


def test_only_what_is_applied_is_taken_over(team: Project) -> None:
    team.git("switch", "-qc", "feature")
    team.buy("people")
    team.git("switch", "-q", "main")
    team.write("people")
    team.write("places")
    assert team.apply("--select", "places") == 1
    assert team.jobs().keys() == {"first", "places"}
    assert team.apply() == 0
    assert team.jobs().keys() == {"first", "people", "places"}


def test_an_open_job_of_another_branch_is_taken_over(team: Project) -> None:
    """It has to be polled by somebody, and nobody may buy it again."""
    team.git("switch", "-qc", "feature")
    team.write("first", 30)
    assert team.run("apply", "--yes", "--no-wait").code in (0, 3)
    team.git("checkout", "-q", "--", ".")
    team.git("switch", "-q", "main")
    assert team.step("first")["action"] == "resume"


def test_the_same_name_for_two_things_on_two_branches(team: Project) -> None:
    """A remote name that another branch uses for another definition isn't used again."""
    team.git("switch", "-qc", "feature")
    team.buy("people")
    team.git("switch", "-q", "main")
    team.forget()
    team.write("people", more="domain_description: letters\n")
    assert team.step("people")["remote_name"].startswith("people-")
    assert team.apply() == 1


# -- git can't tell, and that is said ------------------------------------------------------------------------------


def test_from_a_hook_of_a_linked_worktree(team: Project) -> None:
    """Git sets `GIT_DIR` for the hook, and the project is in a folder of the repository."""
    project = team.root / "data"
    project.mkdir()
    for name in ("specs", "pioneer.lock"):
        team.git("mv", name, f"data/{name}")
    team.commit("moved")
    team.root = project
    team.patch.chdir(project)
    job = team.buy("people")
    team.git("checkout", "-q", "HEAD~1", "--", "pioneer.lock")
    team.commit("lost")
    team.git("worktree", "add", "-q", str(project.parents[1] / "linked"))
    team.root = project.parents[1] / "linked" / "data"
    team.patch.chdir(team.root)
    team.forget()
    team.patch.setenv("GIT_DIR", team.git("rev-parse", "--absolute-git-dir"))
    assert job in team.reasons("people")
    assert team.apply() == 0
    assert team.jobs()["people"] == [job]


def test_a_history_that_cannot_be_read_is_said_by_the_step_that_buys(team: Project) -> None:
    team.write("people")
    assert "earlier versions" not in team.reasons("people")
    team.patch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert "earlier versions of pioneer.lock weren't searched: the repository" in team.reasons("people")
    assert "earlier versions" not in team.reasons("first")
    assert "`git config --global --add safe.directory" in team.run("plan").out.replace("\n      ", " ")


# -- files that don't say it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", [False, True], ids=["one-file", "split"])
def test_a_merge_driver_that_cannot_be_run(team: Project, *, split: bool) -> None:
    """Git leaves our side of the lock without markers; the other one is only in its index."""
    if split:
        assert team.run("lock", "split").code == 0
    team.git("config", "merge.pioneer-lock.driver", "false")
    (team.root / ".gitattributes").write_text("pioneer.lock* merge=pioneer-lock\npioneer.lock.d/* merge=pioneer-lock\n")
    team.commit("the driver")
    fork = team.root.parent / "fork"
    git(team.root.parent, "clone", "-q", str(team.root), str(fork))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(fork)
        (fork / "specs" / "first.yaml").write_text(SPEC.format(name="first", size=30))
        assert team.run("apply", "--yes").code == 0
    git(fork, "commit", "-qam", "more of it")
    team.write("first", more="protect: true\n")
    assert team.apply() == 0
    team.commit("protected")
    bought = len(team.service.asked())
    team.forget()
    ran = subprocess.run(["git", "pull", "-q", "--no-rebase", str(fork), "main"], cwd=team.root, capture_output=True)
    assert ran.returncode == 1
    team.write("first", 30, more="protect: true\n")  # the conflict of the spec
    path = "pioneer.lock.d/first.json" if split else "pioneer.lock"
    assert team.git("status", "--porcelain", path).startswith("UU")
    assert team.run("check").code == 2
    step = team.step("first")
    assert (step["action"], step["requests"]) == ("update", 0)
    said = " ".join(team.run("doctor").out.split())
    assert f"✗ lock {path} is unmerged in git, and has one side alone" in said
    assert team.apply() == 0
    team.git("add", "--all")
    team.git("commit", "-qm", "merged")
    assert team.run("check").code == 0
    assert len(team.service.asked()) == bought
    lock = LockFile(team.root).read()
    (first,) = lock.entries.values()
    assert (len(first.jobs), first.num_examples, first.protect) == (2, 30, True)


@pytest.mark.parametrize("split", [False, True], ids=["one-file", "split"])
def test_a_sparse_checkout_without_the_lock(team: Project, *, split: bool) -> None:
    """Nothing is written, so that nothing is lost: an entry of another backend, or of a removed dataset."""
    if split:
        assert team.run("lock", "split").code == 0
    assert team.cli("--backend", "local", "apply", "--yes").code == 0
    team.commit("two backends")
    team.git("sparse-checkout", "set", *(["--cone", "specs"] if split else ["--no-cone", "/*", "!pioneer.lock"]))
    team.forget()
    for command in (("apply", "--yes"), ("plan",), ("check",), ("status",), ("export", "first")):
        ran = team.run(*command)
        assert ran.code == 1, command
        assert "the lock is not whole in this sparse checkout" in ran.err
    assert team.run("doctor").code == 1
    help_line = re.search(r"help: (git sparse-checkout add .*)", team.run("plan").err)
    assert help_line is not None
    subprocess.run(help_line[1], shell=True, cwd=team.root, check=True)
    assert team.apply() == 0
    assert team.git("status", "--porcelain") == ""


def test_a_clean_merge_that_left_a_mixture(team: Project) -> None:
    """`git merge -X ours` commits it, so that the last commit is no help; the one before is."""
    team.git("switch", "-qc", "left")
    team.write("first", 30)
    assert team.apply() == 1
    team.commit("more of it")
    team.git("switch", "-q", "main")
    team.write("first", more="protect: true\n")
    assert team.apply() == 0
    team.commit("protected")
    team.git("merge", "-q", "-X", "ours", "-m", "merged", "left")
    ran = team.run("plan")
    assert "is a mixture of two entries" in ran.err
    help_line = re.search(r"`(git checkout \w+ -- pioneer\.lock)`\), then run `pioneer-build apply`", ran.err)
    assert help_line is not None, ran.err
    subprocess.run(help_line[1], shell=True, cwd=team.root, check=True)
    team.write("first", 30, more="protect: true\n")
    team.forget()
    assert team.apply() == 0
    assert team.run("check").code == 0
    assert len(team.jobs()["first"]) == 2
