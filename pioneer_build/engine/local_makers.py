"""The makers of the local engine: its grammar, and the models that label. They need the extra `local`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pioneer_build.engine.app import create_app
from pioneer_build.engine.engine_config import EngineConfig
from pioneer_build.engine.generating.produce import produce
from pioneer_build.engine.labelling import classify, find_entities
from pioneer_build.engine.labelling.label_guidance import LabelGuidance
from pioneer_build.engine.makers import LabelledTexts, Made, MakerStopped
from pioneer_build.engine.revision import REVISION

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.answers.keeping import AnswerKeeper
    from pioneer_build.engine.app import EngineApp
    from pioneer_build.engine.makers import JobWork
    from pioneer_build.engine.requests import GenerateRequest, LabelRequest


class LocalMakers:
    """Rows from a grammar, labels from small models; the same on every machine."""

    revision = REVISION
    keeps_answers = False

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def make(self, request: GenerateRequest, work: JobWork) -> Made:
        """See `Makers.make`: all rows, or a `Shortfall`."""
        return Made(produce(request, seed=work.seed, earlier=work.earlier, on_progress=work.on_progress))

    def label(self, task_type: str, request: LabelRequest, answers: AnswerKeeper | None) -> LabelledTexts:  # noqa: ARG002
        """See `Makers.label`.

        Args:
            task_type: `ner` or `classification`.
            request: texts and labels.
            answers: unused: the same request always gives the same labels.
        """
        if task_type == "ner":
            found = find_entities(request.labels, request.inputs, LabelGuidance.of(request), self._go_on)
            results = [
                {"text": text, "entities": [entity.as_dict() for entity in entities]}
                for text, entities in zip(request.inputs, found.entities, strict=True)
            ]
            notes = {"unsupported_labels": list(found.unsupported), "approximate_labels": dict(found.approximate)}
            return LabelledTexts(results, notes)
        self._go_on()
        chosen = classify(request.labels, request.inputs, LabelGuidance.of(request))
        return LabelledTexts([one.as_dict(text) for text, one in zip(request.inputs, chosen, strict=True)])

    def trouble(self) -> None:
        """There is none: everything is on this machine."""

    def stop(self) -> None:
        """Jobs end at their next progress, label requests between two parts of their texts."""
        self._stopped.set()

    def close(self) -> None:
        """There are no connections."""

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise MakerStopped


def create_local_app(state_dir: Path, seed: int) -> EngineApp:
    """The application of the local engine, in this process. Nothing is opened or loaded yet."""
    return create_app(EngineConfig(state_dir=state_dir, seed=seed, places=True), LocalMakers())
