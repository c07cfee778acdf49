"""A spec that is written is read back as it was."""

from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.operations.init.spec_yaml import spec_text
from pioneer_build.parse import parse_text
from pioneer_build.spec.blank import is_blank

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    lambda text: not is_blank(text)
)
_LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: not is_blank(text)
)


@settings(max_examples=150, deadline=None)
@given(
    labels=st.lists(
        _LINE | st.sampled_from(["no", "1", "on", "null", "~", "2024-01-01", "a: b", "- a", "#"]),
        min_size=1,
        max_size=4,
        unique_by=lambda text: __import__("unicodedata").normalize("NFC", text).strip(),
    ),
    prompt=_TEXT | st.lists(_TEXT, min_size=2, max_size=4).map("\n".join),
)
def test_round_trip(labels: list[str], prompt: str) -> None:
    decoder = {"version": 1, "dataset_name": "a", "task_type": "decoder", "num_examples": 3, "prompt": prompt}
    ner = {"version": 1, "dataset_name": "b", "task_type": "ner", "labels": labels, "inputs": [prompt]}
    found = parse_text((spec_text(decoder) + "---\n" + spec_text(ner)).encode(), "x.yaml")
    if any("label" in problem.message for problem in found.problems):
        return  # labels that the parser takes for one, or for none
    assert found.problems == ()
    first, second = found.specs
    assert first.prompt is not None
    assert first.prompt.strip() == prompt.strip()
    assert second.labels == tuple(labels)
    assert second.inputs is not None
    assert second.inputs.texts == (prompt,)  # type: ignore[union-attr]


def test_keys_of_a_mapping_are_quoted_where_they_must_be() -> None:
    written = spec_text({"labels": {"no": "x", "a: b": "y", "#": "z", "plain": "w"}, "inputs": [{"a: b": "no"}]})
    assert yaml.safe_load(written) == {
        "labels": {"no": "x", "a: b": "y", "#": "z", "plain": "w"},
        "inputs": [{"a: b": "no"}],
    }
