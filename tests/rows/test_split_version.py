"""What a version holds beside the rows of earlier jobs."""

from __future__ import annotations

from pioneer_build.rows import normalise, split_version
from tests.checks.judged import NER, class_rows, ner_rows


def test_earlier_rows_of_a_version_are_taken_out_wherever_they_stand() -> None:
    first, second = ner_rows(3), ner_rows(6)[3:]
    kept = [normalise(row, "ner", NER) for row in first] + [{"entities": []}]
    mixed = [second[0], first[1], {"entities": []}, second[1], first[0], second[2], first[2]]
    split = split_version(mixed, kept, "ner", NER)
    assert list(split.new) == second
    assert split.complete
    assert split.found == 4


def test_a_row_counts_as_often_as_it_is_there() -> None:
    row = class_rows(1)
    split = split_version(row * 3, row * 2, "classification", "a")
    assert (len(split.new), split.found, split.missing) == (1, 2, 0)
    assert split_version(row, row * 2, "classification", "a").missing == 1


def test_scores_and_shapes_make_no_other_row() -> None:
    earlier = [{"text": "Ada", "entities": [{"text": "Ada", "label": "person", "start": 0, "end": 3, "score": 0.5}]}]
    split = split_version([{"text": "Ada", "entities": [["Ada", "person"]]}], earlier, "ner", NER)
    assert split.complete
    assert not split.new
