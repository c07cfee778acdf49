"""A script that generates `data/vectors.bin` again, after a word list or a sentence of the engine has changed.

python -m pioneer_build.engine.build_vectors
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pioneer_build.engine.generating.ranking import own_texts
from pioneer_build.engine.vectors import VECTORS_FILE, pack

if __name__ == "__main__":
    Path(str(files("pioneer_build.engine").joinpath(VECTORS_FILE))).write_bytes(pack(own_texts()))
