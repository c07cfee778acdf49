"""Of all texts, those still to be labelled: each different one once, where it first stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.inputs.identity import DIGEST_SIZE, text_digests
from pioneer_build.inputs.reading import InputText, placed_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    """The texts whose digests are `missing` (16 bytes each), in the order of the input.

    Raises:
        PioneerError: the files are not as surveyed any more: nothing else is yielded.
    """
    from pioneer_build.inputs.sets import first_positions

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
    return PioneerError(f"the inputs changed while they were labelled ({path})", hint="plan again")
