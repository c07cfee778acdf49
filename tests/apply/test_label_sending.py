"""Label steps of several runs over one store, in one process: who sends which texts, and who waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.errors import KeyRepeated, NoAccess, NotReached, Refused
from pioneer_build.ports import Labelled
from tests.apply.labelling import Project, result
from tests.apply.world import BACKEND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pioneer_build.errors import ServiceError
    from pioneer_build.store.claims import Claims


def fingerprint_of(project: Project) -> str:
    fingerprint: str = project.entry().fingerprint
    return fingerprint


class Another:
    """Another run, which has claimed texts of the project; `then` is what it does while the project waits."""

    def __init__(self, project: Project, texts: Sequence[str], then: Callable[[Another], None]) -> None:
        from pioneer_build.inputs import text_digest

        self.project = project
        self.digests = [text_digest(text) for text in texts]
        self.store = project.store.annotations(BACKEND, fingerprint_of(project))
        self.claims: Claims = self.store.claims().__enter__()
        self.claim = self.claims.claim(b"".join(self.digests))
        assert len(self.claim.digests) == 16 * len(texts)
        self.then = then
        real = project.clock.sleep

        async def sleep(seconds: float) -> None:
            if self.claim.digests:
                self.then(self)
            await real(seconds)

        project.clock.sleep = sleep  # type: ignore[method-assign]

    def finish(self) -> None:
        self.store.add([(digest, b'{"label":"x"}\n') for digest in self.digests])
        self.give_up()

    def give_up(self) -> None:
        self.claims.release(self.claim)
        self.claim = type(self.claim)()


def waits(project: Project) -> list[str]:
    return [event.text for event in project.events if event.kind == "waiting"]


def notes(project: Project) -> list[str]:
    return [event.text for event in project.events if event.kind == "note"]


def test_texts_of_another_run_are_waited_for_and_not_sent(project: Project) -> None:
    project.apply()
    project.texts = tuple(f"new {number}" for number in range(30))
    Another(project, project.texts[:10], Another.finish)
    report = project.apply()
    assert (result(report), report.requests, report.examples) == ("done", 1, 20)
    assert project.service.requests[1:] == [project.texts[10:]]
    (said,) = waits(project)
    assert said.startswith("10 texts are being labelled by process ")
    assert said.endswith("; waiting, so that nothing is paid for twice")
    assert notes(project) == ["10 texts were labelled by another run, and not sent again"]
    assert project.entry().examples == 30


def test_texts_that_another_run_gives_up_are_sent(project: Project) -> None:
    project.apply()
    project.texts = tuple(f"new {number}" for number in range(30))
    Another(project, project.texts, Another.give_up)
    report = project.apply()
    assert (result(report), report.requests, report.examples, report.resent_examples) == ("done", 1, 30, 0)


def test_texts_of_a_run_that_died_are_sent_and_it_is_said(project: Project) -> None:
    project.apply()
    project.texts = tuple(f"new {number}" for number in range(30))

    def die(another: Another) -> None:
        assert another.claims._process is not None
        another.claims._process.close()
        another.claim = type(another.claim)()

    Another(project, project.texts[:10], die)
    report = project.apply()
    assert (result(report), report.requests, report.examples) == ("done", 2, 30)
    assert (report.resent_requests, report.resent_examples) == (1, 10)
    (said,) = notes(project)
    assert said == (
        "10 texts were in flight in a run that ended without recording a response: they are sent again, and may be paid"
        " for twice"
    )


ENDS = ("budget", "outage", "Ctrl-C", "no access")


@pytest.mark.parametrize("end", ENDS)
def test_texts_without_a_response_are_called_sent_again_however_the_run_ended(project: Project, end: str) -> None:
    project.texts = tuple(f"new {number}" for number in range(30))
    out_of = {"budget": {"max_requests": 1}}.get(end, {})
    lose(project, end)
    first = project.apply(**out_of)
    if end != "Ctrl-C":
        assert first.resent_requests == {"budget": 0, "outage": 4, "no access": 0}[end]
        assert "30 texts were sent without getting a response: labelling them again may cost twice" in (
            first.outcomes[0].message
        )
    project.service.label = project.honest  # type: ignore[attr-defined]
    project.service.fail = lambda texts: False
    project.events.clear()
    report = project.apply()
    assert (result(report), report.requests, report.resent_requests, report.resent_examples) == ("done", 1, 1, 30)
    (reason,) = [one.text for one in project.plan.steps[0].reasons if "sent before" in one.text]
    assert reason == "30 texts were sent before, and no response was recorded: labelling them again may cost twice"
    (said,) = [event for event in project.events if event.kind == "note"]
    assert (said.text[:35], said.fields) == ("30 texts were in flight in a run that"[:35], {"paid_twice": 30})
    # and no longer
    project.texts += ("one more",)
    report = project.apply()
    assert (result(report), report.requests, report.resent_requests) == ("done", 1, 0)
    assert not [one.text for one in project.plan.steps[0].reasons if "sent before" in one.text]


def lose(project: Project, end: str) -> None:
    """Has the responses of the next run lost, until it ends in this way."""
    project.honest = project.service.label  # type: ignore[attr-defined]

    async def cut_off(*_: Any) -> Labelled:
        project.service.requests.append(())
        raise asyncio.CancelledError

    async def repeats_the_key(*_: Any) -> Labelled:
        project.service.requests.append(())
        raise KeyRepeated("the response has the key", status=200)

    project.service.fail = lambda texts: True
    if end == "Ctrl-C":
        project.service.label = cut_off  # type: ignore[method-assign]
    elif end == "no access":
        project.service.label = repeats_the_key  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "error", [Refused("not so", status=401), NotReached("can't reach it"), NoAccess("no", status=402)]
)
def test_what_was_certainly_not_accepted_is_not_called_sent_again(project: Project, error: ServiceError) -> None:
    honest = project.service.label

    async def refuse(*_: Any) -> Labelled:
        project.service.requests.append(())
        raise error

    project.texts = tuple(f"new {number}" for number in range(30))
    project.service.label = refuse  # type: ignore[method-assign]
    first = project.apply()
    assert "without getting a response" not in first.outcomes[0].message
    project.service.label = honest  # type: ignore[method-assign]
    report = project.apply(retry=True)
    assert (result(report), report.resent_requests, notes(project)) == ("done", 0, [])


def test_what_a_run_that_was_killed_left_is_remembered_by_one_that_does_not_come_to_it(project: Project) -> None:
    """Two batches were in flight; the next run's budget is enough for one of them."""
    project.apply()
    project.texts = tuple(f"new {number}" for number in range(2000))
    gone = Another(project, project.texts, lambda another: None)
    assert gone.claims._process is not None
    gone.claims._process.close()
    gone.claim = type(gone.claim)()
    first = project.apply(max_requests=1)
    assert (first.requests, first.resent_examples) == (1, 1000)
    report = project.apply()
    assert (result(report), report.requests, report.resent_examples) == ("done", 1, 1000)


def test_a_run_that_waited_says_what_it_sends_again(project: Project) -> None:
    project.apply()
    project.texts = tuple(f"new {number}" for number in range(30))

    def run_out(another: Another) -> None:
        another.claims.release(another.claim, b"".join(another.digests[:10]))
        another.claim = type(another.claim)()

    Another(project, project.texts, run_out)
    report = project.apply()
    assert (result(report), report.requests, report.resent_requests, report.resent_examples) == ("done", 1, 1, 10)


def test_an_interrupt_ends_the_waiting(project: Project) -> None:
    project.apply()
    project.texts = ("new",)
    Another(project, project.texts, lambda another: None)
    report = project.apply(interrupt_at=1)
    assert report.interrupted
    assert len(project.service.requests) == 1


def test_nothing_is_sent_if_the_claim_can_not_be_written(project: Project) -> None:
    project.apply()
    project.texts = ("new",)
    folder = project.store.annotations(BACKEND, fingerprint_of(project))._folder / "claims"
    for path in (*folder.glob("live/*"), *folder.glob("0*")):
        path.unlink()
    (folder / "live").rmdir()
    (folder / "live").write_text("in the way")
    report = project.apply()
    assert (result(report), report.requests) == ("stopped", 0)
    assert str(folder / "live") in report.outcomes[0].message
    assert len(project.service.requests) == 1


def test_a_response_that_repeats_other_texts_is_quarantined_text_by_text(project: Project) -> None:
    answer = project.service.label

    async def label(*arguments: Any) -> Labelled:
        good = await answer(*arguments)
        return Labelled(good.items, unaligned=frozenset({3, 4}))

    project.service.label = label  # type: ignore[method-assign]
    assert result(project.apply()) == "rejected"
    assert project.entry().examples == 38
    assert project.apply().outcomes == ()
    # a whole response: nothing more is sent
    project.service.label = answer  # type: ignore[method-assign]
    project.apply(retry=True)

    async def mixed_up(*arguments: Any) -> Labelled:
        good = await answer(*arguments)
        await asyncio.sleep(0)
        return Labelled(good.items, unaligned=frozenset(range(len(good.items))))

    project.texts = tuple(f"later {number}" for number in range(3000))
    project.service.label = mixed_up  # type: ignore[method-assign]
    before = len(project.service.requests)
    report = project.apply()
    assert "with annotations of other texts" in report.outcomes[0].message
    assert len(project.service.requests) == before + 1


@pytest.mark.parametrize(("alone", "at_first"), [(True, 1), (False, 3)])
def test_the_first_request_is_alone_if_that_is_wanted(tmp_path: Path, *, alone: bool, at_first: int) -> None:
    project = Project(tmp_path)
    project.texts = tuple(f"text {n}" for n in range(3000))
    under_way: list[int] = []
    real = project.service.label

    async def label(*args: Any) -> Labelled:
        under_way.append(len(under_way) + 1 - len(project.service.requests))
        for _ in range(20):
            await asyncio.sleep(0)
        return await real(*args)

    project.service.label = label  # type: ignore[method-assign]
    assert result(project.apply(first_alone=alone)) == "done"
    assert sum(1 for _ in under_way) == 3
    assert max(under_way[: 1 if alone else 3]) == at_first
