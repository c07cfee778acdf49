"""Writes answers on a thread of its own: many come at the same time, and all that wait are written together."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pioneer_build.answers.keeping import KeptAnswer
    from pioneer_build.store.answer_files import AnswerFiles


@dataclass(frozen=True, slots=True)
class _Batch:
    place: Callable[[], AnswerFiles]
    answers: Mapping[str, KeptAnswer]
    done: Future[None]


class AnswerWriter:
    """Writes answers to files. `failed` says why some could not be written: then nothing more should be paid for.

    Args:
        before: called before each write; what it raises counts as a failed write.
    """

    def __init__(self, before: Callable[[], None]) -> None:
        self.failed: str | None = None
        self._before = before
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def put(self, place: Callable[[], AnswerFiles], answers: Mapping[str, KeptAnswer]) -> Future[None]:
        """Keeps answers; they are durable when the future has its result, and not if it has an `OSError`.

        Args:
            place: gives the files that they go to, when they are written.
            answers: by key.
        """
        batch = _Batch(place, answers, Future())
        batch.done.set_running_or_notify_cancel()  # it is written, whether or not somebody still waits for that
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="store-answers", daemon=True)
                self._thread.start()
        self._waiting.put(batch)
        return batch.done

    def close(self) -> None:
        """Writes what waits, and ends the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join()

    def _write_all(self) -> None:
        ended = False
        while not ended:
            batches = [self._waiting.get()]
            while not self._waiting.empty():
                batches.append(self._waiting.get())
            ended = None in batches
            self._write([batch for batch in batches if batch is not None])

    def _write(self, batches: Sequence[_Batch]) -> None:
        by_place: dict[Callable[[], AnswerFiles], list[_Batch]] = {}
        for batch in batches:
            by_place.setdefault(batch.place, []).append(batch)
        for place, together in by_place.items():
            failed = OSError(self.failed) if self.failed is not None else None
            try:
                if failed is None:
                    self._before()
                    place().add({key: answer for batch in together for key, answer in batch.answers.items()})
            except (StoreError, OSError, ValueError) as error:
                self.failed = f"answers can't be kept: {error}"
                failed = OSError(self.failed)
            for batch in together:
                if failed is None:
                    batch.done.set_result(None)
                else:
                    batch.done.set_exception(failed)
