"""What the inputs of label specs were found to have when a plan was made, for who compares rows with their texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pioneer_build.apply.other_rows import Surveyed
    from pioneer_build.inputs import InputsSurvey
    from pioneer_build.spec.declared import Declared


@dataclass(frozen=True, slots=True)
class LabelTexts:
    """The label specs whose inputs were read, with what was found; `root` is the folder of the project."""

    root: Path | None = None
    surveyed: Surveyed = field(default_factory=dict)


#: Nothing was read.
NO_TEXTS: Final = LabelTexts()


def label_texts(root: Path, declared: Mapping[str, Declared], surveys: Mapping[str, InputsSurvey]) -> LabelTexts:
    """What label specs have as inputs.

    Args:
        root: the folder of the project.
        declared: its specs, by name.
        surveys: those of the label specs whose inputs were read, by name.
    """
    return LabelTexts(root, {name: (declared[name], found) for name, found in surveys.items()})
