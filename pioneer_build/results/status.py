"""The result of `status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pioneer_build.errors import PioneerError


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The datasets sorted by name, as `dataset_status` describes them; a job that was polled also has the key `now`.

    `remarks` are sentences about the project, as a plan has them. `unreachable` is why the service could not be asked;
    the state that is known without it is shown all the same.
    """

    datasets: tuple[dict[str, Any], ...]
    unreachable: PioneerError | None = None
    remarks: tuple[str, ...] = ()

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        remarks = {"remarks": list(self.remarks)} if self.remarks else {}
        return {"format": 1, "datasets": list(self.datasets), **remarks}
