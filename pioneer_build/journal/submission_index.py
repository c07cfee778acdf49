"""The submissions of a log, indexed by remote name, by dataset and definition, and by job.

A run of thousands of jobs looks them up one by one, so no lookup may search all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.spec.base_url import one_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pioneer_build.journal.model import Submission


class SubmissionIndex:
    """Submissions in the order they were begun."""

    def __init__(self) -> None:
        self._by_token: dict[str, Submission] = {}
        self._tokens: dict[tuple[str, ...], dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._by_token)

    def __contains__(self, token: str) -> bool:
        return token in self._by_token

    def __iter__(self) -> Iterator[Submission]:
        return iter(self._by_token.values())

    def put(self, submission: Submission) -> None:
        """Adds a submission, or replaces what was known of it."""
        self._by_token[submission.token] = submission
        for key in _keys(submission):
            self._tokens.setdefault(key, {})[submission.token] = None

    def change(self, token: str, fields: Mapping[str, object]) -> None:
        """Changes fields of a submission; does nothing if there is no such submission.

        Raises:
            TypeError: `Submission` has no such field.
        """
        if token in self._by_token:
            self.put(replace(self._by_token[token], **fields))  # type: ignore[arg-type]  # checked when they were written

    def on(self, backend: str) -> tuple[Submission, ...]:
        """All submissions to one backend, however it is spelled."""
        name = one_name(backend)
        return tuple(item for item in self if one_name(item.backend) == name)

    def about(
        self, backend: str, *, remote_name: str | None, job_id: str | None, tokens: Iterable[str]
    ) -> tuple[Submission, ...]:
        """The submissions to one remote name, those of one job, and those with these tokens, all together.

        Args:
            backend: the backend that they were sent to.
            remote_name: the dataset's name on the service; `None` to add none by name.
            job_id: the service's id of a job; `None` to add none by job.
            tokens: the tokens of further submissions.
        """
        found, backend = dict.fromkeys(tokens), one_name(backend)
        if remote_name is not None:
            found |= self._tokens.get(("name", backend, remote_name), {})
        if job_id is not None:
            found |= self._tokens.get(("job", backend, job_id), {})
        known = (self._by_token[token] for token in found if token in self._by_token)
        return tuple(item for item in known if one_name(item.backend) == backend)

    def rivals(self, submission: Submission, former_name: str | None = None) -> tuple[Submission, ...]:
        """The submissions to the same remote name, of the same dataset and definition, or of the same job.

        Another checkout may not know that the dataset was renamed, so those under `former_name` are among them.
        """
        keys = _keys(submission)
        if former_name is not None:
            keys.append(_work(submission, former_name))
        tokens = {token: None for key in keys for token in self._tokens.get(key, ())}
        return tuple(self._by_token[token] for token in tokens)


def _keys(submission: Submission) -> list[tuple[str, ...]]:
    """The keys of a submission: its remote name, its dataset and definition, its job."""
    backend = one_name(submission.backend)
    keys = [
        ("name", backend, submission.remote_name),
        _work(submission, submission.dataset_name),
    ]
    if submission.job_id is not None:
        keys.append(("job", backend, submission.job_id))
    return keys


def _work(submission: Submission, dataset_name: str) -> tuple[str, ...]:
    return "work", one_name(submission.backend), dataset_name, submission.fingerprint
