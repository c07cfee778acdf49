"""Locks of every shape, and records of one world as several branches may hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pioneer_build.lock.gold import Drift, Gain, GoldMeasure, LabelCounts
from pioneer_build.lock.merge import merge_jobs, merge_publications
from pioneer_build.lock.model import (
    Corrections,
    Entry,
    Job,
    Labelling,
    LabelSample,
    Lock,
    Part,
    Parts,
    Publication,
    Rejection,
    Tokens,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

STATES = ("open", "ready", "failed", "rejected", "unknown")
NAMES = st.sampled_from(("a", "a-b", "b", "local", "pioneer", "tickets", "base_name"))
BACKENDS = st.sampled_from(("local", "pioneer", "https://host/v1"))
WORDS = ("x", "", "é", "<<<<<<< x", "a\u2028=======", "\ud800", '"}\n', "\x7f\\")


class Dice:
    """Choices out of one number, so that an example is quickly drawn; 0 chooses the plainest of everything."""

    def __init__(self, number: int) -> None:
        self.number = number

    def below(self, sides: int) -> int:
        self.number, rolled = divmod(self.number, sides)
        return rolled

    def of(self, choices: Sequence[Any]) -> Any:
        return choices[self.below(len(choices))]

    def maybe(self, value: Any) -> Any:
        return self.of((None, value))

    def flag(self) -> bool:
        return self.below(2) == 1

    def digest(self) -> str:
        return f"sha256:{self.below(4):064x}"

    def fingerprint(self) -> str:
        return f"fp1:{self.below(3):064x}"

    def count(self) -> int:
        return self.of((0, 1, 7, 10**6))

    def measure(self) -> float:
        return self.of((0.0, 1.0, -0.25, 2 / 3))

    def words(self) -> tuple[str, ...]:
        return self.of(((), ("x",), ("a\u2028=======", "x")))

    def tokens(self) -> Tokens:
        return Tokens(self.count(), self.count())


def _job(dice: Dice) -> Job:
    """One of a few jobs that there are in the world, as far as somebody knows it.

    A job has one id, one submission and one version, whoever tells of it.
    """
    number = dice.below(5)
    known = dice.of(("id", "version", "submission"))
    state = dice.of(("unknown", "failed") if known == "submission" else STATES[:4])
    return Job(
        fingerprint=f"fp1:{number % 2:064x}",
        remote_name=f"remote-{number % 2}",
        asked=10 * number + 1,
        state=state,
        order=dice.below(4),
        job_id=f"job-{number}" if known == "id" else None,
        version=f"{number + 1}" if known == "version" or (known == "id" and dice.flag()) else None,
        got=dice.maybe(dice.count()),
        rows=dice.maybe(dice.digest()),
        verified=dice.flag(),
        inferred=dice.flag(),
        top_up=dice.flag(),
        deleted=dice.flag(),
        quarantined=dice.maybe(dice.digest()),
        revision=dice.maybe("engine-1"),
        reason=dice.maybe(dice.of(WORDS)),
        submissions=(f"token-{number}",) if known == "submission" or dice.flag() else (),
        **(_job_of_version_2(dice) if dice.flag() else {}),
    )


def _job_of_version_2(dice: Dice) -> dict[str, Any]:
    return {
        "approximate": dice.words(),
        "owed": dice.flag(),
        "sampled": dice.flag(),
        "superseded": dice.flag(),
        "tokens": dice.maybe(dice.tokens()),
    }


def _publication(dice: Dice) -> Publication:
    """One of a few uploads that there are in the world, as far as somebody knows it."""
    number = dice.below(4)
    known = dice.flag()
    return Publication(
        content=f"sha256:{number:064x}",
        remote_name=f"remote-{number % 2}",
        rows=number,
        state=dice.of(("open", "ready", "failed")) if known else dice.of(("unknown", "failed")),
        version=f"{9 + number}" if known else None,
        split=dice.maybe("train"),
        upload=dice.maybe("17"),
        reason=dice.maybe(dice.of(WORDS)),
        submissions=(f"upload-{number}",) if not known or dice.flag() else (),
    )


def _gold(dice: Dice) -> GoldMeasure:
    value = dice.maybe(dice.measure())
    return GoldMeasure(
        kind=dice.of(("agreement", "probe")),
        metric=dice.of(("accuracy", "span_f1", "exact_match")),
        gold=dice.digest(),
        n=dice.count(),
        content=dice.digest(),
        rows=dice.count(),
        fingerprint=dice.fingerprint(),
        revision="gold-1",
        model=dice.maybe(dice.digest()),
        value=value,
        interval=None if value is None else (dice.measure(), dice.measure()),
        kappa=dice.maybe(dice.measure()),
        last_doubling=dice.maybe(Gain(dice.measure(), (dice.measure(), dice.measure()))),
        drift=dice.maybe(Drift(dice.digest(), dice.measure(), dice.maybe(dice.measure()))),
        contamination=dice.maybe(dice.count()),
        per_label=dice.of(((), (LabelCounts("x", 3, 0, 0), LabelCounts("\ud800", 0, 2, 1)))),
        bounds=dice.of(({}, {"min_accuracy": 0.7504, "max_contamination": 0})),
        more=dice.of(({}, {"rows_and_gold": 0.12345})),
    )


def _entry_of_version_2(dice: Dice) -> dict[str, Any]:
    parts = (
        Part(dice.digest(), dice.count(), dice.count(), dataset="b"),
        Part(dice.digest(), 3, 2, path="../data/x.jsonl", quarantined=dice.maybe(dice.digest())),
    )
    tokens = {dice.fingerprint(): dice.tokens() for _ in range(dice.below(3))}
    return {
        "gold": dice.maybe(_gold(dice)),
        "corrections": dice.maybe(Corrections(dice.digest(), dice.digest(), dice.digest(), 9, 1, 0, dice.count())),
        "published": merge_publications(_publication(dice) for _ in range(dice.below(4))),
        "parts": dice.maybe(Parts(dice.fingerprint(), dice.digest(), dice.digest(), dice.count(), parts)),
        "sampled": dice.maybe(LabelSample(dice.fingerprint(), dice.digest(), 5, 4, dice.digest())),
        "tokens": tuple(sorted(tokens.items(), key=lambda item: item[0])),
    }


def _entry(name: str, backend: str, dice: Dice, jobs: Sequence[Job]) -> Entry:
    definition: dict[str, Any] = {"task_type": dice.of(("ner", "classification"))}
    if dice.flag():
        definition["labels"] = sorted({dice.of(WORDS), dice.of(WORDS)})
    if dice.flag():
        definition["classified_examples"] = [{"label": dice.of(WORDS), "text": dice.of(WORDS)}]
    if dice.flag():
        definition["ner_examples"] = [{"entities": [[dice.of(WORDS), dice.of(WORDS)]], "text": dice.of(WORDS)}]
    labelling = Labelling(
        dice.fingerprint(), dice.digest(), dice.count(), dice.count(), dice.count(), dice.count(), dice.count(),
        dice.digest(), dice.words(), *((dice.words(), dice.below(3)) if dice.flag() else ()),
    )  # fmt: skip
    rejection = Rejection(dice.fingerprint(), dice.digest(), dice.of(("failed", "rejected")), dice.of(WORDS))
    paid = {dice.fingerprint(): dice.count() for _ in range(dice.below(3))}
    return Entry(
        dataset_name=name,
        backend=backend,
        task_type=definition["task_type"],
        definition=definition,
        base_name=dice.of((name, "older")),
        num_examples=dice.maybe(dice.count()),
        jobs=merge_jobs(jobs),
        labelling=dice.maybe(labelling),
        rejection=dice.maybe(rejection),
        paid=tuple(sorted(paid.items())),
        protect=dice.flag(),
        on_change=dice.of(("new_name", "new_version")),
        checks=dice.of(({}, {"min_accepted": 0.5}, {"min_chars": 3, "no_overlap_with": ["b"]})),
        forgotten=dice.flag(),
        fingerprint=dice.fingerprint(),
        **(_entry_of_version_2(dice) if dice.flag() else {}),
    )


def _numbers(size: int) -> st.SearchStrategy[int]:
    """Numbers of so many bytes: whole numbers of a wide range are mostly drawn small, which would end the choices."""
    return st.binary(min_size=size, max_size=size).map(int.from_bytes)


_NUMBERS = _numbers(8)


def jobs() -> st.SearchStrategy[Job]:
    return _NUMBERS.map(lambda number: _job(Dice(number)))


def publications() -> st.SearchStrategy[Publication]:
    return _NUMBERS.map(lambda number: _publication(Dice(number)))


@st.composite
def entries(draw: st.DrawFn, name: str = "a", backend: str = "pioneer") -> Entry:
    known = [_job(Dice(number)) for number in draw(st.lists(_NUMBERS, max_size=4))]
    return _entry(name, backend, Dice(draw(_numbers(32))), known)


@st.composite
def locks(draw: st.DrawFn, most: int = 4) -> Lock:
    keys = draw(st.lists(st.tuples(NAMES, BACKENDS), max_size=most, unique=True))
    return Lock({key: draw(entries(*key)) for key in keys})
