"""Rows and labels from a model, for callers on any thread: one event loop makes all calls, on its own thread."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from concurrent.futures import CancelledError, Future, wait
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from pioneer_build.model.asking_again import AskingAgain
from pioneer_build.model.chat import Chat
from pioneer_build.model.generating import Generator
from pioneer_build.model.labelling import Labeller
from pioneer_build.model.troubles import NoUse, Outage, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from pioneer_build.answers.keeping import AnswerKeeper, ModelUsage
    from pioneer_build.model.generating import RowsWanted
    from pioneer_build.model.label_answers import Item
    from pioneer_build.model.values import Endpoint, Limits, WantedContent

_T = TypeVar("_T")

#: Seconds between two reports of how many rows a job has.
_REPORT = 0.2
#: Seconds for which a trouble that concerns all calls is believed; then they are tried again.
_TROUBLE = 60.0


class MadeRows(NamedTuple):
    """The rows of a job, and what was refused on the way."""

    rows: list[dict[str, Any]]
    summary: str | None


class LabelledItems(NamedTuple):
    """One item for each text, in order; and what they used."""

    items: list[Item]
    usage: ModelUsage


class ModelMakers:
    """A model, and perhaps a judge of its rows. Safe to use from several threads.

    Args:
        model: the model.
        judge: another one, which labels the rows of classifications; `None` for the model itself.
        limits: of the calls of each of them.
        votes: how often a text is classified if the server gives no probabilities.
        on_note: called with what people should know, from the loop's thread.
    """

    def __init__(
        self,
        model: Endpoint,
        judge: Endpoint | None,
        limits: Limits,
        votes: int = 1,
        on_note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._running: set[Future[Any]] = set()
        self._stopped = False
        self._trouble: tuple[float, NoUse | Outage] | None = None
        self._votes = votes
        #: By definition, as long as there is a request with its texts.
        self._asking_again: WeakValueDictionary[str, AskingAgain] = WeakValueDictionary()
        self._chat = Chat(model, limits, on_note)
        self._judge = Chat(judge, limits, on_note) if judge is not None else self._chat
        self._loop = asyncio.new_event_loop()

    def make(self, wanted: RowsWanted, keeper: AnswerKeeper, on_progress: Callable[[int], None]) -> MadeRows:
        """The rows of a job.

        Args:
            wanted: what rows.
            keeper: keeps the job's answers.
            on_progress: called now and then with the number of rows, on this thread; its errors end the job's calls.

        Raises:
            NoUse, Outage: no further call is of use now; see `trouble`.
            Stopped: `stop` was called.
            OSError: an answer could not be kept.
        """
        judge = None
        if wanted.definition.task_type == "classification":
            judge = Labeller(self._judge, wanted.definition, keeper)
        generator = Generator(self._chat, wanted, keeper, judge)
        future = self._start(generator.rows())
        try:
            while not wait([future], _REPORT).done:
                on_progress(generator.made)
        finally:
            future.cancel()
        return MadeRows(self._result(future), generator.summary())

    def label(self, definition: WantedContent, texts: Sequence[str], keeper: AnswerKeeper) -> LabelledItems:
        """The labels of texts.

        Args:
            definition: task, labels, descriptions and examples.
            texts: the texts.
            keeper: keeps the label of each text.

        Raises:
            NoUse, Outage, Stopped, OSError: as for `make`.
        """
        with self._starting:
            asking_again = self._asking_again.setdefault(json.dumps(asdict(definition), sort_keys=True), AskingAgain())
        labeller = Labeller(self._chat, definition, keeper, self._votes, asking_again)
        items = self._result(self._start(labeller.label(texts)))
        return LabelledItems(items, labeller.usage)

    def trouble(self) -> NoUse | Outage | None:
        """Why calls are of no use now; `None` if they may be."""
        if self._trouble is None or time.monotonic() - self._trouble[0] > _TROUBLE:
            return None
        return self._trouble[1]

    def stop(self) -> None:
        """Ends all calls: those in flight are given up."""
        self._stopped = True
        self._chat.stop()
        self._judge.stop()
        for future in list(self._running):
            future.cancel()

    def close(self) -> None:
        """Stops, and closes connections. After that, it can't be used."""
        self.stop()
        if self._loop.is_closed():
            return
        thread, self._thread = self._thread, None
        if thread is not None:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
        else:
            self._loop.run_until_complete(self._end())
        self._loop.close()

    def _start(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        with self._starting:
            if self._stopped:
                work.close()
                raise Stopped
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop.run_forever, name="model", daemon=True)
                self._thread.start()
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
            self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def _result(self, future: Future[_T]) -> _T:
        try:
            return future.result()
        except CancelledError:
            raise Stopped from None
        except (NoUse, Outage) as error:
            self._trouble = time.monotonic(), error
            raise

    async def _end(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()
        await self._chat.aclose()
        if self._judge is not self._chat:
            await self._judge.aclose()
