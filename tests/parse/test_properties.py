"""The parser on anything at all, and specs written in any style."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.errors import Problem
from pioneer_build.parse import parse_settings, parse_text, yaml_loader
from pioneer_build.parse.ambiguous_words import STR, tag_of_plain
from pioneer_build.spec.blank import is_blank
from pioneer_build.spec.model import Checks, EntityExample, FewShot, InlineTexts, InputFiles, Spec, TopUp
from pioneer_build.spec.unicode_form import nfc

if TYPE_CHECKING:
    from pioneer_build.parse import ParsedFile

CHARS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffe\uffff")
#: Words that PyYAML writes plain and that some readers of YAML take for numbers are left out.
LINE = st.text(CHARS, min_size=1, max_size=12).filter(lambda s: not is_blank(s) and tag_of_plain(s) == STR)
TEXT = (
    LINE
    | st.lists(LINE, min_size=1, max_size=3).map("\n".join)
    | st.sampled_from(["no", "1", "null", "a: b", "# x", "- y"])
)
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(lambda s: tag_of_plain(s) == STR)
RATIO = st.floats(0, 1, allow_nan=False) | st.integers(0, 1)
CHECKS = st.builds(
    Checks,
    min_accepted=st.none() | RATIO,
    max_duplicate_ratio=st.none() | RATIO,
    min_chars=st.none() | st.integers(0, 5),
    max_chars=st.none() | st.integers(5, 2**40),
    no_overlap_with=st.lists(NAME, max_size=2).map(tuple),
)


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Any spec that is right."""
    task = draw(st.sampled_from(["ner", "classification", "decoder"]))
    label = task != "decoder" and draw(st.booleans())
    labels = draw(st.lists(LINE, min_size=1, max_size=5, unique_by=nfc)) if task != "decoder" else []
    shots = []
    if task == "classification":
        texts = draw(st.lists(TEXT, max_size=3, unique_by=nfc))
        shots = [FewShot(text, draw(st.sampled_from(labels))) for text in texts]
    descriptions: tuple[tuple[str, str], ...] = ()
    if labels and draw(st.booleans()):
        labels = sorted(labels)  # one of the styles sorts keys
        descriptions = tuple((one, draw(TEXT)) for one in labels)
    annotated = []
    if task == "ner":
        for text in draw(st.lists(TEXT, max_size=2)):
            pairs = ((text, draw(st.sampled_from(labels))),) if draw(st.booleans()) else ()
            annotated.append(EntityExample(text, pairs))
    files = st.builds(InputFiles, st.just("data/x.csv"), st.none() | LINE, st.none() | LINE)
    inputs = st.builds(InlineTexts, st.lists(TEXT, min_size=1, max_size=4).map(tuple)) | files
    return Spec(
        dataset_name=draw(NAME),
        task_type=task,  # type: ignore[arg-type]
        labels=tuple(labels),
        num_examples=None if label else draw(st.integers(1, 2**53 - 1)),
        domain_description=None if label else draw(st.none() | TEXT),
        classified_examples=tuple(shots),
        ner_examples=tuple(annotated),
        label_descriptions=descriptions,
        prompt=draw(st.none() | TEXT) if task == "decoder" else None,
        inputs=draw(inputs) if label else None,
        owner=draw(st.none() | LINE),
        tags=draw(st.lists(NAME, max_size=2).map(tuple)),
        protect=draw(st.booleans()),
        renamed_from=draw(st.none() | st.just("0ld")),
        checks=draw(CHECKS),
        top_up=draw(st.none() | st.builds(TopUp, st.integers(1, 9))),
        on_change=draw(st.sampled_from(["new_name", "new_version"])),
    )


def written(spec: Spec) -> dict[str, Any]:
    """What an author would write for it."""
    data: dict[str, Any] = {"version": 1}
    for one in dataclasses.fields(Spec)[:-3]:
        value = getattr(spec, one.name)
        if value is None or value == ():
            continue
        if dataclasses.is_dataclass(value):
            value = {
                k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(value).items() if v is not None
            }  # type: ignore[arg-type]
            value = value.get("texts", value)
        if isinstance(value, tuple):
            value = [dataclasses.asdict(v) if isinstance(v, FewShot) else v for v in value]
        data[one.name] = value
    if spec.ner_examples:
        data["ner_examples"] = [
            {"text": one.text, "entities": [list(pair) for pair in one.entities]} for one in spec.ner_examples
        ]
    if data.pop("label_descriptions", ()):
        data["labels"] = dict(spec.label_descriptions)
    return data


def values(parsed: ParsedFile) -> list[Spec]:
    return [dataclasses.replace(spec, path="", line=0, marks=()) for spec in parsed.specs]


STYLES = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "default_style": st.sampled_from([None, '"', "'", "|", ">"]),
        "allow_unicode": st.booleans(),
        "width": st.sampled_from([20, 80, 10_000]),
        "indent": st.sampled_from([2, 4]),
        "explicit_start": st.booleans(),
        "sort_keys": st.booleans(),
    }
)


@pytest.fixture(scope="module", params=["libyaml", "pure"])
def loader(request: pytest.FixtureRequest) -> Any:
    """The reader of YAML, with libyaml and without."""
    return yaml_loader.Loader if request.param == "libyaml" else yaml_loader.PureLoader


@given(st.lists(specs(), min_size=1, max_size=2), STYLES)
@settings(deadline=None, max_examples=40)
def test_a_spec_in_any_style_comes_back(loader: Any, wanted: list[Spec], style: dict[str, Any]) -> None:
    data = [written(spec) for spec in wanted]
    text = yaml.safe_dump_all(data, **style)
    if list(yaml.safe_load_all(text)) != data:
        return  # PyYAML itself doesn't read back what it wrote
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_loader, "Loader", loader)
        parsed = parse_text(text.encode(), "x.yaml")
    assert parsed.problems == ()
    assert values(parsed) == wanted


PIECES = st.sampled_from(
    [
        *["a", "labels", "task_type", "ner", ":", "-", "[", "]", "{", "}", ",", "'", '"', "&a", "*a"],
        *["!!str", "!x", "#", "?", "<<", "no", "1", "0x1", "2024-01-01"],
        *["inputs: ", "checks: ", "top_up: ", '"\\ud800"', '"\\U00110000"', ": ", "- ", " ", "\n", "\n  "],
        *["---\n", "...\n", "|\n", ">\n", "%YAML 1.1\n", "\t", "\r", "\u2028", "\x00", "\ud7ff"],
    ]
)
KEYS = st.sampled_from(["labels", "inputs", "checks", "x"]) | st.text(max_size=3)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
ANYTHING = (
    st.lists(PIECES, max_size=30).map(lambda parts: "".join(parts).encode())
    | st.binary(max_size=60)
    | DATA.map(lambda data: yaml.dump(data, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)).encode())
)


@given(ANYTHING)
@settings(deadline=None, max_examples=150)
def test_anything_at_all_gives_specs_or_problems(loader: Any, data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_loader, "Loader", loader)
        parsed = parse_text(data, "specs/x.yaml")
        parse_settings(data, "pioneer.yaml")
    lines = data.count(b"\n") + data.count(b"\r") + 1
    for problem in parsed.problems:
        assert isinstance(problem, Problem)
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert problem.source is not None
        assert problem.column <= len(problem.source) + 1


SPEC_LINES = """\
version: 1
dataset_name: people
task_type: ner
labels: [person, company]
num_examples: 10
owner: team
""".splitlines()
MISTAKES = {
    "version": "version: 2", "dataset_name": "dataset_name: a b", "task_type": "task_type: nerr",
    "labels": "labels: [person, no]", "num_examples": "num_examples: 0", "owner": "ownr: team",
}  # fmt: skip


@given(st.permutations(SPEC_LINES), st.sets(st.sampled_from(sorted(MISTAKES))))
def test_every_mistake_is_found_whatever_else_is_wrong(lines: list[str], wrong: set[str]) -> None:
    text = "\n".join(MISTAKES[key] if (key := line.partition(":")[0]) in wrong else line for line in lines)
    found = {problem.line for problem in parse_text(text.encode(), "x.yaml").problems}
    assert found == {n for n, line in enumerate(lines, 1) if line.partition(":")[0] in wrong}
