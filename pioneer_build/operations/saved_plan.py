"""A saved plan: the plan that was reviewed, whose steps `apply FILE` then does or refuses.

It contains digests of inputs, but no texts and no key. Only its owner can read it: a definition may be confidential.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from pioneer_build.disk.regular_files import MAX_LOCK_BYTES, TooLargeError, read_whole
from pioneer_build.disk.whole_files import write_whole
from pioneer_build.errors import PlanFileError
from pioneer_build.escaping import shell_word
from pioneer_build.plan import Action, Choices, Plan, Reason, Recipient, Step
from pioneer_build.plan.json import plan_value
from pioneer_build.spec.base_url import one_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SAVED_FORMAT = 1
KIND = "pioneer-build plan"
_SAVE = "pioneer-build plan --out FILE"
_AGAIN = f"save the plan again: {_SAVE}"


def write_plan(path: Path, plan: Plan) -> None:
    """Writes `plan` to `path`, and replaces a file that exists.

    Raises:
        PlanFileError: the file can't be written.
    """
    value = plan_value(plan)
    for step, fields in zip(plan.steps, value["steps"], strict=True):
        fields["basis"] = step.basis
    value["kind"] = KIND
    value["requests_per_minute"] = plan.requests_per_minute
    value["choices"] = {
        "resubmit": sorted(plan.choices.resubmit),
        "retry": sorted(plan.choices.retry),
        "relabel": sorted(plan.choices.relabel),
        "delete_remote": plan.choices.delete_remote,
    }
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    try:
        write_whole(path, [text.encode()], follow=False)
    except OSError as error:
        raise PlanFileError(f"can't write {path}: {error.strerror}") from None


def read_plan(path: Path) -> Plan:
    """The plan in the file `path`.

    Raises:
        PlanFileError: it can't be read, is not a saved plan, or was saved by a newer version.
    """
    try:
        data = read_whole(path, MAX_LOCK_BYTES)
        # bytes would be read as UTF-16 as well, in which nothing else of a project may be
        value = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except TooLargeError as error:
        raise PlanFileError(f"can't read {path}: {error.strerror}, the maximum for a plan", hint=_AGAIN) from None
    except OSError as error:
        raise PlanFileError(f"can't read {path}: {error.strerror}", hint=f"{_SAVE} saves a plan") from None
    except (ValueError, RecursionError) as error:
        raise PlanFileError(f"{path} is not a saved plan: {_fault(error)}", hint=_AGAIN) from None
    if not isinstance(value, dict) or value.get("kind") != KIND:
        raise PlanFileError(f"{path} is not a saved plan", hint=f"{_SAVE} saves a plan")
    if type(value.get("format")) is not int or value["format"] != SAVED_FORMAT:
        raise PlanFileError(
            f"{path} has format {value.get('format')!r:.40}, but this version of pioneer-build reads {SAVED_FORMAT}",
            hint=f"save the plan again with this version: {_SAVE}",
        )
    try:
        chosen = _of(value, "choices", dict)
        named = {name: frozenset(_texts(chosen, name)) for name in ("resubmit", "retry", "relabel")}
        limit = _of(value, "requests_per_minute", int, None)
        steps = tuple(_step(fields) for fields in _of(value, "steps", list))
        _check_once(step.dataset_name for step in steps)
        choices = Choices(**named, delete_remote=_of(chosen, "delete_remote", bool))
        recipients = tuple(
            Recipient(_of(one, "address", str), _of(one, "key_variable", str, None))
            for one in map(_object, _of(value, "sends_to", list, ()))
        )
        return Plan(_of(value, "backend", str), steps, limit, choices, recipients=recipients)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else error
        raise PlanFileError(f"{path} is damaged: {what}", hint=_AGAIN) from None


def _fault(error: ValueError | RecursionError) -> str:
    """What is wrong with a file that can't be read as JSON."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it isn't UTF-8"
    if isinstance(error, json.JSONDecodeError):
        if not error.doc.strip():
            return "it is empty"
        at = f"line {error.lineno}, column {error.colno}"
        is_cut = error.msg.startswith("Unterminated") or not error.doc[error.pos :].strip()
        return f"it ends too early ({at})" if is_cut else f"it isn't JSON ({at})"
    return "a number has too many digits" if "digits" in str(error) else str(error)


def _step(fields: Any) -> Step:
    _object(fields)
    step = Step(
        dataset_name=_of(fields, "dataset_name", str),
        action=_of(fields, "action", str),
        reasons=tuple(
            Reason(_of(reason, "field", str), _of(reason, "text", str), reason.get("old"), reason.get("new"))
            for reason in map(_object, _of(fields, "reasons", list))
        ),
        requests=_of(fields, "requests", int),
        examples=_of(fields, "examples", int),
        total=_of(fields, "total", int),
        remote_name=_of(fields, "remote_name", str),
        renamed_from=_of(fields, "renamed_from", str, None),
        protected=_of(fields, "protected", bool, False),
        fetch=_of(fields, "fetch", bool, False),
        refused=_of(fields, "refused", str, None),
        command=_of(fields, "command", str, None),
        requests_at_most=_of(fields, "requests_at_most", int, None),
        examples_at_most=_of(fields, "examples_at_most", int, None),
        deletes=_texts(fields, "deletes", ()),
        stays=_texts(fields, "stays", ()),
        missing=_of(fields, "missing", int, 0),
        evidence=_of(fields, "basis", str),
    )
    if step.action not in get_args(Action):
        raise ValueError(f"'{step.action}' is not an action")
    return step


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("a step, a reason or who gets something is not an object")
    return value


def _check_once(names: Iterable[str]) -> None:
    """Each step would be done, and paid for, as often as it is there."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"there is more than one step for {name!r}"[:80])
        seen.add(name)


_MUST = object()


def _of(fields: dict[str, Any], key: str, kind: type, default: object = _MUST) -> Any:
    value: Any = fields[key] if default is _MUST else fields.get(key, default)
    is_negative = type(value) is int and value < 0
    if (type(value) is not kind and value is not default) or is_negative:
        raise TypeError(f"'{key}' can't be {value!r}"[:80])
    return value


def _texts(fields: dict[str, Any], key: str, default: object = _MUST) -> tuple[str, ...]:
    found = _of(fields, key, list, default)
    if not all(type(one) is str for one in found):
        raise TypeError(f"'{key}' can't be {found!r}"[:80])
    return tuple(found)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def as_reviewed(saved: Plan, now: Plan) -> Plan:
    """The steps of `now` that are exactly those of `saved`; a step that is out of date is refused.

    Each step of `now` is there at most once.

    Raises:
        PlanFileError: the plan was saved for another backend, or says that a language model is elsewhere.
    """
    if one_name(saved.backend) != one_name(now.backend):
        raise PlanFileError(
            f"the plan was saved for the backend {saved.backend}, but this run uses {now.backend}",
            hint=f"pioneer-build --backend {shell_word(saved.backend)} apply …",
        )
    today = {step.dataset_name: step for step in now.steps}
    steps = []
    for step in saved.steps:
        if step.action == "none":
            continue
        current = today.pop(step.dataset_name, None)
        if current is not None and _decision(current) == _decision(step) and current.basis == step.basis:
            # a selection may have left out names that other datasets have rows under
            deletes = tuple(name for name in current.deletes if name in step.deletes)
            steps.append(replace(current, deletes=deletes) if deletes != current.deletes else current)
            continue
        if current is None or current.action == "none":
            what = "there is nothing to do for it now"
        elif current.action == step.action:
            what = "the spec, the lock, the inputs or the store changed"
        else:
            what = f"its action would be {current.action} now"
        why = f"out of date since the plan was saved: {what}"
        steps.append(replace(step, refused=why, protected=False, command="pioneer-build plan --out FILE"))
    done = replace(now, steps=tuple(steps), skipped=(), ignored=(), remarks=())
    if not any(step.sends for step in steps):
        return replace(done, recipients=())
    if others := [one for one in now.recipients if one not in saved.recipients]:
        raise PlanFileError(
            f"the saved plan doesn't say that requests are sent to {', '.join(one.said for one in others)}",
            hint=f"review it again: {_SAVE}",
        )
    return done


def _decision(step: Step) -> tuple[object, ...]:
    """What a step would do, and whether it is refused. Texts only explain, so they are not compared."""
    return (
        step.action,
        step.requests,
        step.examples,
        step.total,
        step.remote_name,
        step.renamed_from,
        step.protected,
        step.fetch,
        step.refused is not None,
    )
