"""A small world for tests of the planner: specs, and an apply that changes values instead of sending anything.

`World.apply` does to the lock what `pioneer_build.apply` does when every job succeeds, and counts what was bought.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st

from pioneer_build.lock.model import Entry, Job, Labelling, Lock
from pioneer_build.lock.pending_renames import entry_for
from pioneer_build.plan import Choices, Facts, InputFacts, Plan, Step, make_plan
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from pioneer_build.spec.model import FewShot, InlineTexts, Spec, TopUp

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Examples of each property. The long form of the suite: PLAN_EXAMPLES=2000 pytest tests/plan/test_properties.py …
EXAMPLES = int(os.environ.get("PLAN_EXAMPLES", "40"))
PROPERTY = settings(max_examples=EXAMPLES, deadline=None)

BACKEND = "pioneer"
NAMES = ("a", "b", "c", "d")
LABELS = ("x", "y", "z", "é")
TEXTS = ("one", "two", "three", "four", "five")


def declared(spec: Spec, checks: dict[str, Any] | None = None) -> Declared:
    definition = definition_of(spec)
    return Declared(spec, definition, fingerprint_of(definition), checks or {})


def generate_spec(name: str = "a", labels: tuple[str, ...] = ("x", "y"), num_examples: int = 10, **more: Any) -> Spec:
    return Spec(name, more.pop("task_type", "ner"), labels=labels, num_examples=num_examples, **more)


def label_spec(
    name: str = "a", labels: tuple[str, ...] = ("x", "y"), texts: Iterable[str] = TEXTS, **more: Any
) -> Spec:
    return Spec(name, more.pop("task_type", "ner"), labels=labels, inputs=InlineTexts(tuple(texts)), **more)


def digest(*parts: object) -> str:
    return "sha256:" + sha256(repr(parts).encode()).hexdigest()


def job(item: Declared, number: int = 1, **fields: Any) -> Job:
    """A ready job of `item`'s definition."""
    plain: dict[str, Any] = {
        "fingerprint": item.fingerprint,
        "remote_name": item.name,
        "asked": item.spec.num_examples or 0,
        "state": "ready",
        "order": number - 1,
        "job_id": f"job-{number}",
        "version": str(number),
        "got": item.spec.num_examples or 0,
        "rows": digest(item.name, number),
        "verified": True,
    }
    return Job(**{**plain, **fields})


def entry(item: Declared, *jobs: Job, **fields: Any) -> Entry:
    plain: dict[str, Any] = {
        "dataset_name": item.name,
        "backend": BACKEND,
        "task_type": item.spec.task_type,
        "definition": item.definition,
        "base_name": item.name,
        "num_examples": item.spec.num_examples,
        "jobs": jobs,
        "protect": item.spec.protect,
        "on_change": item.spec.on_change,
        "checks": item.checks,
    }
    return Entry(**{**plain, **fields})


def lock_of(*entries: Entry) -> Lock:
    return Lock({(one.dataset_name, one.backend): one for one in entries})


@dataclass
class World:
    """What there is: the lock, the rows and annotations kept here, and what was paid for."""

    lock: Lock = field(default_factory=Lock)
    rows: set[str] = field(default_factory=set)
    annotations: dict[str, set[str]] = field(default_factory=dict)
    bought: list[tuple[str, str, str, int]] = field(default_factory=list)
    labelled: list[tuple[str, str]] = field(default_factory=list)
    requests: int = 0
    jobs: int = 0

    def facts(self, specs: Iterable[Declared], **more: Any) -> Facts:
        inputs = {}
        for item in specs:
            if isinstance(item.spec.inputs, InlineTexts):
                texts = item.spec.inputs.texts
                here = self.annotations.get(item.fingerprint, set())
                inputs[item.name] = InputFacts(
                    digest=digest(texts),
                    texts=len(texts),
                    distinct=len(set(texts)),
                    new=len(set(texts) - here),
                    held=len(here),
                )
        return Facts(backend=BACKEND, present=frozenset(self.rows), inputs=inputs, **more)

    def plan(self, specs: Iterable[Declared], choices: Choices | None = None, **more: Any) -> Plan:
        specs = list(specs)
        return make_plan(specs, self.lock, self.facts(specs, **more), choices)

    def apply(self, specs: Iterable[Declared], choices: Choices | None = None) -> Plan:
        specs = list(specs)
        plan = self.plan(specs, choices)
        by_name = {item.name: item for item in specs}
        for step in plan.steps:
            if step.refused is None and step.action not in ("none", "blocked"):
                self._do(step, by_name.get(step.dataset_name))
        return plan

    def _do(self, step: Step, item: Declared | None) -> None:
        if item is None:
            gone = self.lock.entries[step.dataset_name, BACKEND]
            jobs = tuple(replace(one, deleted=step.action == "delete" or one.deleted) for one in gone.jobs)
            self.lock = self.lock.with_entries([replace(gone, forgotten=True, jobs=jobs)])
            return
        known, old_name = entry_for(item, self.lock, BACKEND)
        fresh = entry(item, *(known.jobs if known else ()))
        if known is not None:
            fresh = replace(fresh, base_name=known.base_name, labelling=known.labelling, paid=known.paid)
        for one in fresh.jobs:
            if one.rows is not None and step.fetch:
                self.rows.add(one.rows)
        if item.spec.is_label:
            fresh = self._label(step, item, fresh)
        elif step.requests:
            self.jobs += 1
            self.requests += 1
            new = job(
                item, self.jobs, asked=step.examples, got=step.examples, remote_name=step.remote_name,
                order=1 + max((one.order for one in fresh.jobs), default=-1), rows=digest(self.jobs),
            )  # fmt: skip
            self.rows.add(str(new.rows))
            self.bought.append((step.dataset_name, step.remote_name, item.fingerprint, step.examples))
            fresh = replace(fresh, jobs=(*fresh.jobs, new))
        old = [(old_name, BACKEND)] if old_name is not None else []
        self.lock = self.lock.with_entries([fresh], without=old)

    def _label(self, step: Step, item: Declared, fresh: Entry) -> Entry:
        assert isinstance(item.spec.inputs, InlineTexts)
        texts = item.spec.inputs.texts
        here = self.annotations.setdefault(item.fingerprint, set())
        if step.requests:
            self.labelled += [(item.fingerprint, text) for text in dict.fromkeys(texts) if text not in here]
            self.requests += step.requests
            here.update(texts)
        if step.action not in ("label", "restore") and not step.fetch:  # as apply: only settings are put in
            return fresh
        assert here.issuperset(texts), "a step of no requests can't label"
        content = digest(item.fingerprint, texts)
        self.rows.add(content)
        count = len(set(texts))
        paid = dict(fresh.paid)
        paid[item.fingerprint] = max(count, paid.get(item.fingerprint, 0))
        labelling = Labelling(item.fingerprint, digest(texts), len(texts), count, count, 0, len(texts), content)
        return replace(fresh, labelling=labelling, paid=tuple(sorted(paid.items())))


# -- strategies ----------------------------------------------------------------------------------------------------

_label_sets = st.lists(st.sampled_from(LABELS), min_size=1, max_size=3, unique=True).map(tuple)
_descriptions = st.sampled_from((None, "shop", "shop  talk", "Läden"))
_shots = st.lists(st.sampled_from(TEXTS), max_size=2, unique=True)


@st.composite
def specs_named(draw: st.DrawFn, name: str) -> Spec:
    """Any spec of this name."""
    labels = draw(_label_sets)
    settings: dict[str, Any] = {
        "protect": draw(st.booleans()) and draw(st.booleans()),
        "on_change": draw(st.sampled_from(("new_name", "new_name", "new_version"))),
        "top_up": draw(st.sampled_from((None, TopUp(2)))),
        "tags": draw(st.sampled_from(((), ("prod",)))),
    }
    kind = draw(st.sampled_from(("ner", "classification", "decoder", "label")))
    if kind == "label":
        texts = draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=5))
        return label_spec(name, labels, texts, **settings)
    size = draw(st.integers(1, 40))
    if kind == "decoder":
        return Spec(name, "decoder", prompt=draw(st.sampled_from(("p", "q"))), num_examples=size, **settings)
    if kind == "classification":
        settings["classified_examples"] = tuple(FewShot(text, labels[0]) for text in draw(_shots))
    settings["domain_description"] = draw(_descriptions)
    return generate_spec(name, labels, size, task_type=kind, **settings)


@st.composite
def projects(draw: st.DrawFn) -> list[Declared]:
    """The specs of a small project."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    return [declared(draw(specs_named(name))) for name in names]
