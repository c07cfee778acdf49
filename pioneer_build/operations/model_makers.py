"""The makers of the backend `model`: what the application asks of them, as calls of a language model."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

from pioneer_build.engine.app import create_app
from pioneer_build.engine.engine_config import EngineConfig
from pioneer_build.engine.error_responses import ErrorAnswer
from pioneer_build.engine.generating.rejects import Shortfall
from pioneer_build.engine.makers import LabelledTexts, Made, MakerStopped, Trouble
from pioneer_build.errors import NoAccess, PioneerError
from pioneer_build.model.chat_makers import ModelMakers
from pioneer_build.model.generating import RowsWanted
from pioneer_build.model.prompt_revision import PROMPT_REVISION
from pioneer_build.model.troubles import NoUse, Outage, Stopped, Unreached
from pioneer_build.model.values import Endpoint, Limits, WantedContent
from pioneer_build.spec.base_url import BaseUrl
from pioneer_build.spec.guidance import MODEL
from pioneer_build.spec.model import EntityExample
from pioneer_build.spec.request_limits import label_requests_at_a_time
from pioneer_build.spec.white_space import fold
from pioneer_build.store.model_answers import ModelAnswers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pioneer_build.answers.job_elsewhere import JobElsewhere
    from pioneer_build.answers.keeping import AnswerKeeper
    from pioneer_build.engine.app import EngineApp
    from pioneer_build.engine.makers import JobWork
    from pioneer_build.engine.requests import GenerateRequest, LabelRequest
    from pioneer_build.spec.model import TaskType
    from pioneer_build.spec.settings import ModelSettings
    from pioneer_build.store import Store

#: The statuses of a server that a caller should see as they are. Others would mean something else to it: a 401, that
#: its own key is wrong.
_ABOUT_ACCESS = (402, 403)
_RETRY_SECONDS = "10"


class ChatMakers:
    """`engine.makers.Makers` with a language model."""

    revision = PROMPT_REVISION
    keeps_answers = True

    def __init__(self, makers: ModelMakers) -> None:
        self._makers = makers

    def make(self, request: GenerateRequest, work: JobWork) -> Made:
        """See `Makers.make`: `Shortfall` only if there is no row at all."""
        definition = _definition(request.task_type, request)
        wanted = RowsWanted(definition, request.dataset_name, request.num_examples, work.seed, work.earlier)
        try:
            made = self._makers.make(wanted, _needed(work.answers), work.on_progress)
        except (Stopped, NoUse, Outage) as error:
            raise MakerStopped from error
        if not made.rows:
            raise Shortfall(f"the model made no row that can be used: {made.summary}")
        return Made(made.rows, made.summary)

    def label(self, task_type: str, request: LabelRequest, answers: AnswerKeeper | None) -> LabelledTexts:
        """See `Makers.label`.

        Args:
            task_type: `ner` or `classification`.
            request: texts and labels.
            answers: keeps the label of each text.
        """
        definition = _definition("ner" if task_type == "ner" else "classification", request)
        try:
            labelled = self._makers.label(definition, request.inputs, _needed(answers))
        except Stopped as error:
            raise MakerStopped from error
        except NoUse as error:
            raise ErrorAnswer(_status(error), {"detail": error.message}) from None
        except Outage as error:
            body = {"detail": error.message, "accepted": False, "reached": not isinstance(error, Unreached)}
            raise ErrorAnswer(503, body, {"Retry-After": _RETRY_SECONDS}) from None
        items = zip(request.inputs, labelled.items, strict=True)
        return LabelledTexts([{"text": text, **item} for text, item in items], usage=labelled.usage)

    def trouble(self) -> Trouble | None:
        """See `Makers.trouble`."""
        error = self._makers.trouble()
        if error is None:
            return None
        if isinstance(error, NoUse):
            return Trouble(_status(error), error.message)
        return Trouble(503, error.message, reached=not isinstance(error, Unreached))

    def stop(self) -> None:
        """See `Makers.stop`."""
        self._makers.stop()

    def close(self) -> None:
        """See `Makers.close`."""
        self._makers.close()


def _needed(answers: AnswerKeeper | None) -> AnswerKeeper:
    """The keeper that the application gives makers whose `keeps_answers` is true.

    Raises:
        ValueError: there is none, and answers would be paid for and lost.
    """
    if answers is None:
        raise ValueError("a language model is only asked if its answers are kept")
    return answers


def create_model_app(
    settings: ModelSettings,
    folder: Path,
    seed: int,
    on_note: Callable[[str], None],
    store: Store,
    elsewhere: Callable[[], Iterable[JobElsewhere]] = tuple,
) -> EngineApp:
    """The application with a language model.

    Args:
        settings: the setting `model`.
        folder: for its jobs and rows; created if it doesn't exist.
        seed: the random seed of all rows.
        on_note: called with what people should know, such as a server that is busy.
        store: keeps what is paid for.
        elsewhere: gives the ready jobs whose datasets go on here.

    Raises:
        PioneerError: see `model_makers`.
    """
    answers = ModelAnswers(store, f"{MODEL}{settings.name}")
    workers = label_requests_at_a_time(settings.max_in_flight)  # each waits for the model; together they keep it busy
    config = EngineConfig(state_dir=folder, seed=seed, workers=workers, answers=answers, elsewhere=elsewhere)
    return create_app(config, model_makers(settings, on_note))


def folder_name(backend: str) -> str:
    """The name of the folder for the jobs and rows of a model, by its backend: each model is one of its own.

    It is a digest, because the name of a model may be no name of a file.
    """
    return sha256(backend.encode()).hexdigest()[:16]


def model_makers(
    settings: ModelSettings, on_note: Callable[[str], None], environ: Mapping[str, str] = os.environ
) -> ChatMakers:
    """The makers that the settings describe. Nothing is sent yet.

    Args:
        settings: the setting `model`.
        on_note: called with what people should know, such as a server that is busy.
        environ: the environment variables, with the keys.

    Raises:
        PioneerError: a variable with a key is not set, or what it has can't be sent.
    """
    model, judge = endpoints(settings, environ)
    in_flight = settings.max_in_flight or Limits().in_flight
    limits = Limits(in_flight, settings.requests_per_minute, settings.tokens_per_minute)
    try:
        return ChatMakers(ModelMakers(model, judge, limits, settings.votes or 1, on_note))
    except NoAccess as error:
        raise PioneerError(error.message, hint=error.hint) from None


def endpoints(settings: ModelSettings, environ: Mapping[str, str] = os.environ) -> tuple[Endpoint, Endpoint | None]:
    """The model, and its judge if there is another one.

    Raises:
        PioneerError: a variable with a key is not set.
    """
    key = _key(settings.api_key_env, environ)
    model = Endpoint(_urls(settings.base_url), settings.name, key, settings.api_key_env)
    if (other := settings.judge) is None:
        return model, None
    # a key goes to the server that it is for, and to no other
    variable = settings.judge_key_variable
    return model, Endpoint(
        _urls(other.base_url) or model.urls, other.name, _key(variable, environ), variable, setting="model.judge"
    )


def _urls(texts: Sequence[str]) -> tuple[BaseUrl, ...]:
    return tuple(BaseUrl.parse(text) for text in texts)


def _key(variable: str | None, environ: Mapping[str, str]) -> str | None:
    if variable is None:
        return None
    if not (key := environ.get(variable, "").strip()):
        raise PioneerError(f"no API key for the model: {variable} is not set", hint=f"export {variable}=…")
    return key


def _status(error: NoUse) -> int:
    return error.status if error.status in _ABOUT_ACCESS else 403


def _definition(task_type: TaskType, request: GenerateRequest | LabelRequest) -> WantedContent:
    described = request.label_descriptions or {}
    domain, prompt = getattr(request, "domain_description", None), getattr(request, "prompt", None)
    return WantedContent(
        task_type,
        tuple(sorted(request.labels or ())) if task_type != "decoder" else (),
        {label: folded for label, text in sorted(described.items()) if (folded := fold(text))},
        fold(domain or ""),
        prompt.strip() if prompt and task_type == "decoder" else "",
        tuple((one.text, one.label) for one in request.classified_examples or () if task_type == "classification"),
        tuple(EntityExample(one.text, tuple(one.entities)) for one in request.ner_examples or () if task_type == "ner"),
    )
