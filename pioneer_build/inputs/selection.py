"""Of all texts, those still to be labelled: each different one once, where it first stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.inputs.identity import DIGEST_SIZE, text_digest
from pioneer_build.inputs.reading import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pioneer_build.inputs.reading import InputText
    from pioneer_build.inputs.surveying import InputsSurvey
    from pioneer_build.spec import Inputs


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

    wanted = iter(first_positions(surveyed.digests, missing))
    position = next(wanted, None)
    if position is None:
        return
    for row, one in enumerate(read(inputs, project_root=project_root, spec_path=spec_path, at=at)):
        if row != position:
            continue
        if text_digest(one.text) != surveyed.digests[row * DIGEST_SIZE : (row + 1) * DIGEST_SIZE]:
            raise _moved_on(one.path)
        yield one
        position = next(wanted, None)
        if position is None:
            return
    raise _moved_on(spec_path)


def _moved_on(path: str) -> PioneerError:
    return PioneerError(f"the inputs changed while they were labelled ({path})", hint="plan again")
