"""What was seen of a project, so that it isn't read again. All of it may be deleted; a damaged file is ignored.

lock_stamp      whether a lock has changed
checkout        what git is doing in the checkout
spec_files      finds spec files with their stamps
unchanged_plan  the last plan, and whether there is anything to do
cached_steps    what the last plan said of each dataset, for a plan of some specs alone
parsed_specs    parsed specs
project_cache   settings, verified digests, inputs
cache_file      how these are written
"""

from __future__ import annotations

from typing import Final

#: What reading a damaged cache may raise: it isn't JSON, or other JSON than was expected, or nested too deeply. All
#: that is cached can be found out again, so a cache that can't be read counts as empty.
DAMAGE: Final = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OverflowError)
