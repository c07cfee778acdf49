"""What a survey says of files: the same as a plain reading, whatever is remembered."""

from __future__ import annotations

import gzip
import json
import os
import random
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pioneer_build.errors import PioneerError, Problems
from pioneer_build.inputs import (
    SurveyCache,
    new_texts,
    read,
    split,
    survey,
    text_digests,
    unchanged,
)
from pioneer_build.inputs import (
    incremental as chunks,
)
from pioneer_build.spec.model import InlineTexts, InputFiles
from tests.built import age

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pioneer_build.inputs import InputsSurvey


def look(root: Path, pattern: str = "a.jsonl", cache: SurveyCache | None = None, **keys: str) -> InputsSurvey:
    return survey(InputFiles(pattern, **keys), project_root=root, spec_path="x.yaml", cache=cache)


def write(path: Path, rows: list) -> None:
    path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[SurveyCache]:
    with SurveyCache(tmp_path / "cache") as cache:
        yield cache


def test_the_digest_tells_texts_ids_and_order(tmp_path: Path) -> None:
    seen = set()
    for number, rows in enumerate(
        (
            [{"text": "a", "id": 1}, {"text": "b", "id": 2}],
            [{"text": "b", "id": 2}, {"text": "a", "id": 1}],
            [{"text": "a", "id": 2}, {"text": "b", "id": 1}],
            [{"text": "a", "id": "1"}, {"text": "b", "id": 2}],
            [{"text": "a", "id": 1}],
            [{"text": "a ", "id": 1}, {"text": "b", "id": 2}],
        ),
        1,
    ):
        write(tmp_path / "a.jsonl", rows)
        seen.add(look(tmp_path, id="id").digest)
        assert len(seen) == number
    write(tmp_path / "a.jsonl", [{"id": 1, "other": 3, "text": "a"}])
    assert look(tmp_path, id="id").digest in seen
    assert look(tmp_path).digest not in seen


def test_inline_texts() -> None:
    from pathlib import Path

    found = survey(InlineTexts(("a", "b", "a")), project_root=Path(), spec_path="x.yaml")
    assert (found.rows, found.distinct, found.files) == (3, 2, ())
    assert found.digests == text_digests(["a", "b", "a"])


def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, cache: SurveyCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.jsonl", [{"text": "a"}, {"text": "b"}])
    age()
    first = look(tmp_path, cache=cache)
    monkeypatch.setattr("pioneer_build.inputs.surveying._read", None)
    assert look(tmp_path, cache=cache) == first
    with pytest.raises(TypeError):
        look(tmp_path, cache=cache, id="text")


def test_a_file_changed_just_now_is_not_trusted(tmp_path: Path, cache: SurveyCache) -> None:
    path = tmp_path / "a.jsonl"
    write(path, [{"text": "a"}])
    soon = time.time_ns() + 5_000_000_000
    os.utime(path, ns=(soon, soon))
    found = look(tmp_path, cache=cache)
    assert found.files == (("a.jsonl", None),)
    assert not unchanged(InputFiles("a.jsonl"), found.files, project_root=tmp_path, spec_path="x.yaml")


def test_a_cache_that_cant_be_used_costs_time_only(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{"text": "a"}])
    (tmp_path / "cache").write_bytes(b"")
    with SurveyCache(tmp_path / "cache") as cache:
        assert look(tmp_path, cache=cache).rows == 1
        assert look(tmp_path, cache=cache).rows == 1


def test_a_cache_full_of_rubbish_is_ignored(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{"text": "a"}])
    age()
    expected = look(tmp_path)
    import diskcache

    with SurveyCache(tmp_path / "cache") as cache:
        look(tmp_path, cache=cache)
    for rubbish in (b"", b"x" * 500, {"a": 1}):
        with diskcache.Cache(str(tmp_path / "cache"), disk=diskcache.Disk) as raw:
            for key in list(raw):
                raw.set(key, rubbish)
        with SurveyCache(tmp_path / "cache") as cache:
            assert look(tmp_path, cache=cache) == expected


lines = st.one_of(
    st.text("ab", min_size=1, max_size=3).map(lambda text: json.dumps({"text": text})),
    st.just(""),
    st.integers(0, 9).map(lambda n: json.dumps({"text": f"text {n} " * 6})),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(lines, min_size=1, max_size=60),
    edits=st.lists(
        st.tuples(st.sampled_from(["insert", "delete", "change", "move"]), st.integers(0, 200), lines),
        max_size=4,
    ),
    ends=st.tuples(st.booleans(), st.booleans()),
    mark=st.booleans(),
)
def test_a_changed_file_is_surveyed_as_if_for_the_first_time(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[str],
    edits: list[tuple[str, int, str]],
    ends: tuple[bool, bool],
    mark: bool,
) -> None:
    """Chunks that were remembered are used wherever they now stand, and never where they don't."""
    root = tmp_path_factory.mktemp("project")
    after = list(before)
    for edit, at, line in edits:
        at %= len(after) or 1
        if edit == "insert":
            after.insert(at, line)
        elif edit == "delete":
            del after[at : at + 3]
        elif edit == "change" and after:
            after[at] = line
        elif edit == "move":
            after = after[at:] + after[:at]
    with pytest.MonkeyPatch.context() as patch, SurveyCache(root / "cache") as cache:
        patch.setattr(chunks, "CHUNK", 64)
        for state, end, first in ((before, ends[0], b""), (after, ends[1], b"\xef\xbb\xbf" if mark else b"")):
            data = first + "\n".join(state).encode() + (b"\n" if end else b"")
            (root / "a.jsonl").write_bytes(data)
            plain = [json.loads(line)["text"] for line in state if line]
            if not plain:
                with pytest.raises(Problems, match="1 error"):
                    look(root, cache=cache)
                continue
            found = look(root, cache=cache)
            assert found.digests == text_digests(plain)
            assert found.distinct == len(set(plain))
            assert found.digest == look(root).digest


def test_one_changed_line_costs_one_chunk(tmp_path: Path, cache: SurveyCache, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"text {n} {'x' * 90}" for n in range(20_000)]
    write(tmp_path / "a.jsonl", [{"text": text} for text in texts])
    look(tmp_path, cache=cache)
    parsed = []
    from pioneer_build.inputs import jsonl, reading

    real = jsonl.parse_lines
    monkeypatch.setitem(
        reading.LINE_PARSERS, "jsonl", lambda data, *rest: parsed.append(len(data)) or real(data, *rest)
    )
    texts[10_000] = "another"
    del texts[15_000]
    texts.insert(3, "one more")
    write(tmp_path / "a.jsonl", [{"text": text} for text in texts])
    assert look(tmp_path, cache=cache).digests == text_digests(texts)
    assert sum(parsed) < 4 * chunks.CHUNK + 2000


def test_a_file_that_keeps_changing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    write(path, [{"text": "a"}])
    from pioneer_build.inputs import jsonl, reading

    def growing(*args: object) -> object:
        with path.open("ab") as file:
            file.write(b'{"text": "more"}\n')
        return jsonl.parse_lines(*args)

    monkeypatch.setitem(reading.LINE_PARSERS, "jsonl", growing)
    with pytest.raises(PioneerError, match="is being changed while it is read"):
        look(tmp_path)


def test_new_texts_come_once_where_they_first_stand(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{"text": t} for t in "abcab"])
    write(tmp_path / "b.jsonl", [{"text": t} for t in "cdae"])
    inputs = InputFiles("*.jsonl")
    found = survey(inputs, project_root=tmp_path, spec_path="x.yaml")
    assert (found.rows, found.distinct) == (9, 5)
    for wanted in ("c", "ea", "bd", "abcde", ""):
        missing = text_digests(random.Random(1).sample(wanted, len(wanted)))
        got = list(new_texts(inputs, found, missing, project_root=tmp_path, spec_path="x.yaml"))
        assert [one.text for one in got] == sorted(wanted)
    assert [(one.path, one.line) for one in read(inputs, project_root=tmp_path, spec_path="x.yaml")][4:6] == [
        ("a.jsonl", 5),
        ("b.jsonl", 1),
    ]


def test_files_that_moved_on_are_not_labelled(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{"text": t} for t in "abc"])
    inputs = InputFiles("a.jsonl")
    found = survey(inputs, project_root=tmp_path, spec_path="x.yaml")
    for changed in ("xbc", "ab"):
        write(tmp_path / "a.jsonl", [{"text": t} for t in changed])
        with pytest.raises(PioneerError, match="changed during"):
            list(new_texts(inputs, found, text_digests("ac"), project_root=tmp_path, spec_path="x.yaml"))


def test_split_is_the_inverse_of_joining() -> None:
    assert b"".join(split(text_digests("abc"))) == text_digests("abc")
    assert len(list(split(text_digests("abc")))) == 3


@pytest.mark.parametrize("name", ["b.csv", "b.jsonl", "b.txt"])
def test_errors_of_a_spreadsheet_are_counted_also_where_nothing_is_read_again(
    tmp_path: Path, cache: SurveyCache, name: str
) -> None:
    texts = ["fine", "see #REF! there", "#REF!", "#N/A ", "#N/A", "#WERT!", "# heading", "#REF!"]
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    lines = texts if name != "b.jsonl" else [json.dumps({"text": text}) for text in texts]
    (tmp_path / name).write_text("\n".join(["text", *lines] if name == "b.csv" else lines))
    age()
    for _ in range(2):
        found = look(tmp_path, "*.*", cache)
        line = 4 if name == "b.csv" else 3
        said = f"4 texts are errors of a spreadsheet, not texts: first #REF! in {name}:{line}"
        assert found.warnings == (said,)
    (tmp_path / name).write_text("text\nfine\n" if name == "b.csv" else '"fine"\n')
    assert look(tmp_path, "*.*", cache).warnings == ()


def test_one_error_of_a_spreadsheet(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\n#N/A\n")
    said = "1 text is an error of a spreadsheet, not a text: #N/A in a.csv:2"
    assert look(tmp_path, "a.csv").warnings == (said,)


def test_another_format_in_plain_text_is_warned_of(tmp_path: Path, cache: SurveyCache) -> None:
    lines = '{"text": "a"}\n{"text": "b"}\n'
    (tmp_path / "a.txt").write_text(lines)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "c.txt").write_text("fine\n{}\n")
    age()
    said = "a.txt (and 1 other file) looks like JSON Lines (.jsonl), but its name says that each line is a text"
    for _ in range(2):
        found = look(tmp_path, "*.*", cache)
        assert (found.warnings, found.rows) == ((said,), 6)
    (tmp_path / "a.jsonl").write_text(lines)
    assert look(tmp_path, "a.jsonl").warnings == ()
