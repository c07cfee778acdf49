"""Describes the changes between the definition and settings in the lock and those of a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.lock.model import MIXED_CHECKS
from pioneer_build.plan.model import Reason
from pioneer_build.spec.label_descriptions import DESCRIPTIONS, as_written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.lock.model import Entry
    from pioneer_build.spec.declared import Declared


def definition_changes(entry: Entry, item: Declared) -> tuple[Reason, ...]:
    """A reason for each changed key of the definition, with old and new value; of a list, what changed in it."""
    if entry.fingerprint == item.fingerprint:
        return ()
    old, new = as_written(entry.definition), as_written(item.definition)
    reasons = []
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if key == DESCRIPTIONS:
            reasons.append(_description_changes(before or {}, after or {}))
        elif isinstance(before, list) or isinstance(after, list):
            was, now = before or [], after or []
            added = [value for value in now if value not in was]
            removed = [value for value in was if value not in now]
            parts = [f"+ {_brief(value)}" for value in added] + [f"- {_brief(value)}" for value in removed]
            reasons.append(Reason(key, ", ".join(parts), removed, added))
        else:
            reasons.append(Reason(key, f"{_brief(before)} → {_brief(after)}", before, after))
    if not reasons:  # the same definition with another version of the fingerprint
        reasons.append(Reason("version", f"{entry.fingerprint} → {item.fingerprint}"))
    return tuple(reasons)


def _description_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Reason:
    """The reason for other descriptions of labels: they belong to the key `labels`."""
    labels = [label for label in sorted({*before, *after}) if before.get(label) != after.get(label)]
    changes = [f"{_brief(label)}: {_brief(before.get(label))} → {_brief(after.get(label))}" for label in labels]
    old, new = ({label: side[label] for label in labels if label in side} for side in (before, after))
    return Reason("labels", f"described as {', '.join(changes)}", old or None, new or None)


def remembered(declared: Declared) -> dict[str, Any]:
    """The settings of a spec that the lock records."""
    spec = declared.spec
    return {"protect": spec.protect, "on_change": spec.on_change, "checks": dict(declared.checks)}


def setting_changes(entry: Entry, item: Declared) -> tuple[Reason, ...]:
    """A reason for each setting that differs from the one in the lock."""
    spec = item.spec
    if entry.protect == spec.protect and entry.on_change == spec.on_change and entry.checks == item.checks:
        return ()
    reasons = []
    if entry.protect != spec.protect:
        text = "now protected" if spec.protect else "no longer protected, from the next plan on"
        reasons.append(Reason("protect", text, entry.protect, spec.protect))
    if entry.on_change != spec.on_change:
        text = f"{entry.on_change} → {spec.on_change}"
        reasons.append(Reason("on_change", text, entry.on_change, spec.on_change))
    old, new = dict(entry.checks), dict(item.checks)
    if old != new:
        parts = [
            f"{key}: {_plain(old.get(key))} → {_plain(new.get(key))}"
            for key in sorted({*old, *new})
            if old.get(key) != new.get(key)
        ]
        if entry.checks == MIXED_CHECKS:
            parts = ["not all rows were judged by the same checks, or compared with each other: they are judged again"]
        reasons.append(Reason("checks", ", ".join(parts), old, new))
    return tuple(reasons)


def _plain(value: Any) -> str:
    if value is None:
        return "(none)"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _brief(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, dict) and "entities" in value:
        pairs = ", ".join(f"{span} = {label}" for span, label in value["entities"])
        return f"{_brief(value.get('text'))} ({pairs or 'no entities'})"
    if isinstance(value, dict):
        return f"{_brief(value.get('text'))} ({value.get('label')})"
    return f'"{value}"'
