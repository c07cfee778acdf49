"""What a plan compares kept rows with: datasets under the names of the specs, wherever their rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.lock.pending_renames import old_names_of, with_new_names
from pioneer_build.operations.label_texts import NO_TEXTS
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.operations.rows_to_judge import RowsElsewhere, judge_entry, read_kept_rows
from pioneer_build.project.open import open_project
from tests.made import Made, spec_text

if TYPE_CHECKING:
    from pioneer_build.operations.project_state import ProjectState

ROWS = [{"text": f"text {i}", "label": "a"} for i in range(4)]


def spec(name: str, size: int, more: str = "") -> str:
    return spec_text(name, "classification", labels=["a"], num_examples=size) + more


def renamed(made: Made) -> ProjectState:
    """Two of the four rows of `moods` are those of `old`, which becomes `ref`."""
    made.dataset(spec("moods", 4), ROWS)
    made.dataset(spec("old", 2), ROWS[:2])
    made.write_lock()
    specs = made.root / "specs"
    (specs / "old.yaml").unlink()
    (specs / "ref.yaml").write_text(spec("ref", 2, "\nrenamed_from: old\n"))
    (specs / "moods.yaml").write_text(spec("moods", 4, "\nchecks: {no_overlap_with: [ref], min_accepted: 0.5}\n"))
    return read_project_state(open_project(made.root))


def test_a_renamed_dataset_is_found_under_its_new_name(made: Made) -> None:
    state = renamed(made)
    config, declared = state.project.config, tuple(state.declared.values())
    found = read_kept_rows(config, declared, state.lock, {})["moods"]
    assert found.text.startswith("2 of 4 rows pass")
    entry = state.lock.get("moods", state.backend)
    assert entry is not None
    named = with_new_names(state.lock, old_names_of(declared), state.backend)
    assert judge_entry(config, state.declared["moods"], entry, named, ()) == found


def test_rows_that_are_elsewhere_are_awaited(made: Made) -> None:
    state = renamed(made)
    config, declared = state.project.config, tuple(state.declared.values())
    assert "ref" not in RowsElsewhere(config, declared, state.lock, NO_TEXTS)
    (ref,) = [entry for entry in made.entries if entry.dataset_name == "old"]
    made.store.path(ref.content_digests[0]).unlink()
    elsewhere = RowsElsewhere(config, declared, state.lock, NO_TEXTS)
    assert [name for name in ("ref", "old", "moods", "none") if name in elsewhere] == ["ref"]
    found = read_kept_rows(config, declared, state.lock, {})["moods"]
    assert (found.here, found.awaits) == (False, ("ref",))
