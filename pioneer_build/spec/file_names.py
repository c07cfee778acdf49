"""Which files are specs, by how their names end, and which only look like one (`x.YAML`): these are ignored, and said.

On the way of a plan with nothing to do: imports nothing.
"""

from __future__ import annotations

SPEC_ENDINGS = (".yaml", ".yml")
#: What the name of a file ends with, in any case, that was probably meant to be a spec.
_LIKE_SPECS = (".yaml", ".yml", ".yaml.txt", ".yml.txt")


def why_no_spec(name: str) -> str | None:
    """Why a file that was probably meant to be a spec isn't read as one; `None` for every other file."""
    if name.endswith(SPEC_ENDINGS) or not name.lower().endswith(_LIKE_SPECS):
        return None
    return "its name must end with .yaml or .yml"
