"""All targets, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz import answers, commands, inputs, kept, locks, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fuzz.target import Target

TARGETS: Mapping[str, Target] = {
    target.name: target for room in (written, locks, kept, inputs, answers, commands) for target in room.TARGETS
}
