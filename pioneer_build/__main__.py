"""`python -m pioneer_build`."""

from pioneer_build.cli import main

main()
