"""The program's entry: `pioneer-build`, and `python -m pioneer_build`.

It imports nothing before it can be interrupted: Ctrl-C while the command line is imported ends it as at any later time.
So does Ctrl-C while the interpreter ends: after a command, nothing is left to be said or cleaned up.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs one command and exits with its code."""
    try:
        try:
            from pioneer_build.cli import main as run_command  # only here is Ctrl-C caught

            run_command()
        finally:
            _end_by_the_next_interrupt()
    except KeyboardInterrupt:
        _end_by_the_next_interrupt()
        try:  # noqa: SIM105 - no more imports
            os.write(2, b"interrupted\n")
        except OSError:  # no stderr
            pass
        sys.exit(130)


def _end_by_the_next_interrupt() -> None:
    """Nobody catches a `KeyboardInterrupt` from now on: it would be shown, and Python would then kill the process."""
    import signal  # not before Ctrl-C is caught

    try:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    except ValueError:  # not the main thread, which has to handle signals then
        pass


if __name__ == "__main__":
    main()
