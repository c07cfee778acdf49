"""Whether this machine's clock agrees with the service's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.wording import duration

if TYPE_CHECKING:
    from pioneer_build.service.probe import Probed


#: Seconds by which the clock may be wrong; with more, dates in `Retry-After` and certificates are misread.
_SKEW: Final = 60.0


def clock(probed: Probed) -> list[DoctorFinding]:
    """How far the clocks differ, if the service's responses have a date."""
    if probed.ahead is None:
        return [DoctorFinding("clock", "note", "the clock can't be checked: the service sends no Date header")]
    if abs(probed.ahead) <= _SKEW:
        return [DoctorFinding("clock", "good", f"within {duration(max(1, abs(probed.ahead)))} of the service's clock")]
    which = "behind" if probed.ahead > 0 else "ahead of"
    text = f"this machine's clock is {duration(abs(probed.ahead))} {which} the service's"
    return [DoctorFinding("clock", "wrong", text, "sudo timedatectl set-ntp true")]
