"""The program's entry: `pioneer-build`, and `python -m pioneer_build`.

It imports nothing before it can be interrupted: Ctrl-C while the command line is imported ends it as at any later time.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs one command and exits with its code."""
    try:
        from pioneer_build.cli import main as run_command  # only here is Ctrl-C caught

        run_command()
    except KeyboardInterrupt:
        try:  # noqa: SIM105 - no more imports
            os.write(2, b"interrupted\n")
        except OSError:  # no stderr
            pass
        sys.exit(130)


if __name__ == "__main__":
    main()
