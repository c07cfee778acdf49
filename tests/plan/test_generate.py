"""What one generate spec needs, row by row of the table of changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pioneer_build.plan import (
    SETTLED,
    Choices,
    InputFacts,
    KeptRows,
)
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.model import EntityExample, FewShot, TopUp
from pioneer_build.wording import ROWS_GONE
from tests.plan.steps import (
    ITEM,
    OTHER,
    decided,
    plan,
    sized,
    step,
    texts,
)
from tests.planning import declared, entry, generate_spec, job, label_spec, lock_of


def test_no_job_yet() -> None:
    one = step(ITEM, None)
    assert decided(one) == ("create", 1, 10, 10)
    assert (one.remote_name, texts(one), one.refused, one.command) == ("a", "dataset_name: new dataset", None, None)


def test_as_declared() -> None:
    one = step(ITEM, entry(ITEM, job(ITEM)))
    assert decided(one) == ("none", 0, 0, 10)
    assert one.reasons == ()


def test_more_examples() -> None:
    known = entry(ITEM, job(ITEM))
    one = step(sized(15), known)
    assert decided(one) == ("extend", 1, 5, 15)
    assert (one.remote_name, texts(one)) == ("a", "num_examples: 10 → 15")
    known = entry(sized(15), job(ITEM, 1), job(sized(5), 2))
    assert decided(step(sized(15), known)) == ("none", 0, 0, 15)
    assert decided(step(sized(16), known)) == ("extend", 1, 1, 16)


def described(domain: str | None, **labels: str) -> Declared:
    spec = generate_spec("a", domain_description=domain, labels=tuple(labels))
    return declared(replace(spec, label_descriptions=tuple(labels.items())))


def test_other_descriptions_of_labels_are_a_change_of_labels() -> None:
    old, new = described("shop", x="first", y="second"), described("shop", y="2nd", x="first")
    one = step(new, entry(old, job(old)))
    assert decided(one)[0] == "replace"
    assert texts(one) == 'labels: described as "y": "second" → "2nd"'
    assert [(r.field, r.old, r.new) for r in one.reasons] == [("labels", {"y": "second"}, {"y": "2nd"})]


def test_the_first_descriptions_and_another_domain_are_two_reasons() -> None:
    old, new = (
        declared(generate_spec("a", domain_description="shop", labels=("x",))),
        described(None, x="first", z="last"),
    )
    assert texts(step(new, entry(old, job(old)))) == (
        'domain_description: "shop" → (none) | labels: described as "x": (none) → "first", "z": (none) → "last"'
        ' | labels: + "z"'
    )


def test_entity_examples_are_shown_with_their_entities() -> None:
    def guided(*examples: EntityExample) -> Declared:
        return declared(replace(generate_spec("a", labels=("x",)), ner_examples=examples))

    old = guided(EntityExample("Ada", (("Ada", "x"),)))
    one = step(guided(EntityExample("none", ())), entry(old, job(old)))
    assert texts(one) == 'ner_examples: + "none" (no entities), - "Ada" (Ada = x)'


def test_fewer_examples_and_more_again() -> None:
    one = step(sized(4), entry(ITEM, job(ITEM)))
    assert decided(one) == ("shrink", 0, 0, 4)
    assert texts(one) == "num_examples: 10 → 4; the store keeps all rows"
    small = entry(sized(4), job(ITEM))
    assert small.examples == 4
    one = step(sized(8), small)
    assert decided(one) == ("extend", 0, 0, 8)
    assert texts(one) == "num_examples: 4 → 8; 10 rows already exist"
    assert decided(step(sized(12), small)) == ("extend", 1, 2, 12)
    assert decided(step(sized(10), small)) == ("extend", 0, 0, 10)


def test_another_definition() -> None:
    one = step(OTHER, entry(ITEM, job(ITEM)))
    assert decided(one) == ("replace", 1, 10, 10)
    assert one.remote_name == f"a-{OTHER.fingerprint[4:12]}"
    assert [(why.field, why.old, why.new, why.text) for why in one.reasons] == [
        ("labels", ["y"], ["z"], '+ "z", - "y"')
    ]


def test_every_changed_field_is_listed_with_old_and_new() -> None:
    before = declared(
        generate_spec(
            "a", task_type="classification", domain_description="shop", classified_examples=(FewShot("t", "x"),)
        )
    )
    after = declared(
        generate_spec(
            "a", task_type="classification", domain_description="bank", classified_examples=(FewShot("u", "x"),)
        )
    )
    one = step(after, entry(before, job(before)))
    assert [(why.field, why.old, why.new) for why in one.reasons] == [
        ("classified_examples", [{"label": "x", "text": "t"}], [{"label": "x", "text": "u"}]),
        ("domain_description", "shop", "bank"),
    ]
    assert texts(one) == 'classified_examples: + "u" (x), - "t" (x) | domain_description: "shop" → "bank"'
    gone = step(declared(generate_spec("a")), entry(before, job(before)))
    assert [(why.field, why.old, why.new) for why in gone.reasons] == [
        ("classified_examples", [{"label": "x", "text": "t"}], []),
        ("domain_description", "shop", None),
        ("task_type", "classification", "ner"),
    ]
    assert '"shop" → (none)' in texts(gone)


def test_a_definition_that_comes_back() -> None:
    known = entry(OTHER, job(ITEM, 1), job(OTHER, 2, remote_name="a-1"))
    one = step(ITEM, known)
    assert decided(one) == ("restore", 0, 0, 10)
    assert one.remote_name == "a"
    assert "dataset_name: 10 rows of this definition already exist" in texts(one)
    assert "forgotten" not in texts(one), "its spec was never removed"
    one = step(sized(12), known)
    assert decided(one) == ("restore", 1, 2, 12)
    assert "num_examples: 10 → 12" in texts(one)
    assert "already exist" not in texts(one)
    one = step(sized(8), known)
    assert decided(one) == ("restore", 0, 0, 8)


def test_a_spec_that_comes_back() -> None:
    known = entry(ITEM, job(ITEM), forgotten=True)
    one = step(ITEM, known)
    assert decided(one) == ("restore", 0, 0, 10)
    assert "forgotten dataset is back" in texts(one)
    bare = entry(ITEM, forgotten=True)
    assert decided(step(ITEM, bare)) == ("create", 1, 10, 10)
    assert texts(step(ITEM, bare)) == "dataset_name: the spec of this forgotten dataset is back"


@pytest.mark.parametrize("state", ["failed", "rejected"])
def test_a_job_that_came_to_nothing(state: Any) -> None:
    bad = job(ITEM, state=state, reason="no valid samples", got=None, rows=None)
    known = entry(ITEM, bad)
    one = step(ITEM, known)
    assert decided(one) == ("blocked", 0, 0, 10)
    assert [why.field for why in one.reasons] == ["dataset_name"]
    assert "no valid samples" in texts(one)
    assert one.command == "pioneer-build apply --retry a"
    assert decided(step(ITEM, known, Choices(retry=frozenset({"a"})))) == ("create", 1, 10, 10)
    assert step(ITEM, known, Choices(retry=frozenset({"b"}))).action == "blocked"
    assert step(ITEM, known, Choices(resubmit=frozenset({"a"}))).action == "blocked"
    assert decided(step(sized(11), known)) == ("create", 1, 11, 11), "the spec changes"
    assert decided(step(OTHER, known)) == ("replace", 1, 10, 10), "the spec changes"
    assert step(declared(replace(ITEM.spec, owner="me")), known).action == "blocked"

    # an extension that came to nothing
    known = entry(sized(15), job(ITEM, 1), job(ITEM, 2, asked=5, state=state, got=None, rows=None))
    assert decided(step(sized(15), known)) == ("blocked", 0, 0, 15)
    assert decided(step(sized(15), known, Choices(retry=frozenset({"a"})))) == ("extend", 1, 5, 15)
    assert decided(step(sized(16), known)) == ("extend", 1, 6, 16)
    assert decided(step(sized(10), known)) == ("shrink", 0, 0, 10)
    assert decided(step(sized(9), known)) == ("shrink", 0, 0, 9)
    settled = replace(known, num_examples=10)
    assert decided(step(ITEM, settled)) == ("none", 0, 0, 10), "what failed is not wanted any more"
    assert settled.state == "ready"
    assert known.state == state

    # back to the definition whose last job came to nothing: the very request that did is not sent again
    away = entry(OTHER, bad, job(OTHER, 2))
    assert step(ITEM, away).action == "blocked"
    assert step(OTHER, away).action == "none"


def test_rows_that_were_rejected_are_held_against_new_checks_first() -> None:
    bad = job(ITEM, state="rejected", reason="too few", got=4)
    known = entry(ITEM, bad, checks={"min_accepted": 0.9})
    loose = replace(ITEM, checks={"min_accepted": 0.3})
    passes = {"kept": {"a": KeptRows("4 of 10 rows pass", (replace(bad, state="ready", reason=None),))}}
    one = step(loose, known, **passes)
    assert (decided(one), one.missing) == (("update", 0, 0, 10), 6)
    assert texts(one) == "checks: min_accepted: 0.9 → 0.3 | checks: 4 of 10 rows pass"
    fails = {"kept": {"a": KeptRows("2 of 10 rows pass", (replace(bad, reason="still too few"),))}}
    one = step(loose, known, **fails)
    assert decided(one) == ("blocked", 0, 0, 10)
    assert texts(one).startswith("dataset_name: the last job of this definition was rejected: still too few")
    assert step(loose, known, present=frozenset()).action == "blocked", "the rows are not here"
    assert step(loose, known, Choices(retry=frozenset({"a"}))).action == "create"
    failed = entry(ITEM, replace(bad, state="failed"), checks={"min_accepted": 0.9})
    assert step(loose, failed).action == "blocked", "no check makes a failed job better"
    away = replace(known, definition=OTHER.definition, fingerprint=OTHER.fingerprint, checks=loose.checks)
    assert decided(step(loose, away)) == ("blocked", 0, 0, 10)
    assert decided(step(loose, away, **passes)) == ("restore", 0, 0, 10)


TIGHT = replace(ITEM, checks={"min_chars": 90})
BROKEN = KeptRows("3 of 10 rows pass, so …", (job(ITEM, state="rejected", got=3, reason="too few"),), broken=True)


def test_checks_that_rows_do_not_meet_block_the_step_and_buy_nothing() -> None:
    known = entry(ITEM, job(ITEM))
    one = step(TIGHT, known, kept={"a": BROKEN})
    assert decided(one) == ("blocked", 0, 0, 10)
    assert texts(one) == "checks: 3 of 10 rows pass, so … | checks: min_chars: (none) → 90"
    assert one.command == ("loosen `checks` in the spec, or: pioneer-build apply --retry a  (requests the rows again)")
    more = replace(sized(15), checks=TIGHT.checks)
    one = step(more, known, kept={"a": BROKEN})
    assert decided(one) == ("blocked", 0, 0, 15), "nothing is added to a dataset whose rows don't pass"
    assert "num_examples: 10 → 15" in texts(one)
    topped_up = declared(replace(ITEM.spec, top_up=TopUp(3)), {"min_chars": 90})
    assert decided(step(topped_up, known, kept={"a": BROKEN})) == ("blocked", 0, 0, 10)
    retry = Choices(retry=frozenset({"a"}))
    one = step(TIGHT, known, retry, kept={"a": BROKEN})
    assert (decided(one), {why.field for why in one.reasons}) == (("create", 1, 10, 10), {"checks"}), "not its last job"
    assert decided(step(more, known, retry, kept={"a": BROKEN})) == ("create", 1, 15, 15)
    open_job = job(ITEM, 2, state="open", got=None, rows=None)
    assert step(TIGHT, entry(ITEM, job(ITEM), open_job), kept={"a": BROKEN}).action == "resume", "it is paid for"


def test_what_blocks_a_renamed_dataset_is_said_first() -> None:
    item = replace(TIGHT, spec=replace(TIGHT.spec, dataset_name="b", renamed_from="a"))
    one = step(item, entry(ITEM, job(ITEM)), kept={"b": BROKEN})
    assert texts(one) == ("checks: 3 of 10 rows pass, so … | checks: min_chars: (none) → 90 | renamed_from: was 'a'"), (
        "`apply` says only the first reason"
    )
    assert (one.action, one.renamed_from) == ("blocked", "a")


def test_checks_that_most_rows_meet_are_an_update_that_says_how_many() -> None:
    known = entry(ITEM, job(ITEM))
    kept = {"a": KeptRows("8 of 10 rows pass; 2 are too short", (job(ITEM, got=8),))}
    one = step(TIGHT, known, kept=kept)
    assert (decided(one), one.missing) == (("update", 0, 0, 10), 2)
    assert texts(one) == "checks: min_chars: (none) → 90 | checks: 8 of 10 rows pass; 2 are too short"
    one = step(replace(sized(15), checks=TIGHT.checks), known, kept=kept)
    assert (decided(one), one.missing) == (("extend", 1, 5, 15), 0)
    assert "8 of 10 rows pass" in texts(one)
    item = declared(replace(ITEM.spec, top_up=TopUp(3)), {"min_chars": 90})
    one = step(item, known, kept=kept)
    assert decided(one) == ("extend", 1, 2, 10), "the spec says so, and the plan shows it"


def test_rows_to_check_that_are_not_here_are_fetched_first() -> None:
    known = entry(ITEM, job(ITEM))
    one = step(TIGHT, known, kept={"a": KeptRows("10 rows to check are not on this machine", here=False)})
    assert (decided(one), one.fetch) == (("update", 0, 0, 10), True)
    assert texts(one) == "checks: min_chars: (none) → 90 | checks: 10 rows to check are not on this machine", "once"
    assert plan(TIGHT, lock=lock_of(known)).changes


def test_a_saved_plan_depends_on_how_the_rows_were_judged() -> None:
    known = entry(ITEM, job(ITEM))
    bases = [
        step(TIGHT, known, kept={"a": KeptRows(f"{got} of 10 rows pass", (job(ITEM, got=got),))}).basis
        for got in (8, 9, 9)
    ]
    assert bases[0] != bases[1] == bases[2] != step(TIGHT, known).basis


def test_open_and_unknown_jobs_of_whatever_definition() -> None:
    open_job = job(ITEM, state="open", got=None, rows=None)
    one = step(ITEM, entry(ITEM, open_job))
    assert (decided(one), one.command) == (("resume", 0, 0, 10), None)
    assert texts(one) == "dataset_name: job job-1 is open"
    one = step(OTHER, entry(ITEM, open_job))
    assert decided(one) == ("resume", 0, 0, 10)
    assert [why.field for why in one.reasons] == ["dataset_name", "labels"], "all reasons are listed"
    assert decided(step(ITEM, entry(ITEM, open_job), Choices(retry=frozenset({"a"})))) == ("create", 1, 10, 10)

    unknown = job(ITEM, state="unknown", job_id=None, version=None, got=None, rows=None, submissions=("t",))
    one = step(ITEM, entry(ITEM, unknown))
    assert decided(one) == ("reconcile", 0, 0, 10)
    assert one.command == (
        "pioneer-build apply  (looks for the job; otherwise: pioneer-build adopt a JOB_ID,"
        " or pioneer-build apply --resubmit a)"
    )
    assert "10 examples to 'a' was sent, but no response was received" in texts(one)
    both = entry(ITEM, unknown, replace(open_job, order=1))
    assert step(ITEM, both).action == "reconcile"
    assert step(ITEM, both, Choices(resubmit=frozenset({"a"}))).action == "resume"
    again = step(ITEM, entry(ITEM, unknown), Choices(resubmit=frozenset({"a"})))
    assert decided(again) == ("create", 1, 10, 10)
    assert "got no response" in texts(again)
    assert step(ITEM, entry(ITEM, unknown), Choices(retry=frozenset({"a"}))).action == "reconcile"
    label = declared(label_spec("a"))
    inputs = {"a": InputFacts("d", 2, 2, 2)}
    assert step(label, entry(ITEM, open_job), inputs=inputs).action == "resume", "a label spec loses no job either"


def test_missing_rows_are_asked_for_again_within_bounds() -> None:
    item = declared(replace(ITEM.spec, top_up=TopUp(2)))
    short = entry(item, job(item, got=7))
    one = step(item, short)
    assert decided(one) == ("extend", 1, 3, 10)
    assert texts(one) == "top_up: 3 rows missing: fewer were accepted than requested"
    assert step(ITEM, short).action == "none", "without top_up the author takes what there is"
    assert step(item, entry(item, job(item, got=None, rows=None))).action == "none"
    second = replace(short, jobs=(*short.jobs, job(item, 2, asked=3, got=1, top_up=True)))
    assert decided(step(item, second)) == ("extend", 1, 2, 10)
    third = replace(second, jobs=(*second.jobs, job(item, 3, asked=2, got=1, top_up=True)))
    assert step(item, third).action == "none", "as often as the spec allows"
    assert decided(step(declared(replace(item.spec, num_examples=12)), third)) == ("extend", 1, 2, 12)
    failed = replace(short, jobs=(*short.jobs, job(item, 2, asked=3, state="failed", top_up=True, got=None)))
    assert step(item, failed).action == "blocked"
    assert decided(step(item, failed, Choices(retry=frozenset({"a"})))) == ("extend", 1, 3, 10)
    assert step(ITEM, failed).action == "none"
    assert failed.state == "ready"
    rejected = replace(short, jobs=(*short.jobs, job(item, 2, asked=3, got=0, state="rejected", top_up=True)))
    assert step(item, rejected).action == "blocked"
    assert step(ITEM, rejected).action == "blocked"
    assert rejected.state == "rejected"
    assert decided(step(ITEM, rejected, Choices(retry=frozenset({"a"})))) == ("extend", 1, 3, 10)
    shrunk = declared(replace(item.spec, num_examples=7))
    assert step(shrunk, rejected).action == "shrink"


def test_rows_that_are_not_here() -> None:
    known = entry(ITEM, job(ITEM))
    one = step(ITEM, known, present=frozenset())
    assert (decided(one), one.fetch) == (("fetch", 0, 0, 10), True)
    assert not plan(ITEM, lock=lock_of(known), present=frozenset()).changes
    longer = step(sized(12), known, present=frozenset())
    assert (decided(longer), longer.fetch) == (("extend", 1, 2, 12), True)
    assert "not on this machine" in texts(longer)
    assert step(ITEM, entry(ITEM, job(ITEM, rows=None, verified=False)), present=frozenset()).action == "none"
    assert set(SETTLED) == {"none", "fetch"}


def test_rows_that_were_topped_up_are_none_that_were_asked_for() -> None:
    filled = (job(ITEM, 1, got=7), job(ITEM, 2, asked=3, got=3, top_up=True))
    failed = job(ITEM, 3, asked=3, state="failed", got=None, rows=None)
    assert entry(sized(13), *filled, failed).state == "failed"
    assert entry(sized(10), *filled, failed).state == "ready"


def test_rows_that_were_never_received_are_fetched_and_change_nothing() -> None:
    owed = entry(ITEM, job(ITEM, rows=None, verified=False, owed=True))
    one = step(ITEM, owed)
    assert (one.action, one.requests, one.fetch, [reason.text for reason in one.reasons]) == (
        "fetch", 0, True, [f"the rows of {owed.jobs[0].named} were never received"]
    )  # fmt: skip
    never = replace(owed, jobs=(replace(owed.jobs[0], owed=False),))
    assert step(ITEM, never).action == "none"
    assert step(ITEM, owed).evidence() != step(ITEM, never).evidence()
    more = step(declared(generate_spec("a", ("x", "y"), 12)), owed)
    assert (more.action, more.examples, more.fetch) == ("extend", 2, True)


@pytest.mark.parametrize("later", [False, True])
def test_rows_that_are_gone_are_bought_again_only_if_the_user_says_so(later: bool) -> None:
    gone = job(ITEM, state="failed", rows=None, got=None, reason=f"{ROWS_GONE}: not found (404)")
    more = (job(ITEM, 2, asked=2, got=2),) if later else ()
    item = declared(generate_spec("a", ("x", "y"), 12 if later else 10))
    known = replace(entry(item), jobs=(gone, *more))
    one = step(item, known)
    assert (one.action, one.requests) == ("blocked", 0)
    assert ROWS_GONE in one.reasons[0].text
    assert "--retry a" in (one.command or "")
    again = step(item, known, Choices(retry=frozenset({"a"})))
    assert (again.requests, again.examples) == (1, 10)


def test_rows_that_were_rejected_and_are_elsewhere_are_said_before_the_step_is_blocked() -> None:
    bad = job(ITEM, state="rejected", reason="too few", got=4, quarantined="sha256:bad")
    known = entry(ITEM, bad)
    said = "the rows of job job-1, which was rejected, are not on this machine: `apply` fetches and checks them"
    here = frozenset({bad.rows, bad.quarantined})
    assert said not in texts(step(ITEM, known, present=here))
    for present in (frozenset(), frozenset({bad.rows}), frozenset({bad.quarantined})):
        one = step(ITEM, known, present=present)
        assert (one.action, one.fetch) == ("blocked", True)
        assert said in texts(one)
    replaced = replace(known, jobs=(replace(bad, superseded=True),))
    assert said not in texts(step(ITEM, replaced, present=frozenset()))
    failed = replace(known, jobs=(replace(bad, state="failed"),))
    assert said not in texts(step(ITEM, failed, present=frozenset()))
