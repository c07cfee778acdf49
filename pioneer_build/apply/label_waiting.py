"""Waits for texts that another run over the same store is labelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.apply.label_progress import LabelProgress

#: Seconds between two looks at what other runs have labelled: at first, and at most.
_FIRST_LOOK, _LAST_LOOK = 0.1, 2.0


async def wait_for_other_runs(progress: LabelProgress, missing: bytes) -> None:
    """Waits until no other run is labelling at least some of the texts `missing`, or all of them are labelled.

    Raises:
        StepStopped: the run was stopped in the meantime.
    """
    run, said, seconds = progress.work.run, "", _FIRST_LOOK
    while missing:
        held = progress.claims.held(missing)
        if held.texts < len(missing) // 16:
            return
        if (who := " and ".join(held.by)) != said:
            said = who
            were = "is" if held.texts == 1 else "are"
            text = f"{count(held.texts, 'text')} {were} being labelled by {who}"
            progress.work.emit("waiting", f"{text}; waiting, so that nothing is paid for twice")
        await run.pause(seconds)
        run.check_going()
        progress.claims.renew()
        seconds = min(2 * seconds, _LAST_LOOK)
        missing = progress.store.missing(missing)
