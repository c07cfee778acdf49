"""What `status` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pioneer_build.errors import PioneerError


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The datasets by name, each as `dataset_status` tells it; a job that the service was asked about has `now`.

    `unreachable` is why the service could not be asked: what is known here is worth seeing, most of all then.
    """

    datasets: tuple[dict[str, Any], ...]
    unreachable: PioneerError | None = None

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {"format": 1, "datasets": list(self.datasets)}
