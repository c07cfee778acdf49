"""The result of `lock split` and `lock join`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LockLayoutResult:
    """How the lock is stored now.

    `changed` says whether its files were changed. `exists` is false if there is no lock, so that nothing was written.
    `datasets` counts the datasets in it. `extended` are files of git's settings that got more lines. `setting_differs`
    says whether pioneer.yaml wants new locks to be stored in the other way.
    """

    split: bool
    exists: bool
    changed: bool
    datasets: int
    extended: tuple[str, ...] = ()
    setting_differs: bool = False

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "format": 1,
            "split": self.split,
            "exists": self.exists,
            "changed": self.changed,
            "datasets": self.datasets,
            "extended": list(self.extended),
            "setting_differs": self.setting_differs,
        }
