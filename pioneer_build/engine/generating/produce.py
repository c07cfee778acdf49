"""The rows of a job, one after another; each is determined by seed, dataset, definition, ordinal and attempt."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pioneer_build.draws import Draw
from pioneer_build.engine.embedding import embedder
from pioneer_build.engine.generating.classification import ClassRows
from pioneer_build.engine.generating.decoder import MessageRows
from pioneer_build.engine.generating.ner import EntityRows
from pioneer_build.engine.generating.rejects import Reject, Shortfall
from pioneer_build.engine.labelling.label_guidance import LabelGuidance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pioneer_build.engine.requests import GenerateRequest

#: Candidates per row; and the number of rows that may fail before the job is given up.
_ATTEMPTS = 40
_GIVE_UP = 5
#: Rows whose first candidates are generated in advance, so that they can be embedded on all cores.
_AHEAD = 64
_WORD = re.compile(r"\w+")


class RowMaker(Protocol):
    """Generates the rows of one definition."""

    def candidate(self, draw: Draw, ordinal: int) -> dict[str, Any]:
        """The row at `ordinal`, as determined by `draw`.

        Raises:
            Reject: it is not good enough.
        """
        ...


@runtime_checkable
class CheckingRowMaker(RowMaker, Protocol):
    """A maker that embeds each row to check it."""

    def check(self, row: dict[str, Any], attempt: int) -> None:
        """Checks a candidate; later attempts are checked less strictly.

        Raises:
            Reject: it is not good enough.
        """
        ...


def produce(
    request: GenerateRequest,
    *,
    seed: int,
    earlier: Sequence[dict[str, Any]],
    on_progress: Callable[[int], None],
) -> list[dict[str, Any]]:
    """The rows that a request asks for, after `earlier`.

    Args:
        request: the request.
        seed: the engine's random seed.
        earlier: rows that the dataset already has; the ordinals continue after them.
        on_progress: called now and then with the number of rows; its exceptions are not caught.

    Raises:
        Shortfall: too many candidates were refused; it says how many rows there were, and why.
    """
    return collect(_maker(request), request, seed=seed, earlier=earlier, on_progress=on_progress)


def collect(
    maker: RowMaker,
    request: GenerateRequest,
    *,
    seed: int,
    earlier: Sequence[dict[str, Any]],
    on_progress: Callable[[int], None],
) -> list[dict[str, Any]]:
    """`produce` with the rows of `maker`.

    Args:
        maker: generates the candidates.
        request: as for `produce`.
        seed: as for `produce`.
        earlier: as for `produce`.
        on_progress: as for `produce`.

    Raises:
        Shortfall: as for `produce`.
    """
    key = (seed, request.dataset_name, request.canonical().decode())
    seen = {_likeness(row) for row in earlier}
    rows: list[dict[str, Any]] = []
    causes: Counter[str] = Counter()
    failed = 0
    ordinals = range(len(earlier), len(earlier) + request.num_examples)
    for done, ordinal in enumerate(ordinals):
        if done % _AHEAD == 0:
            on_progress(len(rows))
            _warm(maker, key, ordinals[done : done + _AHEAD])
        row = _row(maker, (*key, ordinal), seen, causes)
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


def _row(
    maker: RowMaker, base: tuple[int, str, str, int], seen: set[str], causes: Counter[str]
) -> dict[str, Any] | None:
    checking = maker if isinstance(maker, CheckingRowMaker) else None
    for attempt in range(_ATTEMPTS):
        try:
            row = maker.candidate(Draw(*base, attempt), base[3])
            likeness = _likeness(row)
            if likeness in seen:
                raise Reject("duplicate or near-duplicate")
            if checking is not None:
                checking.check(row, attempt)
        except Reject as reject:
            causes[str(reject)] += 1
        else:
            seen.add(likeness)
            return row
    return None


def _warm(maker: RowMaker, key: tuple[int, str, str], ordinals: range) -> None:
    """Embeds the first candidates of some rows together, on all cores. Doesn't affect the rows."""
    if not isinstance(maker, CheckingRowMaker):
        return
    texts = []
    for ordinal in ordinals:
        try:
            texts.append(maker.candidate(Draw(*key, ordinal, 0), ordinal)["text"])
        except Reject:
            continue
    embedder().embed(texts)


def _likeness(row: dict[str, Any]) -> str:
    """The same for rows that differ only in order, case, punctuation and numbers."""
    text = " ".join(message["content"] for message in row["messages"]) if "messages" in row else row["text"]
    return " ".join(sorted("0" if word.isdigit() else word for word in _WORD.findall(text.lower())))


def _maker(request: GenerateRequest) -> RowMaker:
    domain = request.definition().get("domain_description", "")
    if request.task_type == "ner":
        return EntityRows(request.labels or (), domain, LabelGuidance.of(request))
    if request.task_type == "classification":
        return ClassRows(request.labels or (), domain, LabelGuidance.of(request))
    return MessageRows(request.definition().get("prompt", ""), domain)
