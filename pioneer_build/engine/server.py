"""The engine on a loopback port."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from pioneer_build.disk.advice import advice
from pioneer_build.engine.app import create_app
from pioneer_build.engine.database import StateDamaged
from pioneer_build.engine.same_machine import SameMachine
from pioneer_build.errors import PioneerError
from pioneer_build.escaping import shell_word
from pioneer_build.spec.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pioneer_build.engine.engine_config import EngineConfig
    from pioneer_build.engine.makers import Makers


#: How long the head of a request may take to come.
_HEAD_SECONDS = 30.0
#: How long a client may take nothing of an answer that waits for it; the same once the server is to end.
_TAKE_SECONDS, _LAST_TAKE_SECONDS = 60.0, 0.5
#: Each connection may hold an answer in memory. One that is too many gets a 503.
_MOST_CONNECTIONS = 512
#: How long requests that are answered may go on after the server was told to end.
_GRACE_SECONDS = 5


class _Connection(H11Protocol):
    """Ends where no request begins in time, so that connections that only wait don't use up all there can be.

    And where an answer isn't taken: it is held in memory until it is.
    """

    _late: asyncio.TimerHandle | None = None
    _untaken: asyncio.TimerHandle | None = None
    _ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        self._expect_taking(None)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_taking(_LAST_TAKE_SECONDS if self._ending else _TAKE_SECONDS)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._expect_taking(None)

    def shutdown(self) -> None:
        self._ending = True
        super().shutdown()
        if self.transport.get_write_buffer_size():
            self._expect_taking(_LAST_TAKE_SECONDS)

    def _expect_taking(self, seconds: float | None) -> None:
        """From now on, the client takes a part of its answer every so many seconds; `None` if it has taken it."""
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None
        if seconds is not None:
            size = self.transport.get_write_buffer_size()
            self._untaken = self.loop.call_later(seconds, self._check_taking, seconds, size)

    def _check_taking(self, seconds: float, size: int) -> None:
        if self.transport.get_write_buffer_size() < size:
            self._expect_taking(seconds)
        else:
            self.transport.abort()

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:  # a request has begun
            self._forget()
        elif self._late is None:
            self._late = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class _Server(uvicorn.Server):
    """Leaves signals to `run_server`: uvicorn would raise them again after it has stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _not_opened(config: EngineConfig, error: Exception) -> PioneerError:
    reason, elsewhere = str(error), "pass --state DIR to use another folder"
    hint: str | None = elsewhere
    if isinstance(error, OSError):
        reason, hint = error.strerror or reason, advice(error, config.state_dir, elsewhere)
    elif isinstance(error, StateDamaged):
        folder = shell_word(str(config.state_dir))
        aside = shell_word(f"{config.state_dir}.damaged")
        hint = f"restore it from a backup; or, to start without jobs and datasets: mv {folder} {aside}"
    return PioneerError(f"the engine's state in {config.state_dir} can't be opened: {reason}", hint=hint)


def _configured(app: SameMachine) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def run_server(config: EngineConfig, makers: Makers, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serves until SIGINT or SIGTERM, which end it cleanly: unfinished jobs stay queued for the next start.

    Args:
        config: the engine's settings.
        makers: make the rows and the labels.
        host: address to listen on; the caller decides whether it may be something other than loopback.
        port: 0 selects a free port.
        on_ready: called with the base URL when connections are accepted.

    Raises:
        PioneerError: the address is not available, or the state can't be opened.
    """
    app = create_app(config, makers)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        app.close()
        raise PioneerError(
            f"can't listen on {host}:{port}: {error.strerror or error}", hint="choose another --port"
        ) from None
    try:
        app.start()
    except Exception as error:
        listening.close()
        app.close()
        raise _not_opened(config, error) from error
    guarded = SameMachine(app, any_host=not is_loopback(host))
    server = _Server(_configured(guarded))
    shown = f"[{host}]" if family == socket.AF_INET6 else host
    url = f"http://{shown}:{listening.getsockname()[1]}"

    async def serve() -> None:
        loop = asyncio.get_running_loop()

        def stop() -> None:
            server.should_exit = True
            app.end_long_work()

        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop)
        task = asyncio.create_task(server.serve([listening]))
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        if server.started:
            on_ready(url)
        await task

    try:
        asyncio.run(serve())
    finally:
        listening.close()
        app.close()
