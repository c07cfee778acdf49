"""A job's rows, one after another; each decided by seed, dataset, definition, ordinal and attempt."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from pioneer_build.engine.generating.draw import Draw
from pioneer_build.engine.generating.rejects import Reject
from pioneer_build.engine.workers import Shortfall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pioneer_build.engine.requests import GenerateRequest

#: Candidates a row; and how many rows in a row may fail before the job does.
_ATTEMPTS = 40
_GIVE_UP = 5
#: Rows whose first candidates are made ahead, so that their meaning is computed on all cores.
_AHEAD = 64
_WORD = re.compile(r"\w+")


class Rows(Protocol):
    """What makes the rows of one definition."""

    def candidate(self, draw: Draw, ordinal: int) -> dict[str, Any]:
        """A row; raises `Reject` where it is no good."""
        ...


def produce(
    request: GenerateRequest,
    *,
    seed: int,
    earlier: Sequence[dict[str, Any]],
    on_progress: Callable[[int], None],
) -> list[dict[str, Any]]:
    """The rows that a request asks for, following `earlier`.

    Raises:
        Shortfall: too many candidates were refused; it says how many rows there were, and why.
    """
    return collect(_maker(request), request, seed=seed, earlier=earlier, on_progress=on_progress)


def collect(
    maker: Rows,
    request: GenerateRequest,
    *,
    seed: int,
    earlier: Sequence[dict[str, Any]],
    on_progress: Callable[[int], None],
) -> list[dict[str, Any]]:
    """`produce` with the rows of `maker`."""
    definition = request.canonical().decode()
    seen = {_likeness(row) for row in earlier}
    rows: list[dict[str, Any]] = []
    causes: Counter[str] = Counter()
    failed = 0
    first = len(earlier)
    for ordinal in range(first, first + request.num_examples):
        base = (seed, request.dataset_name, definition, ordinal)
        if (ordinal - first) % _AHEAD == 0:
            on_progress(len(rows))
            _warm(
                maker,
                request,
                seed,
                definition,
                range(ordinal, min(ordinal + _AHEAD, first + request.num_examples)),
            )
        row = _row(maker, base, seen, causes)
        if row is None:
            failed += 1
            if failed >= _GIVE_UP:
                break
        else:
            rows.append(row)
    if failed:
        refused = ", ".join(f"{count} {cause}" for cause, count in causes.most_common())
        raise Shortfall(
            "Generation produced too few valid samples: "
            f"requested {request.num_examples}, produced {len(rows)}, rejected {sum(causes.values())} candidates "
            f"({refused}). Try adjusting your labels or adding more examples."
        )
    return rows


def _row(maker: Rows, base: tuple[int, str, str, int], seen: set[str], causes: Counter[str]) -> dict[str, Any] | None:
    for attempt in range(_ATTEMPTS):
        try:
            row = maker.candidate(Draw(*base, attempt), base[3])
            likeness = _likeness(row)
            if likeness in seen:
                raise Reject("duplicate or near-duplicate")
            check = getattr(maker, "check", None)
            if check is not None:
                check(row, attempt)
        except Reject as reject:
            causes[str(reject)] += 1
        else:
            seen.add(likeness)
            return row
    return None


def _warm(maker: Rows, request: GenerateRequest, seed: int, definition: str, ordinals: range) -> None:
    """Embeds the first candidates of some rows together. Decides nothing."""
    if not hasattr(maker, "check"):
        return
    from pioneer_build.engine.embedding import meaning

    texts = []
    for ordinal in ordinals:
        try:
            texts.append(maker.candidate(Draw(seed, request.dataset_name, definition, ordinal, 0), ordinal)["text"])
        except Reject:
            continue
    meaning().embed(texts)


def _likeness(row: dict[str, Any]) -> str:
    """The same for rows that differ in no more than order, case, marks and numbers."""
    text = " ".join(message["content"] for message in row["messages"]) if "messages" in row else row["text"]
    return " ".join(sorted("0" if word.isdigit() else word for word in _WORD.findall(text.lower())))


def _maker(request: GenerateRequest) -> Rows:
    domain = request.definition().get("domain_description", "")
    if request.task_type == "ner":
        from pioneer_build.engine.generating.ner import EntityRows

        return EntityRows(request.labels or (), domain)
    if request.task_type == "classification":
        from pioneer_build.engine.generating.classification import ClassRows

        examples = [(shot.text, shot.label) for shot in request.classified_examples or ()]
        return ClassRows(request.labels or (), domain, examples)
    from pioneer_build.engine.generating.decoder import MessageRows

    return MessageRows(request.definition().get("prompt", ""), domain)
