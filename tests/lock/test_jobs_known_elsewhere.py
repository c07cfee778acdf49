"""Which of the jobs that the journal or earlier locks know a lock takes over."""

from __future__ import annotations

from dataclasses import replace
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.lock.jobs_known_elsewhere import KnownJob, take_over
from pioneer_build.lock.model import MIXED_CHECKS, Entry, Job, Lock
from pioneer_build.lock.pending_renames import entry_for
from pioneer_build.plan import Choices, Facts, would_buy
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from pioneer_build.spec.model import Spec, TopUp

if TYPE_CHECKING:
    from pioneer_build.lock.jobs_known_elsewhere import Taken
    from pioneer_build.lock.model import JobState

BACKEND = "https://service.test"


def declared(
    name: str = "tickets",
    size: int = 10,
    old: str | None = None,
    top_up: TopUp | None = None,
    checks: dict[str, Any] | None = None,
) -> Declared:
    spec = Spec(name, "ner", ("a", "b"), size, renamed_from=old, top_up=top_up)
    definition = definition_of(spec)
    return Declared(spec, definition, fingerprint_of(definition), checks or {})


FINGERPRINT = declared().fingerprint


def job(number: int, state: JobState = "ready", *, asked: int = 10, short: int = 0, top_up: bool = False) -> Job:
    got = asked - short if state == "ready" else None
    return Job(FINGERPRINT, "tickets", asked, state, number, f"j-{number}", "1", got, top_up=top_up)


def known(one: Job, name: str = "tickets", base: str = "tickets", token: str = "") -> KnownJob:
    return KnownJob(one, name, base, "ner", 10, token)


def entry(*jobs: Job, name: str = "tickets", base: str = "tickets") -> Entry:
    return Entry(name, BACKEND, "ner", declared().definition, base, 10, jobs, fingerprint=FINGERPRINT)


def locked(*entries: Entry) -> Lock:
    return Lock({(one.dataset_name, one.backend): one for one in entries})


def taken(lock: Lock, specs: list[Declared], *jobs: KnownJob) -> Taken:
    def buys(item: Declared, one: Entry | None) -> bool:
        return would_buy(item, one, lock, Facts(BACKEND), Choices())

    return take_over(lock, specs, jobs, BACKEND, buys)


def ids(found: Taken, name: str = "tickets") -> list[str | None]:
    one = found.lock.get(name, BACKEND)
    return [] if one is None else [job.job_id for job in one.jobs]


def test_nothing_known_changes_nothing() -> None:
    lock = locked(entry(job(0)))
    assert taken(lock, [declared()]).lock is lock
    assert taken(lock, [declared()], known(job(0))).lock is lock, "it has it already"


def test_only_what_would_be_bought() -> None:
    every = [known(job(number)) for number in range(4)]
    assert ids(taken(Lock(), [declared(size=10)], *every)) == ["j-0"]
    assert ids(taken(Lock(), [declared(size=25)], *every)) == ["j-0", "j-1", "j-2"]
    lock = locked(entry(job(0)))
    assert taken(lock, [declared(size=10)], *every).lock is lock, "the others are another branch's"
    found = taken(lock, [declared(size=20)], *every)
    assert ids(found) == ["j-0", "j-1"]
    assert [item.job.job_id for item in found.jobs["tickets"]] == ["j-1"]


def test_rows_that_are_missing_come_from_top_ups_that_were_made() -> None:
    short, more = job(0, short=3), job(1, asked=3, top_up=True)
    assert ids(taken(Lock(), [declared(top_up=TopUp(2))], known(short), known(more))) == ["j-0", "j-1"]
    whole = known(job(2, asked=3, top_up=True))
    assert ids(taken(Lock(), [declared()], known(short), known(more), whole)) == ["j-0", "j-1"], "also without `top_up`"
    assert ids(taken(locked(entry(short)), [declared()], known(more))) == ["j-0"], "nothing would be bought"
    assert ids(taken(Lock(), [declared()], known(job(0)), known(more))) == ["j-0"], "nothing is missing"


def test_a_ready_job_learns_of_rows_and_those_that_it_has_stay() -> None:
    bare = job(0)
    whole = replace(bare, rows="sha256:" + "1" * 64)
    other = replace(bare, rows="sha256:" + "2" * 64, got=4)
    learned = replace(entry(whole), checks=MIXED_CHECKS)
    assert taken(locked(entry(bare)), [declared()], known(whole, token="t0")).lock == locked(learned)
    lock = locked(entry(whole))
    assert taken(lock, [declared()], known(other, token="t0")).lock is lock, "judged by other checks"


def test_what_is_open_in_the_journal_is_taken_over_in_any_case() -> None:
    lock = locked(entry(job(0)))
    assert ids(taken(lock, [declared()], known(job(1, "open"), token="t1"))) == ["j-0", "j-1"]
    assert taken(lock, [declared()], known(job(1, "open"))).lock is lock, "of an earlier lock: only if it is needed"
    assert ids(taken(lock, [declared(size=20)], known(job(1, "open")))) == ["j-0", "j-1"]


def test_what_failed_only_keeps_the_same_request_from_being_sent_again() -> None:
    failed, ready = known(job(0, "failed"), token="t0"), known(job(1), token="t1")
    assert ids(taken(Lock(), [declared()], failed)) == ["j-0"]
    assert ids(taken(Lock(), [declared()], failed, ready)) == ["j-1"]


def test_a_job_is_its_own_names_first_and_then_its_base_names() -> None:
    both = [declared("tickets"), declared("inbox")]
    assert ids(taken(Lock(), both, known(job(0), "inbox")), "inbox") == ["j-0"]
    assert ids(taken(Lock(), both, known(job(0), "inbox"))) == []
    assert ids(taken(Lock(), [declared("tickets")], known(job(0), "inbox"))) == ["j-0"]
    renamed = [declared("mail", old="inbox"), declared("tickets")]
    assert ids(taken(Lock(), renamed, known(job(0), "inbox")), "mail") == ["j-0"]
    assert ids(taken(Lock(), [declared("mail")], known(job(0), "inbox")), "mail") == []


def test_a_job_of_another_dataset_of_the_lock_stays_there() -> None:
    lock = locked(entry(job(0), name="inbox"))
    both = [declared("tickets"), declared("inbox")]
    assert taken(lock, both, known(job(0), token="t0")).lock is lock
    unknown = replace(job(0, "unknown"), job_id=None, version=None, submissions=("t0",))
    lock = locked(entry(unknown, name="inbox"))
    assert "tickets" not in {name for name, _ in taken(lock, both, known(unknown, token="t0")).lock.entries}


def test_how_a_job_ended_is_learned_whatever_the_spec_wants() -> None:
    lock = locked(entry(job(0, "open")))
    assert taken(lock, [declared()], known(job(0), token="t0")).lock == locked(entry(job(0)))


def test_a_label_spec_that_asks_for_rows_now_keeps_the_job_that_was_bought_for_it() -> None:
    """The lock may not have been written after the job was accepted."""
    labels = replace(entry(), num_examples=None)
    assert ids(taken(locked(labels), [declared()], known(job(0, "open"), token="t0"))) == ["j-0"]
    assert ids(taken(locked(labels), [declared()], known(job(0), token="t0"))) == ["j-0"]


TIGHT = {"max_chars": 14}


def with_rows(one: Job) -> Job:
    return replace(one, rows=f"sha256:{one.order}")


def checks_after(found: Taken) -> dict[str, Any]:
    one = found.lock.get("tickets", BACKEND)
    assert one is not None
    return dict(one.checks)


@pytest.mark.parametrize("before", [(), (with_rows(job(0)),)], ids=["no entry", "an entry"])
def test_rows_that_other_checks_accepted_are_judged_again(before: tuple[Job, ...]) -> None:
    spec = declared(size=20, checks=TIGHT)
    lock = locked(replace(entry(*before), checks=TIGHT)) if before else Lock()
    loose = replace(known(with_rows(job(1))), checks={"max_chars": 99})
    assert checks_after(taken(lock, [spec], loose)) == {"max_chars": 99}, "the lock's checks aren't the spec's"
    assert checks_after(taken(lock, [spec], replace(loose, checks={}))) == {}
    assert checks_after(taken(lock, [spec], replace(loose, checks=TIGHT))) == TIGHT, "they are judged"
    assert checks_after(taken(lock, [spec], replace(loose, checks=None, token="t1"))) != TIGHT, "nobody knows"
    unseen = replace(loose, job=replace(loose.job, rows=None))
    assert checks_after(taken(lock, [spec], unseen)) == TIGHT, "it has no rows to judge"


@pytest.mark.parametrize("short", [0, 3])
def test_without_checks_only_rows_that_were_left_out_are_of_interest(short: int) -> None:
    spec = Spec("tickets", "classification", ("a", "b"), 10)
    classes = Declared(spec, definition_of(spec), fingerprint_of(definition_of(spec)), {})
    one = replace(with_rows(job(0, short=short)), fingerprint=classes.fingerprint)
    found = taken(Lock(), [classes], replace(known(one, token="t0"), task_type="classification"))
    assert (checks_after(found) == {}) == (short == 0)


def test_rows_without_any_entity_are_accepted_only_by_checks_that_say_so() -> None:
    whole = with_rows(job(0))
    assert checks_after(taken(Lock(), [declared()], known(whole, token="t0"))) == MIXED_CHECKS
    rejected = locked(entry(replace(whole, state="rejected")))
    assert checks_after(taken(rejected, [declared()], known(whole, token="t0"))) == MIXED_CHECKS


def test_an_open_job_of_the_lock_that_another_checkout_received_is_judged_again() -> None:
    lock = locked(replace(entry(job(0, "open")), checks=TIGHT))
    found = taken(lock, [declared(checks=TIGHT)], known(with_rows(job(0)), token="t0"))
    assert (ids(found), checks_after(found)) == (["j-0"], MIXED_CHECKS)


def test_a_job_that_was_rejected_here_and_is_ready_by_the_checks_of_another_branch_is_judged_again() -> None:
    lock = locked(replace(entry(with_rows(job(0, "rejected"))), checks=TIGHT))
    found = taken(lock, [declared(checks=TIGHT)], known(with_rows(job(0)), token="t0"))
    assert (ids(found), checks_after(found)) == (["j-0"], MIXED_CHECKS)


def test_rows_of_another_branch_are_still_to_be_compared() -> None:
    """They would be bought otherwise. Their job has the `order` of one that the lock has."""
    classes = Spec("tickets", "classification", ("a", "b"), 30)
    item = Declared(classes, definition_of(classes), fingerprint_of(definition_of(classes)), {})
    mine, next_one, other = (replace(with_rows(job(number)), fingerprint=item.fingerprint) for number in (0, 1, 1))
    other = replace(other, job_id="other", rows="sha256:" + "9" * 64)
    lock = locked(replace(entry(mine, next_one), definition=item.definition, fingerprint=item.fingerprint))
    found = taken(lock, [item], replace(known(other), task_type="classification", checks={}))
    assert (ids(found), checks_after(found)) == (["j-0", "j-1", "other"], MIXED_CHECKS)
    later = replace(known(replace(other, order=2)), task_type="classification", checks={})
    assert checks_after(taken(lock, [item], later)) == {}


def test_a_job_is_given_to_one_dataset_only() -> None:
    both = [declared("inbox"), declared("tickets")]
    found = taken(Lock(), both, known(job(0), "inbox"), known(job(0), "tickets"))
    assert ids(found, "inbox") + ids(found) == ["j-0"]


def test_the_last_name_of_a_dataset_goes_before_earlier_ones() -> None:
    renamed = replace(known(job(0), "mail"), former_names=("tickets",))
    assert ids(taken(Lock(), [declared(), declared("mail")], renamed), "mail") == ["j-0"]
    assert ids(taken(Lock(), [declared()], renamed)) == ["j-0"], "it has its first name again"
    other = declared("mail")
    other = replace(other, fingerprint="fp1:other")
    assert ids(taken(Lock(), [other, declared()], renamed)) == ["j-0"], "the other one is about something else now"


def test_what_failed_in_an_earlier_lock_is_taken_over_only_if_it_keeps_a_request_from_being_sent() -> None:
    for state in ("failed", "rejected"):
        assert ids(taken(Lock(), [declared()], known(job(0, state)))) == ["j-0"]
        assert taken(Lock(), [declared(size=11)], known(job(0, state))).lock == Lock(), "another request"


def used_again(*jobs: Job) -> Entry:
    """The entry of a new dataset of another definition that has the name `tickets`, and these jobs."""
    return replace(entry(*jobs), fingerprint="fp1:other")


OTHER = replace(declared(), fingerprint="fp1:other")


def test_a_job_of_a_name_that_is_used_again_is_given_to_the_dataset_that_had_it() -> None:
    specs = [OTHER, declared("mail", size=20)]
    lock = locked(used_again(), entry(job(0), name="mail"))
    assert ids(taken(lock, specs, known(job(1))), "mail") == ["j-0", "j-1"]
    elsewhere = replace(known(job(1)), job=replace(job(1), remote_name="tickets-2"))
    assert ids(taken(lock, specs, elsewhere), "mail") == ["j-0"], "nothing says that it is this dataset's"


def test_a_job_that_the_lock_has_for_a_dataset_of_another_definition_is_taken_from_there() -> None:
    specs = [OTHER, declared("mail", size=20)]
    lock = locked(used_again(job(0), job(1)), entry(job(0), name="mail"))
    found = taken(lock, specs)
    assert ids(found, "mail") == ["j-0", "j-1"], "as a merge left it that knew nothing of the rename"
    assert ids(found) == ["j-0", "j-1"], "no job is dropped"
    assert found.jobs == {}, "it is in the lock: there is nothing to say of it"
    assert ids(taken(lock, specs, known(job(1), token="t1")), "mail") == ["j-0", "j-1"]
    enough = taken(lock, [OTHER, declared("mail")])
    assert enough.lock is lock, "only what would be bought"


def test_a_job_stays_with_a_dataset_that_can_use_it() -> None:
    both = [declared("inbox", size=20), declared()]
    lock = locked(entry(job(0), name="inbox"), entry(job(0), job(1)))
    assert taken(lock, both, known(job(1), "inbox")).lock is lock


def test_what_was_deleted_or_replaced_is_not_taken_from_another_dataset() -> None:
    specs = [OTHER, declared("mail", size=20)]
    for changes in ({"deleted": True}, {"superseded": True}):
        lock = locked(used_again(job(0), replace(job(1), **changes)), entry(job(0), name="mail"))
        assert taken(lock, specs).lock is lock


def test_an_unanswered_submission_of_the_journal_is_taken_over_in_any_case() -> None:
    """It may have been paid for: nothing is requested before its outcome is known."""
    unknown = replace(job(1, "unknown"), job_id=None, version=None, submissions=("t1",))
    assert ids(taken(locked(entry(job(0))), [declared()], known(unknown, token="t1"))) == ["j-0", None]


def test_two_unanswered_submissions_are_two_jobs() -> None:
    """Neither has an id, so only their tokens tell them apart."""
    first, second = (
        replace(job(number, "unknown"), job_id=None, version=None, submissions=(f"t{number}",)) for number in range(2)
    )
    one = taken(locked(entry(first)), [declared()], known(second, token="t1")).lock.get("tickets", BACKEND)
    assert one is not None
    assert [item.submissions for item in one.jobs] == [("t0",), ("t1",)]


def test_the_jobs_of_a_renamed_spec_go_to_the_entry_of_its_old_name_until_the_rename_is_applied() -> None:
    mail = declared("mail", size=20, old="tickets")
    found = taken(locked(entry(job(0))), [mail], known(job(1)))
    assert (ids(found), ids(found, "mail")) == (["j-0", "j-1"], [])
    mail = declared("mail", size=30, old="tickets")
    found = taken(locked(entry(job(0)), entry(job(2), name="mail")), [mail], known(job(1), "mail"))
    assert (ids(found), ids(found, "mail")) == (["j-0", "j-1", "j-2"], [])
    assert ids(taken(locked(entry(job(2), name="mail")), [mail], known(job(1))), "mail") == ["j-1", "j-2"]
    assert ids(taken(Lock(), [mail], known(job(1))), "mail") == ["j-1"]


def test_an_unanswered_submission_is_answered_whichever_name_the_lock_has_it_under() -> None:
    unknown = replace(job(0, "unknown"), job_id=None, version=None, submissions=("t0",))
    mail = declared("mail", size=20, old="tickets")
    answered = known(job(0, "open"), token="t0")
    for names in (("tickets",), ("mail",), ("tickets", "mail"), ("mail", "tickets")):
        jobs = (unknown, job(1))
        lock = locked(*(entry(one, name=name) for name, one in zip(names, jobs, strict=False)))
        found, _ = entry_for(mail, taken(lock, [mail], answered).lock, BACKEND)
        assert found is not None
        assert [one.state for one in found.jobs] == ["open", "ready"][: len(names)], names


def test_a_job_of_no_known_name_is_given_to_the_dataset_with_jobs_under_its_remote_name() -> None:
    before = replace(job(0), fingerprint="fp1:before")
    lock = locked(entry(before, name="mail", base="mail"))
    assert ids(taken(lock, [declared("mail")], known(job(1), "gone", "gone")), "mail") == ["j-0", "j-1"]


def test_an_entry_that_is_made_again_has_the_last_size_of_its_dataset() -> None:
    sizes = [replace(known(job(number)), num_examples=size) for number, size in enumerate((30, 10))]
    one = taken(Lock(), [declared(size=20)], *sizes).lock.get("tickets", BACKEND)
    assert one is not None
    assert (len(one.jobs), one.num_examples) == (2, 30)


def test_a_job_is_told_of_also_where_others_only_move_within_the_lock() -> None:
    specs = [OTHER, declared("mail", size=30)]
    lock = locked(used_again(job(0), job(1)), entry(job(0), name="mail"))
    found = taken(lock, specs, known(job(2), "mail"))
    assert ids(found, "mail") == ["j-0", "j-1", "j-2"]
    assert [item.job.job_id for item in found.jobs["mail"]] == ["j-2"]


def test_what_was_rejected_in_an_earlier_lock_is_taken_over_if_less_is_bought_with_it() -> None:
    """Its rows may be within the checks by now: then only the rest is requested."""
    rejected = known(job(0, "rejected"))
    failed = known(job(1, "failed"))

    def buys(_: Declared, one: Entry | None) -> int:
        return 4 if one is not None and any(item.job_id == "j-0" for item in one.jobs) else 10

    assert ids(take_over(Lock(), [declared()], [rejected, failed], BACKEND, buys)) == ["j-0"]


# -- rows that are missing -----------------------------------------------------------------------------------------


def test_only_top_ups_fill_up_what_a_job_did_not_return() -> None:
    assert ids(taken(Lock(), [declared()], known(job(0, short=3)), known(job(1)))) == ["j-0"]


def test_a_top_up_whose_rows_were_never_received_fills_nothing() -> None:
    unseen = replace(job(1, asked=1, top_up=True), got=None)
    every = [known(job(0, short=1)), known(unseen), known(job(2, asked=1, top_up=True))]
    assert ids(taken(Lock(), [declared()], *every)) == ["j-0", "j-1", "j-2"]


@pytest.mark.parametrize(
    "before",
    [replace(job(0), fingerprint="fp1:before"), replace(job(0, "rejected", asked=5), got=3)],
    ids=["of another definition", "rejected"],
)
def test_rows_that_readers_do_not_get_fill_nothing(before: Job) -> None:
    found = taken(locked(entry(before)), [declared()], known(job(1, short=3)), known(job(2, asked=3, top_up=True)))
    assert ids(found) == ["j-0", "j-1", "j-2"]


def test_rows_that_the_lock_has_count() -> None:
    lock = locked(entry(job(0)))
    found = taken(lock, [declared(size=20)], known(job(1)), known(job(2, asked=3, top_up=True)))
    assert ids(found) == ["j-0", "j-1"], "nothing is missing"


# -- checks --------------------------------------------------------------------------------------------------------


def classes(checks: dict[str, Any] | None = None, size: int = 10) -> Declared:
    spec = Spec("tickets", "classification", ("a", "b"), size)
    definition = definition_of(spec)
    return Declared(spec, definition, fingerprint_of(definition), checks or {})


def of_classes(one: Job) -> KnownJob:
    return replace(known(replace(one, fingerprint=classes().fingerprint), token="t"), task_type="classification")


def test_rows_that_were_left_out_are_judged_again_though_there_are_enough() -> None:
    more = replace(with_rows(job(0)), quarantined="sha256:bad")
    assert checks_after(taken(Lock(), [classes()], of_classes(more))) == MIXED_CHECKS


def test_a_job_none_of_whose_rows_were_accepted_is_judged_again() -> None:
    empty = replace(with_rows(job(0, asked=1)), got=0)
    assert checks_after(taken(Lock(), [classes(size=1)], of_classes(empty))) == MIXED_CHECKS


def test_all_rows_are_judged_again_by_a_spec_with_checks() -> None:
    assert checks_after(taken(Lock(), [classes(TIGHT)], of_classes(with_rows(job(0))))) == MIXED_CHECKS


def test_rows_of_a_rejected_job_wait_for_the_user() -> None:
    rejected = replace(with_rows(job(0, "rejected")), got=4)
    assert checks_after(taken(Lock(), [declared(checks=TIGHT)], known(rejected, token="t0"))) == TIGHT


def test_one_job_that_the_checks_of_the_spec_judged_says_nothing_of_the_next() -> None:
    judged = replace(known(with_rows(job(0)), token="t0"), checks=TIGHT)
    unsure = known(with_rows(job(1)), token="t1")
    assert checks_after(taken(Lock(), [declared(size=20, checks=TIGHT)], judged, unsure)) == MIXED_CHECKS


def test_rows_of_an_earlier_definition_are_not_judged_by_the_checks_of_this_one() -> None:
    before = replace(job(0, "open"), fingerprint="fp1:before")
    lock = locked(replace(entry(before, job(1)), checks=TIGHT))
    received = known(replace(with_rows(job(0)), fingerprint="fp1:before"), token="t0")
    found = taken(lock, [declared(checks=TIGHT)], received)
    assert found.lock is not lock
    assert checks_after(found) == TIGHT


def test_an_entry_whose_rows_a_plan_judges_anyway_keeps_its_checks() -> None:
    loose = replace(known(with_rows(job(1))), checks={"max_chars": 99})
    lock = locked(replace(entry(with_rows(job(0))), checks={"max_chars": 50}))
    assert checks_after(taken(lock, [declared(size=20, checks=TIGHT)], loose)) == {"max_chars": 50}
    before = replace(entry(with_rows(job(0))), fingerprint="fp1:before", checks=TIGHT)
    assert checks_after(taken(locked(before), [declared(size=20, checks=TIGHT)], loose)) == TIGHT


def test_very_many_known_jobs_are_compared_with_the_lock_in_few_steps() -> None:
    many = 5_000
    item = declared()
    known = [KnownJob(job(n), item.name, item.name, "ner", 10, token=f"t{n}") for n in range(many)]
    first = take_over(Lock(), [item], known[:1], BACKEND, lambda *_: 1)
    entry = first.lock.entries[item.name, BACKEND]
    whole = Lock({(item.name, BACKEND): replace(entry, jobs=tuple(one.job for one in known))})
    began = process_time()
    found = take_over(whole, [item], known, BACKEND, lambda *_: 1)
    assert process_time() - began < 5
    assert (found.lock, found.jobs) == (whole, {})
