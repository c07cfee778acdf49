"""The result of `validate` as text; errors are shown by `problems`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import Lines, lines_text, visible
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.results.validate import ValidateResult


def validate_text(result: ValidateResult) -> Lines:
    """The number of valid specs."""
    valid = f"{count(len(result.datasets), 'dataset')} in {count(result.files, 'file')}: valid"
    return lines_text([valid, *(visible(f"{one}.") for one in result.ignored)])
