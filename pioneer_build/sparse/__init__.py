"""What a checkout leaves out: files that git tracks and a sparse checkout didn't write, submodules not checked out.

Such a file is never "not there". Whoever would take it for removed, or for nothing, asks here first.

signs           whether there may be any, without git: an ordinary checkout starts no process
left_out_files  which they are, as git says, and the command that brings them here

Names of `left_out_files` are imported when they are first used: few checkouts need them.
"""

from typing import TYPE_CHECKING

from pioneer_build.late_names import late_names

if TYPE_CHECKING:
    from pioneer_build.sparse.left_out_files import (
        NOT_IN_CHECKOUT,
        LeftOutFile,
        Tracked,
        command_for,
        command_for_git,
        leads_to_file,
        left_out_in,
        left_out_of,
        refusal,
        tracked,
    )

__all__ = [
    "NOT_IN_CHECKOUT",
    "LeftOutFile",
    "Tracked",
    "command_for",
    "command_for_git",
    "leads_to_file",
    "left_out_in",
    "left_out_of",
    "refusal",
    "tracked",
]

__getattr__ = late_names(__name__, dict.fromkeys(__all__, "left_out_files"))
