"""What the requests of a plan will cost: model calls, tokens and money. Numbers in, numbers out.

A project's own jobs say best what a row costs. As long as there are none of a task, the length of the prompt has to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pioneer_build.lock.model import Tokens
from pioneer_build.spec.fingerprint import canonical_bytes
from pioneer_build.spec.model import InlineTexts
from pioneer_build.spec.request_limits import CHARACTERS_PER_CALL, TEXTS_PER_CALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.lock.model import Entry
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.settings import ModelSettings

#: Whether an estimate is from the project's own jobs, or from the length of the prompts.
CostBasis: TypeAlias = Literal["history", "estimate"]
#: A task, and whether texts are labelled rather than rows generated.
TaskWork: TypeAlias = "tuple[str, bool]"

#: Characters of a token, as a rule for English and code; other scripts take more tokens.
_CHARACTERS_A_TOKEN: Final = 4.0
#: Characters of what a prompt says besides the definition.
_INSTRUCTIONS: Final = 1_500
#: Characters of a definition that a prompt has at most: of many examples, it has some.
_DEFINITION_AT_MOST: Final = 12_000
#: Characters of a text to label, where its length isn't known.
_TEXT: Final = 400
#: Calls for a generated row: that of a classification is labelled again by a second one.
_CALLS_A_ROW: Final[Mapping[str, float]] = {"ner": 1.0, "classification": 2.0, "decoder": 1.0}
#: Calls per row that is kept, as some rows are refused.
_AGAIN: Final = 1.2
#: Tokens that are written for a row, or for the annotation of a text.
_WRITTEN: Final[Mapping[TaskWork, float]] = {
    ("ner", False): 120.0,
    ("classification", False): 80.0,
    ("decoder", False): 200.0,
    ("ner", True): 40.0,
    ("classification", True): 10.0,
}
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Rates:
    """What a million tokens cost that a model reads (`input`) and writes (`output`), in `currency`, if that is said."""

    input: float
    output: float
    currency: str | None = None

    @classmethod
    def of(cls, model: ModelSettings | None) -> Rates | None:
        """The prices in the settings of a model; `None` if there are none."""
        if model is None or model.prices is None:
            return None
        return cls(model.prices.input, model.prices.output, model.currency)

    def price(self, tokens: Tokens) -> float:
        """The price of tokens."""
        return (tokens.input * self.input + tokens.output * self.output) / _MILLION


@dataclass(frozen=True, slots=True)
class PerRow:
    """Model calls and tokens for one row, on average."""

    calls: float
    input: float
    output: float
    basis: CostBasis


@dataclass(frozen=True, slots=True)
class Estimate:
    """Model calls and tokens that a step will take, and what that was estimated from."""

    calls: int
    tokens: Tokens
    basis: CostBasis

    def __add__(self, other: Estimate) -> Estimate:
        tokens = Tokens(self.tokens.input + other.tokens.input, self.tokens.output + other.tokens.output)
        basis: CostBasis = "history" if self.basis == other.basis == "history" else "estimate"
        return Estimate(self.calls + other.calls, tokens, basis)


def spent_on(entries: Iterable[Entry]) -> Tokens | None:
    """All tokens that entries record, of jobs and of label requests; `None` if they record none.

    Args:
        entries: those of one backend.
    """
    spent = [
        tokens
        for entry in entries
        for tokens in (*(job.tokens for job in entry.jobs), *(tokens for _, tokens in entry.tokens))
        if tokens is not None
    ]
    return Tokens(sum(one.input for one in spent), sum(one.output for one in spent)) if spent else None


def estimate(rows: int, each: PerRow) -> Estimate:
    """What a number of rows takes.

    Args:
        rows: rows to generate, or texts to label.
        each: what one of them takes.
    """
    tokens = Tokens(ceil(rows * each.input), ceil(rows * each.output))
    return Estimate(ceil(rows * each.calls), tokens, each.basis)


def spent_per_row(entries: Iterable[Entry]) -> dict[TaskWork, tuple[float, float]]:
    """The tokens that a row of each kind of work has taken so far, read and written, on average over all jobs.

    Args:
        entries: those of one backend.
    """
    sums: dict[TaskWork, list[int]] = {}

    def add(work: TaskWork, tokens: Tokens, rows: int) -> None:
        total = sums.setdefault(work, [0, 0, 0])
        total[0] += tokens.input
        total[1] += tokens.output
        total[2] += rows

    for entry in entries:
        for job in entry.jobs:
            if job.tokens is not None and job.state in ("ready", "rejected"):
                add((entry.task_type, False), job.tokens, job.asked)
        paid = dict(entry.paid)
        for fingerprint, tokens in entry.tokens:
            add((entry.task_type, True), tokens, paid.get(fingerprint, 0))
    return {work: (read / rows, written / rows) for work, (read, written, rows) in sums.items() if rows}


def per_row(item: Declared, spent: Mapping[TaskWork, tuple[float, float]], votes: int = 1) -> PerRow:
    """What a row of a spec takes.

    Args:
        item: the spec.
        spent: as `spent_per_row` returns it.
        votes: how often a text is classified, unless the server gives probabilities: that isn't known before.
    """
    work = item.spec.task_type, item.spec.is_label
    guess = _from_prompt(item)
    if work == ("classification", True):
        guess = PerRow(votes * guess.calls, votes * guess.input, votes * guess.output, guess.basis)
    if work not in spent:
        return guess
    read, written = spent[work]
    return PerRow(guess.calls, read, written, "history")


def _from_prompt(item: Declared) -> PerRow:
    """What a row of a spec takes, as far as the length of its prompt shows."""
    spec = item.spec
    definition = min(len(canonical_bytes(item.definition)), _DEFINITION_AT_MOST)
    prompt = (_INSTRUCTIONS + definition) / _CHARACTERS_A_TOKEN
    written = _WRITTEN.get((spec.task_type, spec.is_label), 0.0)
    if spec.inputs is None:
        calls = _CALLS_A_ROW[spec.task_type] * _AGAIN
        return PerRow(calls, calls * prompt, _AGAIN * written, "estimate")
    text = float(_TEXT)
    if isinstance(spec.inputs, InlineTexts):
        text = sum(map(len, spec.inputs.texts)) / len(spec.inputs.texts)
    together = max(1.0, min(TEXTS_PER_CALL, CHARACTERS_PER_CALL // max(text, 1.0)))  # texts in one call
    return PerRow(1 / together, prompt / together + text / _CHARACTERS_A_TOKEN, written, "estimate")
