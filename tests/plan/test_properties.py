"""What holds for every plan, whatever the specs and the lock."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given
from hypothesis import strategies as st

from pioneer_build.plan import Choices, KeptRows, Plan
from pioneer_build.plan.json import plan_value
from pioneer_build.plan.select import Selectable, select
from pioneer_build.render.plan import plan_text
from pioneer_build.render.plan_markdown import plan_markdown
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.model import FewShot, InlineTexts, Spec
from tests.planning import (
    BACKEND,
    LABELS,
    PROPERTY,
    World,
    declared,
    digest,
    generate_spec,
    label_spec,
    projects,
    specs_named,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_bytes(plan: Plan) -> bytes:
    return json.dumps(plan_value(plan)).encode() + "".join(step.basis for step in plan.steps).encode()


def settle(world: World, specs: list[Declared]) -> None:
    """Applies until nothing is left to do that isn't refused."""
    for _ in range(4):
        world.apply(specs)


def unprotected(specs: Sequence[Declared]) -> list[Declared]:
    return [declared(replace(item.spec, protect=False)) for item in specs]


@PROPERTY
@given(st.lists(projects(), min_size=1, max_size=4))
def test_after_an_apply_nothing_is_to_do(walk: list[list[Declared]]) -> None:
    world = World()
    for specs in walk:
        free = unprotected(specs)
        world.apply(free)
        again = world.plan(free)
        assert not again.changes, plan_text(again)
        assert again.requests == 0
        for item in free:
            as_declared(world, item)


def as_declared(world: World, item: Declared) -> None:
    """The lock has exactly what the spec says."""
    built = world.lock.entries[item.name, BACKEND]
    assert (built.fingerprint, built.num_examples) == (item.fingerprint, item.spec.num_examples)
    assert (built.forgotten, built.protect) == (False, item.spec.protect)
    if isinstance(item.spec.inputs, InlineTexts):
        assert built.labelling is not None
        assert built.labelling.inputs == digest(item.spec.inputs.texts)
        assert built.labelling.fingerprint == item.fingerprint
    else:
        assert built.examples == item.spec.num_examples
        assert {job.fingerprint for job in built.readable()} == {item.fingerprint}
    assert built.state == "ready"
    assert built.content is not None


@PROPERTY
@given(st.lists(projects(), min_size=1, max_size=4), st.data())
def test_the_same_facts_give_the_same_bytes(walk: list[list[Declared]], data: st.DataObject) -> None:
    world = World()
    for specs in walk[:-1]:
        world.apply(specs)
    specs = walk[-1]
    plan = world.plan(specs)
    shuffled = data.draw(st.permutations(specs))
    entries = data.draw(st.permutations(list(world.lock.entries.items())))
    again = World(lock=replace(world.lock, entries=dict(entries)), rows=world.rows, annotations=world.annotations)
    assert as_bytes(plan) == as_bytes(world.plan(specs)) == as_bytes(again.plan(shuffled))
    assert plan_markdown(plan) == plan_markdown(again.plan(shuffled))
    assert [step.dataset_name for step in plan.steps] == sorted(step.dataset_name for step in plan.steps)


def cosmetic(spec: Spec, data: st.DataObject) -> Spec:
    """The same dataset in other words."""
    changes: dict[str, Any] = {
        "labels": tuple(data.draw(st.permutations(spec.labels))),
        "description": data.draw(st.sampled_from((None, "for people"))),
        "owner": data.draw(st.sampled_from((None, "me"))),
        "tags": data.draw(st.sampled_from(((), ("x", "y")))),
        "path": "specs/moved.yaml",
        "line": 7,
    }
    if spec.classified_examples:
        changes["classified_examples"] = tuple(data.draw(st.permutations(spec.classified_examples)))
    if spec.domain_description is not None:
        folded = spec.domain_description.replace(" ", data.draw(st.sampled_from((" ", "  ", "\n", "\t\u3000"))))
        changes["domain_description"] = f" {folded}\n".replace("ä", "a\u0308")
    if spec.prompt is not None:
        changes["prompt"] = f"\n {spec.prompt}\n\n"
    changes["labels"] = tuple(label.replace("é", "e\u0301") for label in changes["labels"])
    if spec.classified_examples:
        changes["classified_examples"] = tuple(
            FewShot(shot.text, shot.label.replace("é", "e\u0301")) for shot in changes["classified_examples"]
        )
    return replace(spec, **changes)


@PROPERTY
@given(projects(), st.data())
def test_cosmetic_edits_plan_nothing(specs: list[Declared], data: st.DataObject) -> None:
    world = World()
    world.apply(specs)
    edited = [declared(cosmetic(item.spec, data)) for item in specs]
    plan = world.plan(edited)
    assert {step.action for step in plan.steps} == {"none"}
    assert not plan.requests


def semantic(spec: Spec, data: st.DataObject) -> Spec:
    """Another dataset."""
    kinds = ["labels"] if spec.labels else ["prompt"]
    if spec.num_examples is not None:
        kinds.append("size")
        if spec.labels:
            kinds.append("description")
    else:
        kinds.append("inputs")
    match data.draw(st.sampled_from(kinds)):
        case "labels":
            others = [label for label in (*LABELS, "new") if label not in spec.labels]
            return replace(spec, labels=(*spec.labels, data.draw(st.sampled_from(others))))
        case "prompt":
            return replace(spec, prompt=f"{spec.prompt} and more")
        case "size":
            size = data.draw(st.integers(1, 60))
            assume(size != spec.num_examples)
            return replace(spec, num_examples=size)
        case "description":
            return replace(spec, domain_description=f"{spec.domain_description} and more")
        case _:
            assert isinstance(spec.inputs, InlineTexts)
            return replace(spec, inputs=InlineTexts((*spec.inputs.texts, "a new text")))


@PROPERTY
@given(projects(), st.data())
def test_a_change_of_meaning_plans_exactly_that_dataset(specs: list[Declared], data: st.DataObject) -> None:
    world = World()
    world.apply(specs)
    index = data.draw(st.integers(0, len(specs) - 1))
    specs[index] = declared(semantic(specs[index].spec, data))
    plan = world.plan(specs)
    assert [step.dataset_name for step in plan.steps if step.action != "none"] == [specs[index].name]


@PROPERTY
@given(st.lists(specs_named("a"), min_size=2, max_size=4), st.data())
def test_a_walk_that_comes_back_buys_each_definition_once(path: list[Spec], data: st.DataObject) -> None:
    world = World()
    places = [declared(replace(spec, protect=False)) for spec in path]
    walk = data.draw(st.lists(st.integers(0, len(places) - 1), min_size=2, max_size=10))
    gaps = data.draw(st.lists(st.booleans(), min_size=len(walk), max_size=len(walk)))
    most: dict[str, int] = {}
    texts: set[tuple[str, str]] = set()
    for place, gap in zip(walk, gaps, strict=True):
        if gap:
            world.apply([])  # forgotten for a while
        item = places[place]
        world.apply([item])
        if isinstance(item.spec.inputs, InlineTexts):
            texts |= {(item.fingerprint, text) for text in item.spec.inputs.texts}
        else:
            most[item.fingerprint] = max(most.get(item.fingerprint, 0), item.spec.num_examples or 0)
    bought: dict[str, int] = {}
    for _, _, fingerprint, examples in world.bought:
        bought[fingerprint] = bought.get(fingerprint, 0) + examples
    assert bought == most
    assert sorted(world.labelled) == sorted(texts)


@PROPERTY
@given(st.lists(projects(), min_size=1, max_size=4))
def test_no_remote_name_holds_two_datasets_or_definitions(walk: list[list[Declared]]) -> None:
    world = World()
    keeps: dict[str, set[tuple[str, str]]] = {}
    versions = set()
    for specs in walk:
        world.apply(unprotected(specs))
        versions |= {item.name for item in specs if item.spec.on_change == "new_version"}
    for name, remote, fingerprint, _ in world.bought:
        keeps.setdefault(remote, set()).add((name, "" if name in versions else fingerprint))
    assert all(len(owners) == 1 for owners in keeps.values()), keeps


@PROPERTY
@given(st.lists(projects(), min_size=1, max_size=3), st.data())
def test_a_selected_plan_is_a_subset(walk: list[list[Declared]], data: st.DataObject) -> None:
    world = World()
    for specs in walk[:-1]:
        world.apply(specs)
    plan = world.plan(walk[-1])
    items = [Selectable(step.dataset_name, (), "new") for step in plan.steps]
    names = [item.dataset_name for item in items]
    chosen = data.draw(st.lists(st.sampled_from([*names, "*", "[ab]*", "state:new"]), max_size=3))
    left_out = data.draw(st.lists(st.sampled_from(names), max_size=2))
    assume("[ab]*" not in chosen or {"a", "b"} & set(names))
    part = plan.only(select(items, chosen, left_out))
    assert all(step in plan.steps for step in part.steps)
    assert not {step.dataset_name for step in part.steps} & set(left_out)
    assert part.requests <= plan.requests
    assert part.examples <= plan.examples


@PROPERTY
@given(st.lists(projects(), min_size=2, max_size=4), st.booleans())
def test_a_protected_dataset_is_never_replaced_forgotten_or_deleted(walk: list[list[Declared]], delete: bool) -> None:
    world = World()
    choices = Choices(delete_remote=delete)
    for specs in walk:
        held = {name: one for (name, _), one in world.lock.entries.items() if one.protect}
        plan = world.plan(specs, choices)
        for step in plan.steps:
            if step.dataset_name in held:
                assert step.protected
                if step.action in ("replace", "forget", "delete"):
                    assert step.refused is not None
        world.apply(specs, choices)
        for name in held:
            assert not world.lock.entries[name, BACKEND].forgotten or held[name].forgotten


@PROPERTY
@given(projects(), st.sampled_from(("generate", "label")))
def test_renaming_buys_nothing_and_keeps_the_remote_name(specs: list[Declared], kind: str) -> None:
    first = declared(generate_spec("old") if kind == "generate" else label_spec("old"))
    world = World()
    settle(world, [*specs, first])
    before, bought = world.lock.entries["old", BACKEND], world.requests
    renamed = declared(replace(first.spec, dataset_name="new", renamed_from="old"))
    plan = world.apply([*specs, renamed])
    step = next(step for step in plan.steps if step.dataset_name == "new")
    assert (step.action, step.requests, step.renamed_from) == ("rename", 0, "old")
    assert world.requests == bought
    assert ("old", BACKEND) not in world.lock.entries
    after = world.lock.entries["new", BACKEND]
    assert after == replace(before, dataset_name="new")
    assert not world.plan([*specs, renamed]).changes, "already applied: no change"
    again = declared(replace(renamed.spec, dataset_name="newer", renamed_from="new"))
    assert world.apply([*specs, again]).requests == 0


@PROPERTY
@given(st.lists(projects(), min_size=1, max_size=3), st.data())
def test_changed_checks_never_buy_and_never_lose_rows(walk: list[list[Declared]], data: st.DataObject) -> None:
    world = World()
    for specs in walk:
        world.apply(unprotected(specs))
    kept: dict[str, KeptRows] = {}
    tight: list[Declared] = []
    grown: set[str] = set()
    for item in unprotected(walk[-1]):
        entry = world.lock.entries[item.name, BACKEND]
        spec = replace(item.spec, top_up=None)
        if spec.num_examples is not None and data.draw(st.booleans()):
            spec, grown = replace(spec, num_examples=spec.num_examples + 5), grown | {item.name}
        tight.append(declared(spec, {"min_chars": 90}))
        fate = data.draw(st.sampled_from(("passes", "some pass", "broken", "elsewhere")))
        if spec.is_label:
            kept |= {item.name: KeptRows("too few", broken=True)} if fate == "broken" else {}
            continue
        state: Any = "rejected" if fate == "broken" else "ready"
        less = 0 if fate == "passes" else 1
        jobs = tuple(
            replace(one, state=state, got=max(0, (one.got or 0) - less)) if one.fingerprint == item.fingerprint else one
            for one in entry.jobs
        )
        kept[item.name] = KeptRows(fate, jobs, broken=fate == "broken", here=fate != "elsewhere")
    plan = world.plan(tight, kept=kept)
    for step, item in zip(plan.steps, sorted(tight, key=lambda one: one.name), strict=True):
        if item.name not in grown:
            assert step.requests == 0, plan_text(plan)
        if item.name in kept and kept[item.name].broken:
            assert (step.action, step.requests) == ("blocked", 0)
            assert f"--retry {item.name}" in str(step.command)
            again = world.plan(tight, Choices(retry=frozenset({item.name})), kept=kept)
            (chosen,) = [one for one in again.steps if one.dataset_name == item.name]
            assert chosen.requests == (0 if item.spec.is_label else 1), "only if the user says so"
        elif item.name in kept:
            assert step.action == ("extend" if item.name in grown else "update")
            assert step.fetch == (not kept[item.name].here)
    assert as_bytes(plan) == as_bytes(world.plan(tight[::-1], kept=kept))
