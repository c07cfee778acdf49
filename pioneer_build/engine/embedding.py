"""Sentence embeddings: the meaning of a text as a vector of length 1.

Each text is run alone. The int8 model scales its activations by the content of the batch, so a text in a batch would
get another vector than the same text alone; but responses must depend only on the text.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pioneer_build.engine.loading import LOADING
from pioneer_build.engine.model_files import embedding_model
from pioneer_build.engine.onnx_runtime import onnxruntime
from pioneer_build.engine.wordpiece import token_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"

#: The maximum length in tokens that the model was trained on.
_TOKENS = 128
#: Number of vectors kept in memory, 1.5 kB each.
_KEPT = 20_000


class Embedder:
    """The embedding model, loaded once. Thread-safe."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # exact integer products on every CPU: without it, CPUs without VNNI saturate, and give other vectors
        options.add_session_config_entry("session.x64quantprecision", "1")
        self._session: Any = onnxruntime.InferenceSession(
            embedding_model(), options, providers=["CPUExecutionProvider"]
        )
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="engine-embedding")
        self._kept: dict[str, Vectors] = {}
        self._lock = threading.Lock()

    def _embed_one(self, text: str) -> Vectors:
        ids = np.asarray([token_ids(text, _TOKENS)], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean = self._session.run(None, feed)[0][0].mean(axis=0)
        vector: Vectors = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
        return vector

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text. Identical texts are run once; recent ones are cached."""
        with self._lock:
            known = {text: self._kept[text] for text in set(texts) if text in self._kept}
        new = list(dict.fromkeys(text for text in texts if text not in known))
        known.update(zip(new, self._pool.map(self._embed_one, new), strict=True))
        with self._lock:
            if len(self._kept) + len(new) > _KEPT:
                self._kept.clear()
            self._kept.update((text, known[text]) for text in new[:_KEPT])
        if not texts:
            return np.zeros((0, 384), dtype=np.float32)
        return np.stack([known[text] for text in texts])


@cache
def _load() -> Embedder:
    return Embedder()


def embedder() -> Embedder:
    """The model, loaded on first use.

    Raises:
        MissingExtra, PioneerError: it isn't installed, or isn't the right one.
    """
    with LOADING:
        return _load()


def centre(vectors: Vectors) -> Vectors:
    """The mean direction of `vectors`, of length 1."""
    mean = vectors.mean(axis=0)
    unit: Vectors = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
    return unit
