"""Which plans are cached, and what of them."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cache.unchanged_plan import CachedPlan, nothing_to_do, read_cached_plan
from pioneer_build.inputs.freshness import unchanged_glob
from pioneer_build.lock.model import Labelling, Lock, Tokens
from pioneer_build.operations.make_plan import cache_plan
from pioneer_build.operations.plan import plan_of_changed, plan_project
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.plan import Choices
from pioneer_build.plan.cost import Rates
from pioneer_build.project.lock_file import LockFile
from pioneer_build.project.open import open_project
from pioneer_build.spec.settings import ModelSettings, Prices
from tests.built import age, label_text, spec_text, write_spec

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.plan import Plan
    from pioneer_build.project.open import Project


def planned(root: Path, choices: Choices | None = None) -> Plan:
    return read_project_state(open_project(root), choices).plan


def cached(root: Path) -> CachedPlan:
    found = read_cached_plan(open_project(root).plan_key)
    assert found is not None
    return found


def names(plan: CachedPlan) -> list[str]:
    return [line.split("\t")[0] for line in plan.files.decode().splitlines()]


def rows(root: Path, name: str) -> Path:
    (digest,) = LockFile(root).read().entries[name, "pioneer"].content_digests
    return next((root.parent / "p-home" / "share").rglob(f"{digest.removeprefix('sha256:')}.jsonl"))


ALL = ["specs/one.yaml", "specs/texts.yaml", "specs/three.yaml", "specs/two.yaml"]


def test_all_of_a_plan_with_nothing_to_do(built: Path) -> None:
    plan = planned(built)
    found = cached(built)
    assert (found.datasets, found.digests, found.has_nothing_to_do) == (4, 4, True)
    assert names(found) == ALL
    steps = [step for steps in json.loads(found.steps).values() for step in steps]
    assert sorted(step[:4] for step in steps) == [
        [step.dataset_name, step.total, step.remote_name, step.protected] for step in plan.steps
    ]
    ((path, pattern, files),) = json.loads(found.inputs)
    assert (path, pattern, [name for name, _ in files]) == (
        "specs/texts.yaml",
        "../inputs/*.txt",
        ["inputs/a.txt", "inputs/b.txt"],
    )
    assert nothing_to_do(str(built), None, unchanged_glob) == found


def test_of_one_with_something_to_do_the_rest(built: Path) -> None:
    write_spec(built, "one.yaml", spec_text("one", examples=25))
    rows(built, "two").unlink()
    age()
    assert {step.dataset_name for step in planned(built).steps if step.action != "none"} == {"one", "two"}
    found = cached(built)
    assert (found.datasets, found.digests, found.has_nothing_to_do) == (4, 2, False)
    assert names(found) == ["specs/texts.yaml", "specs/three.yaml"]
    assert nothing_to_do(str(built), None, unchanged_glob) is None


def test_a_dataset_to_be_forgotten_has_something_to_do(built: Path) -> None:
    (built / "specs" / "one.yaml").unlink()
    assert planned(built).counts() == {"forget": 1, "none": 3}
    found = cached(built)
    assert names(found) == ALL[1:]
    assert not found.has_nothing_to_do


def test_a_plan_that_flags_changed_is_not_cached(built: Path) -> None:
    planned(built, Choices(retry=frozenset({"one"})))
    assert read_cached_plan(open_project(built).plan_key) is None


@pytest.mark.parametrize("name", ["pioneer.yaml", "pioneer.lock"])
def test_nothing_is_cached_while_settings_or_lock_are_moving(built: Path, name: str) -> None:
    soon = time.time_ns() + 5_000_000_000
    os.utime(built / name, ns=(soon, soon))
    planned(built)
    assert read_cached_plan(open_project(built).plan_key) is None


@pytest.mark.parametrize(
    ("moving", "left"), [("specs/one.yaml", ALL[1:]), ("inputs/b.txt", [path for path in ALL if "texts" not in path])]
)
def test_what_is_moving_is_not_cached(built: Path, moving: str, left: list[str]) -> None:
    soon = time.time_ns() + 5_000_000_000
    os.utime(built / moving, ns=(soon, soon))
    assert planned(built).counts() == {"none": 4}
    found = cached(built)
    assert names(found) == left
    assert not found.has_nothing_to_do


def test_a_path_that_would_not_fit_on_a_line_is_not_cached(built: Path) -> None:
    (built / "specs" / "one.yaml").rename(built / "specs" / "o\nne.yaml")
    assert planned(built).counts() == {"none": 4}
    assert names(cached(built)) == ALL[1:]


def test_a_lock_that_lacks_what_the_journal_knows_is_not_cached(built: Path) -> None:
    from pioneer_build.journal.log import Journal
    from pioneer_build.journal.model import Submission

    project = open_project(built)
    entry = LockFile(built).read().entries["one", "pioneer"]
    intent = Submission(
        "", "pioneer", "one", "one", "one", "classification", entry.definition, entry.fingerprint, 10, 10, 1, ""
    )
    journal = Journal(project.journal_folder)
    journal.record(journal.begin(intent, frozenset()).token, state="open", job_id="j-9")
    age()
    assert planned(built).counts() == {"none": 3, "resume": 1}
    assert read_cached_plan(open_project(built).plan_key) is None


def test_rows_of_texts_that_turned_to_rows_are_those_of_the_jobs(built: Path) -> None:
    lock = LockFile(built)
    entry = lock.read().entries["one", "pioneer"]
    old = Labelling("fp1:" + "0" * 64, "inputs1:0", 1, 1, 1, 0, 1, "sha256:" + "0" * 64)
    lock.write(lock.read().with_entries([replace(entry, labelling=old)]))
    age()
    assert planned(built).counts() == {"none": 4}
    assert nothing_to_do(str(built), None, unchanged_glob) is not None
    rows(built, "one").unlink()
    assert nothing_to_do(str(built), None, unchanged_glob) is None
    assert planned(built).counts() == {"fetch": 1, "none": 3}


def test_verified_contents_are_cached_over_it(built: Path) -> None:
    state = read_project_state(open_project(built))
    (digest,) = state.lock.entries["one", "pioneer"].content_digests
    assert b" " not in cached(built).contents
    found = rows(built, "one").stat()
    stamp = (found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns)
    state.project.cache.put_verified_contents({digest: stamp})
    cache_plan(state.project, state.scope, state.plan)
    line = f"{digest.removeprefix('sha256:')} {' '.join(map(str, stamp))}"
    assert [text for text in cached(built).contents.decode().splitlines() if " " in text] == [line]


# -- of some specs alone -------------------------------------------------------------------------------------------


def test_what_has_nothing_to_do_any_more_joins_the_rest(built: Path) -> None:
    planned(built)
    before = cached(built)
    write_spec(built, "one.yaml", spec_text("one", more="# a comment\n"))
    age()
    assert nothing_to_do(str(built), None, unchanged_glob) is None
    assert plan_of_changed(open_project(built)) is not None
    after = cached(built)
    assert nothing_to_do(str(built), None, unchanged_glob) == after
    assert after.files != before.files
    assert after._replace(files=before.files) == before


def test_what_has_something_to_do_leaves_it(built: Path) -> None:
    planned(built)
    write_spec(built, "one.yaml", spec_text("one", examples=25))
    age()
    assert plan_of_changed(open_project(built)) is not None
    assert names(cached(built)) == ALL[1:]
    write_spec(built, "one.yaml", spec_text("one"))
    age()
    assert plan_project(open_project(built)).counts() == {"none": 4}
    assert nothing_to_do(str(built), None, unchanged_glob) is not None


def test_a_plan_that_changed_nothing_isnt_written(built: Path) -> None:
    planned(built)
    write_spec(built, "one.yaml", spec_text("one", examples=25))
    age()
    plan_of_changed(open_project(built))
    path = open_project(built).plan_key.path
    os.utime(path, ns=(1, 1))
    assert plan_of_changed(open_project(built)) is not None
    assert os.stat(path).st_mtime_ns == 1


def test_a_label_spec_that_turned_takes_its_inputs_along(built: Path) -> None:
    planned(built)
    text = label_text().replace("inputs: ../inputs/*.txt", "num_examples: 5\ndomain_description: x")
    write_spec(built, "texts.yaml", text)
    age()
    plan = plan_of_changed(open_project(built))
    assert plan is not None
    assert plan.counts() == {"none": 3, "replace": 1}
    assert cached(built).inputs == b"[]"
    (built / "inputs" / "a.txt").write_text("it isn't read any more\n")
    assert plan_of_changed(open_project(built)) == plan


def of_model(root: Path, rates: Rates | None = None) -> Project:
    """A project with the backend `model`."""
    project = open_project(root)
    prices = None if rates is None else Prices(rates.input, rates.output)
    model = ModelSettings(("http://127.0.0.1:9/v1",), "small", prices=prices, currency=rates and rates.currency)
    return replace(project, config=replace(project.config, backend="model/small", base_url=None, model=model))


def test_a_plan_for_a_model_says_what_it_will_take(built: Path) -> None:
    rates = Rates(1.0, 2.0, "EUR")
    plan = plan_project(of_model(built, rates))
    assert plan.cost is not None
    assert (plan.rates, plan.cost.basis) == (rates, "estimate")
    assert plan.costs.keys() == {step.dataset_name for step in plan.steps if step.submits}
    assert plan_project(open_project(built)).cost is None, "no model, no tokens"


def test_what_jobs_took_is_what_the_next_ones_are_expected_to_take(built: Path) -> None:
    project = of_model(built)
    lock = LockFile(built).read()
    one = lock.entries["one", "pioneer"]
    jobs = tuple(replace(job, tokens=Tokens(100 * job.asked, job.asked)) for job in one.jobs)
    LockFile(built).write(Lock({("one", "model/small"): replace(one, backend="model/small", jobs=jobs)}))
    write_spec(built, "one.yaml", spec_text("one", examples=one.jobs[0].asked + 7))
    plan = plan_project(project)
    assert (plan.costs["one"].tokens, plan.costs["one"].basis) == (Tokens(700, 7), "history")
