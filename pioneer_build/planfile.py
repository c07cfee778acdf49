"""A saved plan: what was reviewed, and what `apply FILE` then does or refuses.

It holds digests of inputs, never texts, and no key. The file is private to its owner: a definition may be confidential.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pioneer_build.errors import PlanFileError
from pioneer_build.plan import Choices, Plan, Reason, Step
from pioneer_build.render.plan import plan_value

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1


def write_plan(path: Path, plan: Plan) -> None:
    """Writes `plan` to `path`, replacing what is there.

    Raises:
        PlanFileError: the disk didn't take it.
    """
    value = plan_value(plan)
    for step, fields in zip(plan.steps, value["steps"], strict=True):
        fields["basis"] = step.basis
    value["kind"] = "pioneer-build plan"
    value["requests_per_minute"] = plan.requests_per_minute
    value["choices"] = {
        "resubmit": sorted(plan.choices.resubmit),
        "retry": sorted(plan.choices.retry),
        "relabel": sorted(plan.choices.relabel),
        "delete_remote": plan.choices.delete_remote,
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise PlanFileError(f"can't write {path}: {error.strerror}") from None


def read_plan(path: Path) -> Plan:
    """The plan that `path` holds.

    Raises:
        PlanFileError: it can't be read, is no saved plan, or was saved by a newer version.
    """
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise PlanFileError(f"can't read {path}: {error.strerror}") from None
    except ValueError as error:
        raise PlanFileError(f"{path} is no saved plan: {error}", hint="pioneer-build plan --out FILE") from None
    if not isinstance(value, dict) or value.get("kind") != "pioneer-build plan":
        raise PlanFileError(f"{path} is no saved plan", hint="pioneer-build plan --out FILE writes one")
    if value.get("format") != FORMAT:
        raise PlanFileError(
            f"{path} has format {value.get('format')!r}, and this program reads {FORMAT}",
            hint="save the plan again with this version",
        )
    try:
        chosen = value["choices"]
        return Plan(
            backend=value["backend"],
            steps=tuple(_step(fields) for fields in value["steps"]),
            requests_per_minute=value["requests_per_minute"],
            choices=Choices(
                frozenset(chosen["resubmit"]),
                frozenset(chosen["retry"]),
                frozenset(chosen["relabel"]),
                bool(chosen["delete_remote"]),
            ),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise PlanFileError(f"{path} is damaged ({error})", hint="save the plan again") from None


def _step(fields: dict[str, Any]) -> Step:
    return Step(
        dataset_name=fields["dataset_name"],
        action=fields["action"],
        reasons=tuple(
            Reason(reason["field"], reason["text"], reason.get("old"), reason.get("new"))
            for reason in fields["reasons"]
        ),
        requests=fields["requests"],
        examples=fields["examples"],
        total=fields["total"],
        remote_name=fields["remote_name"],
        renamed_from=fields.get("renamed_from"),
        protected=fields.get("protected", False),
        fetch=fields.get("fetch", False),
        refused=fields.get("refused"),
        command=fields.get("command"),
        basis=fields["basis"],
    )


def as_reviewed(saved: Plan, now: Plan) -> Plan:
    """The steps of `now` that are exactly those of `saved`; a step that has moved on is refused.

    Raises:
        PlanFileError: the plan was saved for another backend.
    """
    if saved.backend != now.backend:
        raise PlanFileError(
            f"the plan was saved for the backend {saved.backend}, and this run is for {now.backend}",
            hint=f"pioneer-build --backend {saved.backend} apply …",
        )
    today = {step.dataset_name: step for step in now.steps}
    steps = []
    for step in saved.steps:
        current = today.get(step.dataset_name)
        if step.action == "none":
            continue
        if current is not None and (current.basis, current.action) == (step.basis, step.action):
            steps.append(current)
        else:
            what = f"it would be {current.action} now" if current is not None else "it is gone"
            refused = f"it has moved on since the plan was saved: {what}"
            steps.append(_refused(step, refused))
    return Plan(now.backend, tuple(steps), now.requests_per_minute, now.choices)


def _refused(step: Step, why: str) -> Step:
    from dataclasses import replace

    return replace(step, refused=why, command="pioneer-build plan --out FILE")
