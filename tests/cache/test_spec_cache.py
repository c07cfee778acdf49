"""What was read before comes back as it was, and only for the same stamp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.cache.spec_cache import Parsed, Seen
from pioneer_build.parse import parse_text
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from pioneer_build.spec.model import Checks
from pioneer_build.spec.settings import Settings, SpendingLimits

if TYPE_CHECKING:
    from pathlib import Path

STAMP = (10, 1_000, 3, 1_000)

SPECS = {
    "classification": (
        "version: 1\ndataset_name: c\ntask_type: classification\nlabels: [a, b]\nnum_examples: 3\n"
        "domain_description: d\nclassified_examples: [{text: x, label: a}]\ntags: [t]\nowner: o\n"
        "checks: {min_accepted: 0.5, no_overlap_with: [z]}\ntop_up: true\nprotect: true\nrenamed_from: old\n"
    ),
    "ner": "version: 1\ndataset_name: n\ntask_type: ner\nlabels: [a]\nnum_examples: 3\ndomain_description: d\n",
    "decoder": "version: 1\ndataset_name: d\ntask_type: decoder\nnum_examples: 3\nprompt: |\n  do\n  it\n",
    "texts": "version: 1\ndataset_name: i\ntask_type: ner\nlabels: [a]\ninputs: [x, y]\n",
    "files": "version: 1\ndataset_name: f\ntask_type: ner\nlabels: [a]\ninputs: {path: a.csv, field: b, id: c}\n",
}


def parsed(text: str, path: str = "specs/x.yaml") -> list[Parsed]:
    result = parse_text(text.encode(), path)
    assert not result.problems, result.problems
    return [(spec, definition_of(spec), fingerprint_of(definition_of(spec))) for spec in result.specs]


@pytest.mark.parametrize("kind", SPECS)
def test_specs_come_back_as_they_were(tmp_path: Path, kind: str) -> None:
    seen = Seen(tmp_path, tmp_path)
    known = parsed(SPECS[kind])
    seen.keep("specs/x.yaml", STAMP, known)
    seen.save()
    again = Seen(tmp_path, tmp_path)
    assert again.specs("specs/x.yaml", STAMP) == known
    assert again.specs("specs/y.yaml", STAMP) is None
    for place in range(4):
        other = [*STAMP]
        other[place] += 1
        assert again.specs("specs/x.yaml", tuple(other)) is None  # type: ignore[arg-type]


def test_a_changed_file_adds_a_line(tmp_path: Path) -> None:
    seen = Seen(tmp_path, tmp_path)
    for number in range(50):
        seen.keep(f"{number}.yaml", STAMP, parsed(SPECS["ner"], f"{number}.yaml"))
    seen.save()
    size = seen.path.stat().st_size
    seen = Seen(tmp_path, tmp_path)
    later = (10, 2_000, 3, 2_000)
    seen.keep("7.yaml", later, parsed(SPECS["decoder"], "7.yaml"))
    seen.save()
    assert seen.path.stat().st_size < size * 1.1
    again = Seen(tmp_path, tmp_path)
    assert again.specs("7.yaml", later) == parsed(SPECS["decoder"], "7.yaml")
    assert again.specs("7.yaml", STAMP) is None
    assert again.specs("8.yaml", STAMP) is not None


def test_it_doesnt_grow_without_end(tmp_path: Path) -> None:
    sizes = []
    for number in range(400):
        seen = Seen(tmp_path, tmp_path)
        seen.keep("a.yaml", (10, number, 3, number), parsed(SPECS["ner"], "a.yaml"))
        seen.save()
        sizes.append(seen.path.stat().st_size)
    assert max(sizes) < 120 * sizes[0]
    assert Seen(tmp_path, tmp_path).specs("a.yaml", (10, 399, 3, 399)) is not None


def test_files_that_are_gone_are_forgotten_in_the_end(tmp_path: Path) -> None:
    for number in range(300):
        seen = Seen(tmp_path, tmp_path)
        seen.keep(f"{number}.yaml", STAMP, parsed(SPECS["ner"], f"{number}.yaml"))
        seen.save([f"{number}.yaml"])
    assert len(seen.path.read_bytes().split(b"\n")) < 130


def test_saving_what_is_known_keeps_it(tmp_path: Path) -> None:
    seen = Seen(tmp_path, tmp_path)
    seen.keep("a.yaml", STAMP, parsed(SPECS["ner"], "a.yaml"))
    seen.save(["a.yaml"])
    data = seen.path.read_bytes()
    again = Seen(tmp_path, tmp_path)
    again.note("lock", [1])
    again.save()
    again.save(["a.yaml"])
    assert again.path.read_bytes() == data
    assert Seen(tmp_path, tmp_path).noted("lock") == [1]


@pytest.mark.parametrize("damage", [lambda data: data[:-7], lambda data: b"x" + data, lambda data: b"\0" * len(data)])
def test_a_damaged_cache_is_ignored(tmp_path: Path, damage: object) -> None:
    seen = Seen(tmp_path, tmp_path)
    seen.keep("a.yaml", STAMP, parsed(SPECS["ner"], "a.yaml"))
    seen.note("a", 1)
    seen.save()
    for path in tmp_path.iterdir():
        path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    again = Seen(tmp_path, tmp_path)
    assert again.specs("a.yaml", STAMP) is None
    assert again.noted("a") is None
    again.keep("a.yaml", STAMP, parsed(SPECS["ner"], "a.yaml"))
    again.save()
    assert Seen(tmp_path, tmp_path).specs("a.yaml", STAMP) is not None


def test_a_stamp_too_young_is_not_kept(tmp_path: Path) -> None:
    seen = Seen(tmp_path, tmp_path)
    seen.keep("a.yaml", (10, seen.began, 3, seen.began), parsed(SPECS["ner"], "a.yaml"))
    seen.save()
    assert not seen.path.exists()


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    settings = Settings("local", "s", None, 7, 8, None, 9, Checks(min_accepted=0.5), SpendingLimits(1, 2))
    seen = Seen(tmp_path, tmp_path)
    seen.keep_settings(STAMP, settings)
    seen.save()
    assert Seen(tmp_path, tmp_path).settings(STAMP) == settings
    assert Seen(tmp_path, tmp_path).settings((1, 2, 3, 4)) is None


def test_a_folder_that_cant_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    seen = Seen(tmp_path / "file" / "seen", tmp_path)
    seen.keep("a.yaml", STAMP, parsed(SPECS["ner"], "a.yaml"))
    seen.note("a", 1)
    seen.save()
