"""What is taken over from the journal and from earlier locks when checks decide what would be bought."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.operations.buying import Buying
from pioneer_build.plan import Choices, Facts
from pioneer_build.project.lock_file import LOCK_NAME
from pioneer_build.spec.model import Checks, Spec, TopUp
from tests import planning
from tests.apply.world import Checkout, ModelService, Trouble, World

if TYPE_CHECKING:
    from pathlib import Path

SPEC = Spec("a", "ner", ("x", "y"), 4)
RETRY = Choices(retry=frozenset("a"))


class Two:
    """Two checkouts of one project on one machine. Each job returns rows whose texts have the lengths of its `rows`."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder, ModelService(lists=False))
        self.checkouts = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            self.checkouts.append(Checkout(folder / name, {"a": SPEC}))
        self.rows: list[list[int]] = []
        self.world.service._rows = self._rows  # type: ignore[method-assign]

    def _rows(self, job: Any) -> Any:
        for number, length in enumerate(self.rows[int(job.job_id.removeprefix("job-")) - 1]):
            yield {"text": f"{job.job_id} {number} ".ljust(length, "a"), "entities": [["job", "x"]]}

    def apply(self, at: int, choices: Choices | None = None, *, wait: bool = True, **spec: Any) -> str:
        """How the step ended, after these changes of the spec; "" if there was none."""
        checkout = self.checkouts[at]
        checkout.specs["a"] = replace(checkout.specs["a"], **spec)
        report = self.world.apply(self.world.look(checkout, choices), Trouble(), wait=wait)
        assert report is not None
        return report.outcomes[0].result if report.outcomes else ""

    def copy_lock(self) -> None:
        """The second checkout gets the first one's lock as it is now."""
        lock = (self.checkouts[0].root / LOCK_NAME).read_bytes()
        (self.checkouts[1].root / LOCK_NAME).write_bytes(lock)

    def only_git_knows(self) -> None:
        """The first checkout's lock is committed, and nothing else is left of its submissions: another machine."""
        self.world.commit(self.checkouts[0])
        path = self.world.journal().path
        path.unlink()
        path.with_name("journal.lock").unlink()

    def asked(self) -> list[int]:
        return [job.request.num_examples for job in self.world.service.jobs.values()]


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


@pytest.mark.parametrize("only_git", [False, True])
def test_rows_that_a_tighter_check_left_missing_are_requested_once(two: Two, *, only_git: bool) -> None:
    two.rows = [[40, 40, 40, 20], [40], [40]]
    assert two.apply(0) == "done"
    two.copy_lock()
    tighter: dict[str, Any] = {"checks": Checks(min_chars=30, min_accepted=0.5), "top_up": TopUp(2)}
    assert two.apply(0, **tighter) == "done"
    assert two.asked() == [4, 1]
    if only_git:
        two.only_git_knows()
    assert two.apply(1, **tighter) == "done"
    assert two.asked() == [4, 1], "the same edit in another branch"


@pytest.mark.parametrize("only_git", [False, True])
def test_rows_that_were_requested_again_under_the_same_checks_are_not_requested_by_retry(
    two: Two, *, only_git: bool
) -> None:
    two.rows = [[20] * 4, [40] * 4, [40] * 4]
    assert two.apply(0) == "done"
    two.copy_lock()
    assert two.apply(0, checks=Checks(min_chars=30)) == "blocked"
    assert two.apply(0, RETRY) == "done"
    if only_git:
        two.only_git_knows()
    assert two.apply(1, checks=Checks(min_chars=30)) == "blocked"
    assert two.apply(1, RETRY) == "done"
    assert two.asked() == [4, 4]
    assert two.apply(1) == ""


def test_rejected_rows_that_only_the_journal_knows_come_before_new_ones(two: Two) -> None:
    two.rows = [[40] * 2, [40] * 2, [40] * 2]
    assert two.apply(0, wait=False) == "open"
    two.copy_lock()
    assert two.apply(0) == "rejected", "2 of 4"
    assert two.apply(0, RETRY) == "rejected"
    assert two.apply(1, checks=Checks(min_accepted=0.5), top_up=TopUp(2)) == "done"
    assert two.asked() == [4, 4]
    assert two.checkouts[1].lock().entries["a", "https://service.test"].examples == 4


def test_rows_for_what_an_open_job_may_not_return_are_known_before_it_ends(two: Two) -> None:
    two.rows = [[20] * 4, [20] * 2, [20] * 2]
    assert two.apply(0, checks=Checks(min_chars=30)) == "rejected"
    assert two.apply(0, RETRY, wait=False) == "open"
    assert two.apply(1, wait=False) == "open", "the lock gets the open job"
    assert two.apply(1, checks=Checks(min_accepted=0.5), top_up=TopUp(2)) == "done"
    assert two.asked() == [4, 4], "the rows of the rejected job are within these checks"


def test_an_open_job_that_is_not_topped_up_takes_nothing_over(two: Two) -> None:
    two.rows = [[20] * 4, [20] * 4]
    assert two.apply(0, checks=Checks(min_chars=30)) == "rejected"
    assert two.apply(0, RETRY, wait=False) == "open"
    assert two.apply(1) == "done"
    assert [job.job_id for job in two.checkouts[1].lock().entries["a", "https://service.test"].jobs] == ["job-2"]


@pytest.mark.parametrize("only_git", [False, True])
def test_rejected_rows_are_part_of_what_more_needs(two: Two, *, only_git: bool) -> None:
    two.rows = [[20] * 4, [20] * 4, [20] * 3]
    assert two.apply(0, checks=Checks(min_chars=30)) == "rejected"
    assert two.apply(0, RETRY) == "rejected"
    if only_git:
        two.only_git_knows()
    assert two.apply(1, num_examples=11) == "done"
    assert two.asked() == [4, 4, 3]
    assert two.checkouts[1].lock().entries["a", "https://service.test"].examples == 11


@pytest.mark.parametrize(
    ("checks", "other", "bought"),
    [({}, False, 0), ({}, True, 2), ({"no_overlap_with": ["b"]}, False, 2)],
    ids=["settled", "another entry", "rows of others count"],
)
def test_what_a_plan_found_settled_is_not_planned_again(checks: dict[str, Any], other: bool, bought: int) -> None:
    item = planning.declared(SPEC, checks)
    one = planning.job(item, asked=2, got=2)
    entry = planning.entry(item, one)  # two rows too few: they would be bought, if this were planned
    lock = planning.lock_of(replace(entry) if other else entry)
    buying = Buying(Facts(planning.BACKEND), Choices(), lambda *_: None, {"a": entry})
    assert buying.would_buy(item, None, lock) == bought
    assert buying.would_buy(item, entry, lock) == 2, "an entry that the lock doesn't have is always planned"
