"""The texts of an input that are sent: those still to be labelled, each once, in batches for label requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.inputs.digests import DIGEST_SIZE, text_digests
from pioneer_build.inputs.reading import InputText, placed_blocks
from pioneer_build.spec.request_limits import TEXT_BYTES_PER_REQUEST, TEXTS_PER_REQUEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pioneer_build.inputs.surveying import InputsSurvey
    from pioneer_build.spec.model import Inputs


def new_texts(
    inputs: Inputs,
    surveyed: InputsSurvey,
    missing: bytes,
    *,
    project_root: Path,
    spec_path: str,
    at: tuple[int, int] = (0, 0),
) -> Iterator[InputText]:
    """The texts still to be labelled: each distinct one once, at its first position, in the order of the input.

    Args:
        inputs: as in the spec.
        surveyed: the survey of `inputs`.
        missing: the digests of the texts to label, 16 bytes each, all different.
        project_root: the project's folder.
        spec_path: the spec's file, relative to the project.
        at: line and column of the spec's `inputs`, for messages.

    Raises:
        PioneerError: the files have changed since the survey; nothing more is yielded.
    """
    from pioneer_build.inputs.digest_sets import first_positions  # start-up: numpy is heavy

    positions = first_positions(surveyed.digests, missing)
    if not len(positions):
        return
    start = done = 0
    for path, block in placed_blocks(inputs, project_root=project_root, spec_path=spec_path, at=at):
        end = start + len(block.texts)
        upto = int(positions.searchsorted(end))
        here = (positions[done:upto] - start).tolist()
        texts = [block.texts[row] for row in here]
        known = [surveyed.digests[row * DIGEST_SIZE : (row + 1) * DIGEST_SIZE] for row in positions[done:upto].tolist()]
        if text_digests(texts) != b"".join(known):
            raise _moved_on(path)
        for row, text in zip(here, texts, strict=True):
            yield InputText(text, block.ids[row] if block.ids is not None else None, path, block.lines[row])
        start, done = end, upto
        if done == len(positions):
            return
    raise _moved_on(spec_path)


def _moved_on(path: str) -> PioneerError:
    return PioneerError(f"the inputs changed during labelling ({path})", hint="run pioneer-build plan again")


def batches(
    texts: Iterable[InputText], max_items: int = TEXTS_PER_REQUEST, max_bytes: int = TEXT_BYTES_PER_REQUEST
) -> Iterator[list[InputText]]:
    """`texts` in order, in lists of `max_items`; only the last list, and those that reach `max_bytes`, are shorter.

    Args:
        texts: of all files.
        max_items: texts per list.
        max_bytes: of the texts as JSON in UTF-8, with commas. A longer text has a list of its own.
    """
    import orjson  # only needed if something is sent

    batch: list[InputText] = []
    size = 0
    for one in texts:
        cost = len(orjson.dumps(one.text)) + 1
        if batch and (len(batch) >= max_items or size + cost > max_bytes):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += cost
    if batch:
        yield batch
