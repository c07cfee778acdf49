"""`hf`, read back by the datasets library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.errors import UsageError
from pioneer_build.exports import export_splits, export_to_path, parse_splits

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")
datasets = pytest.importorskip("datasets")


def test_ner(ner_rows: list[dict[str, Any]], labels: list[str], tmp_path: Path) -> None:
    ledger = export_to_path("hf", iter(ner_rows), tmp_path / "out", "ner", labels)
    found = datasets.load_from_disk(str(tmp_path / "out"))
    assert dict(ledger.lost) == {"id-types": 1}
    assert [row["text"] for row in found] == [row["text"] for row in ner_rows]
    entity = found[0]["entities"][2]
    assert entity == {
        "text": "Ärm 🎉 Ltd.", "label": 1, "start": 24, "end": 34, "score": 0.25, "ambiguous": None,
    }  # fmt: skip
    assert found[2]["entities"][0]["ambiguous"] is True
    assert found[1]["entities"] == []


def test_classification_has_class_labels(
    class_rows: list[dict[str, Any]], multi_rows: list[dict[str, Any]], labels: list[str], tmp_path: Path
) -> None:
    export_to_path("hf", class_rows, tmp_path / "one", "classification", labels)
    found = datasets.load_from_disk(str(tmp_path / "one"))
    assert found.features["label"] == datasets.ClassLabel(names=labels)
    assert found["label"][:] == [2, 0]
    assert found["score"][:] == [0.5, None]
    export_to_path("hf", multi_rows, tmp_path / "many", "classification", labels)
    assert datasets.load_from_disk(str(tmp_path / "many"))["labels"][:] == [[2, 0], [2]]


def test_decoder(decoder_rows: list[dict[str, Any]], tmp_path: Path) -> None:
    ledger = export_to_path("hf", decoder_rows, tmp_path / "out", "decoder")
    assert list(datasets.load_from_disk(str(tmp_path / "out"))) == decoder_rows
    assert ledger.lost == ()


def test_splits_are_a_dataset_dict(tmp_path: Path, labels: list[str]) -> None:
    rows = [{"text": f"text {number}", "label": "city"} for number in range(60)]
    split = parse_splits("train=0.8,test=0.2")
    for _ in range(2):  # an earlier export is replaced
        export_splits("hf", lambda: rows, tmp_path / "out", split, "classification", labels)
    found = datasets.load_from_disk(str(tmp_path / "out"))
    assert set(found) == {"train", "test"}
    assert found["train"].num_rows + found["test"].num_rows == 60
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["dataset_dict.json", "test", "train"]


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, class_rows: list[dict[str, Any]]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="is not an export of this format"):
        export_to_path("hf", class_rows, tmp_path / "mine", "classification")
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_an_empty_dataset(tmp_path: Path, labels: list[str]) -> None:
    export_to_path("hf", [], tmp_path / "out", "classification", labels)
    assert datasets.load_from_disk(str(tmp_path / "out")).num_rows == 0
