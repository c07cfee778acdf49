"""What the folders of answers are called: those of models, and those of jobs."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from pioneer_build.store.answer_files import AnswerFiles

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.store.disk import Modes

#: The form of a job's id, which names its folder: what a service is asked for may be anything.
_JOB = re.compile(r"job_[0-9a-f]{16}")


def model_name(backend: str) -> str:
    """The name of a model's folder: a digest, because the name of a model may be no name of a file."""
    return sha256(json.dumps([backend]).encode()).hexdigest()[:32]


def backend_in(data: bytes) -> str | None:
    """The backend that the file of a model's folder names; `None` if it names none."""
    try:
        return str(json.loads(data)["backend"])
    except (ValueError, KeyError, TypeError):
        return None


def is_job(name: str) -> bool:
    """Whether a folder's name is that of a job."""
    return _JOB.fullmatch(name) is not None


def answers_of_job(folder: Path, modes: Modes) -> AnswerFiles:
    """The answers in the folder of a job."""
    return AnswerFiles(folder, folder.name.encode(), modes)
