"""Specs that were parsed before come back as they were, and only for the same stamp."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pioneer_build.cache.parsed_specs import Parsed, SpecCache
from pioneer_build.parse import parse_text
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of

STAMP = (10, 1_000, 3, 1_000)

SPECS = {
    "classification": (
        "version: 1\ndataset_name: c\ntask_type: classification\nlabels: [a, b]\nnum_examples: 3\n"
        "domain_description: d\nclassified_examples: [{text: x, label: a}]\ntags: [t]\nowner: o\n"
        "checks: {min_accepted: 0.5, no_overlap_with: [z]}\ntop_up: true\nprotect: true\nrenamed_from: old\n"
    ),
    "ner": "version: 1\ndataset_name: n\ntask_type: ner\nlabels: [a]\nnum_examples: 3\ndomain_description: d\n",
    "described": (
        "version: 1\ndataset_name: n\ntask_type: ner\nlabels: {b: second, a: first}\nnum_examples: 3\n"
        "ner_examples: [{text: x y, entities: [[x, a], [y, b]]}, {text: z, entities: []}]\n"
    ),
    "decoder": "version: 1\ndataset_name: d\ntask_type: decoder\nnum_examples: 3\nprompt: |\n  do\n  it\n",
    "texts": "version: 1\ndataset_name: i\ntask_type: ner\nlabels: [a]\ninputs: [x, y]\n",
    "files": "version: 1\ndataset_name: f\ntask_type: ner\nlabels: [a]\ninputs: {path: a.csv, field: b, id: c}\n",
}


def parsed(text: str, path: str = "specs/x.yaml") -> list[Parsed]:
    result = parse_text(text.encode(), path)
    assert not result.problems, result.problems
    return [(spec, definition_of(spec), fingerprint_of(definition_of(spec))) for spec in result.specs]


def opened(folder: Path) -> SpecCache:
    return SpecCache(str(folder / "x.specs"), time.time_ns())


def data(cache: SpecCache) -> bytes:
    return Path(cache.path).read_bytes()


@pytest.mark.parametrize("kind", SPECS)
def test_specs_come_back_as_they_were(tmp_path: Path, kind: str) -> None:
    cache = opened(tmp_path)
    known = parsed(SPECS[kind])
    cache.put("specs/x.yaml", STAMP, known)
    cache.save()
    again = opened(tmp_path)
    assert again.get("specs/x.yaml", STAMP) == known
    assert again.get("specs/y.yaml", STAMP) is None
    for place in range(4):
        other = [*STAMP]
        other[place] += 1
        assert again.get("specs/x.yaml", tuple(other)) is None  # type: ignore[arg-type]


def test_a_changed_file_adds_a_line(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    for number in range(50):
        cache.put(f"{number}.yaml", STAMP, parsed(SPECS["ner"], f"{number}.yaml"))
    cache.save()
    size = len(data(cache))
    cache = opened(tmp_path)
    later = (10, 2_000, 3, 2_000)
    cache.put("7.yaml", later, parsed(SPECS["decoder"], "7.yaml"))
    cache.save()
    assert len(data(cache)) < size * 1.1
    again = opened(tmp_path)
    assert again.get("7.yaml", later) == parsed(SPECS["decoder"], "7.yaml")
    assert again.get("7.yaml", STAMP) is None
    assert again.get("8.yaml", STAMP) is not None


def test_it_doesnt_grow_without_end(tmp_path: Path) -> None:
    sizes = []
    for number in range(400):
        cache = opened(tmp_path)
        cache.put("a.yaml", (10, number, 3, number), parsed(SPECS["ner"], "a.yaml"))
        cache.save()
        sizes.append(len(data(cache)))
    assert max(sizes) < 120 * sizes[0]
    assert opened(tmp_path).get("a.yaml", (10, 399, 3, 399)) is not None


def test_files_that_are_gone_are_forgotten_in_the_end(tmp_path: Path) -> None:
    for number in range(300):
        cache = opened(tmp_path)
        cache.put(f"{number}.yaml", STAMP, parsed(SPECS["ner"], f"{number}.yaml"))
        cache.save([f"{number}.yaml"])
    assert len(data(cache).split(b"\n")) < 130


def test_files_that_are_gone_are_forgotten_though_nothing_is_new(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    for number in range(200):
        cache.put(f"{number}.yaml", STAMP, parsed(SPECS["ner"], f"{number}.yaml"))
    cache.save()
    again = opened(tmp_path)
    assert again.get("7.yaml", STAMP) is not None
    again.save(["7.yaml"])
    assert data(again).count(b"\n") == 2
    assert opened(tmp_path).get("7.yaml", STAMP) is not None


def test_saving_what_is_known_keeps_it(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    cache.put("a.yaml", STAMP, parsed(SPECS["ner"], "a.yaml"))
    cache.save(["a.yaml"])
    before = data(cache)
    again = opened(tmp_path)
    again.save()
    again.save(["a.yaml"])
    again.get("a.yaml", STAMP)
    again.save(["a.yaml"])
    assert data(again) == before


@pytest.mark.parametrize("damage", [lambda data: data[:-7], lambda data: b"x" + data, lambda data: b"\0" * len(data)])
def test_a_damaged_cache_is_ignored(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    cache = opened(tmp_path)
    cache.put("a.yaml", STAMP, parsed(SPECS["ner"], "a.yaml"))
    cache.save()
    Path(cache.path).write_bytes(damage(data(cache)))
    again = opened(tmp_path)
    assert again.get("a.yaml", STAMP) is None
    again.put("a.yaml", STAMP, parsed(SPECS["ner"], "a.yaml"))
    again.save()
    assert opened(tmp_path).get("a.yaml", STAMP) is not None


def test_a_damaged_line_is_ignored(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    for name in ("a.yaml", "b.yaml"):
        cache.put(name, STAMP, parsed(SPECS["ner"], name))
    cache.save()
    Path(cache.path).write_bytes(data(cache).replace(b'"task_type":"ner"', b'"task_typo":"ner"', 1))
    again = opened(tmp_path)
    assert [again.get(name, STAMP) is None for name in ("a.yaml", "b.yaml")] == [True, False]


def test_a_flipped_byte_is_never_bought(tmp_path: Path) -> None:
    """Labels, prompts and fingerprints are what is sent and what decides whether it is sent."""
    cache = opened(tmp_path)
    good = parsed(SPECS["ner"], "a.yaml")
    cache.put("a.yaml", STAMP, good)
    cache.save()
    whole = data(cache)
    for place in range(len(whole)):
        Path(cache.path).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert opened(tmp_path).get("a.yaml", STAMP) is None, place


def test_a_stamp_too_young_is_not_kept(tmp_path: Path) -> None:
    now = time.time_ns()
    cache = SpecCache(str(tmp_path / "x.specs"), now)
    cache.put("a.yaml", (10, now, 3, now), parsed(SPECS["ner"], "a.yaml"))
    cache.save()
    assert not Path(cache.path).exists()


def test_a_folder_that_cant_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = opened(tmp_path / "file" / "deep")
    cache.put("a.yaml", STAMP, parsed(SPECS["ner"], "a.yaml"))
    cache.save()


def test_a_file_that_cant_be_added_to_is_no_error(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    cache.put("a.yaml", STAMP, parsed(SPECS["ner"], "a.yaml"))
    cache.save()
    again = opened(tmp_path)
    again.put("b.yaml", STAMP, parsed(SPECS["ner"], "b.yaml"))
    assert again.get("a.yaml", STAMP) is not None
    Path(again.path).unlink()
    again.save()
    assert not Path(again.path).exists()
