"""The result of `status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pioneer_build.errors import PioneerError


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The datasets sorted by name, as `dataset_status` describes them; a job that was polled also has the key `now`.

    `unreachable` is why the service could not be asked; the state that is known without it is shown all the same.
    """

    datasets: tuple[dict[str, Any], ...]
    unreachable: PioneerError | None = None

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {"format": 1, "datasets": list(self.datasets)}
