"""The page's file: what stands in it, and that nothing in data can end the block it stands in."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import stat
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.cli import run
from pioneer_build.operations.report.counts import BINS, Counts, bins
from pioneer_build.operations.report.packed_rows import pack, row_value
from pioneer_build.render.report.page import block
from tests.render.report.made import WORST, Made, spec_text, worst_project

if TYPE_CHECKING:
    from pathlib import Path


class Blocks(HTMLParser):
    """The script elements of a page, as an HTML parser tells them apart."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)


def write(made: Made, *more: str) -> str:
    target = made.root / "report.html"
    assert run(["-C", str(made.root), "report", "--to", str(target), *more]) == 0
    return target.read_text("utf-8")


def unpacked(text: str) -> list[object]:
    return json.loads(gzip.decompress(base64.b64decode(text)))


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "project", tmp_path / "store")


def test_the_worst_strings_end_no_block(made: Made) -> None:
    worst_project(made)
    page = write(made)
    assert page.isascii() or not any(text[:20] in page for text in WORST if not text.isascii())
    blocks = Blocks(page)
    kinds = [attributes.get("type") for attributes, _ in blocks.scripts]
    assert kinds[:2] == ["application/json", None]
    assert set(kinds[2:]) == {"application/octet-stream"}
    overview = json.loads(blocks.scripts[0][1])
    assert [one["dataset_name"] for one in overview["datasets"]] == ["worst-classes", "worst-spans", "worst-talk"]
    rows = unpacked(blocks.scripts[2][1])
    assert [row[0] for row in rows] == list(WORST)  # type: ignore[index]


def test_the_policy_names_exactly_the_script_and_the_style(made: Made) -> None:
    made.write_lock()
    page = write(made)
    policy = next(a["content"] for tag, a in Blocks(page).tags if tag == "meta" and "http-equiv" in a) or ""

    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"

    script = next(text for attributes, text in Blocks(page).scripts if not attributes)
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    assert f"script-src {source(script)};" in policy.replace("&#x27;", "'")
    assert f"style-src {source(style)};" in policy.replace("&#x27;", "'")
    assert "default-src 'none'" in policy.replace("&#x27;", "'")
    assert "unsafe" not in policy


def test_the_page_asks_for_nothing(made: Made) -> None:
    worst_project(made)
    page = write(made)
    assert not any(
        {"src", "href"} & attributes.keys() - ({"href"} if tag == "a" else set())
        for tag, attributes in Blocks(page).tags
    )
    script = next(text for attributes, text in Blocks(page).scripts if not attributes)
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "fetch(",
        "import(",
    ):
        assert word not in script
    assert re.findall(r"https?://[^\"'`\s]+", script) == ["http://www.w3.org/2000/svg"]


def test_the_file_is_the_owners_alone_and_the_same_each_time(made: Made) -> None:
    worst_project(made)
    first = write(made)
    assert stat.S_IMODE(os.stat(made.root / "report.html").st_mode) == 0o600
    assert write(made) == first
    assert sorted(path.name for path in made.root.iterdir()) == ["pioneer.lock", "pioneer.yaml", "report.html", "specs"]


def test_a_target_that_cannot_be_written(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    made.write_lock()
    assert run(["-C", str(made.root), "report", "--to", str(made.root / "no" / "report.html")]) == 1
    assert "can't write" in capsys.readouterr().err


def test_rows_beyond_the_bound_are_counted_and_left_out(made: Made) -> None:
    for name, count in (("small", 3), ("large", 50)):
        made.dataset(
            spec_text(name, "classification", labels=["a", "b"], num_examples=count, domain_description="x"),
            [{"text": f"text {i}", "label": "ab"[i % 2]} for i in range(count)],
        )
    made.write_lock()
    overview = json.loads(Blocks(write(made, "--rows", "20")).scripts[0][1])
    large, small = overview["datasets"]
    assert (small["embedded"], large["embedded"]) == (3, 17)
    assert large["summary"]["labels"] == [["a", 25], ["b", 25]]


def test_rows_that_are_not_here_are_said_to_be_so(made: Made) -> None:
    entry = made.dataset(
        spec_text("gone", "classification", labels=["a", "b"], num_examples=1, domain_description="x"),
        [{"text": "x", "label": "a"}],
    )
    made.write_lock()
    made.store.path(entry.content or "").unlink()
    one = json.loads(Blocks(write(made)).scripts[0][1])["datasets"][0]
    assert "not on this machine" in one["unseen"]
    assert (one["chunks"], one["summary"], one["examples"]) == ([], None, 1)


def test_select(made: Made) -> None:
    worst_project(made)
    overview = json.loads(Blocks(write(made, "--select", "worst-t*")).scripts[0][1])
    assert [one["dataset_name"] for one in overview["datasets"]] == ["worst-talk"]


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_block_is_json_without_markup(value: object) -> None:
    text = block(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not set(text) & set("<>&")


@given(st.text(alphabet=st.sampled_from("aé中😀👍\u0301"), min_size=1, max_size=30), st.data())
def test_offsets_count_as_javascript_does(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    row = {"text": text, "entities": [{"text": text[start:end], "label": "x", "start": start, "end": end}]}
    [[first, last, label]] = row_value(row)[1]
    units = text.encode("utf-16-le")
    assert (units[2 * first : 2 * last].decode("utf-16-le"), label) == (text[start:end], "x")


def test_spans_without_a_place_and_scores() -> None:
    loose = {"text": "Bob", "label": "person", "score": 0.5, "ambiguous": True}
    assert row_value({"id": 7, "text": "Bob Bob", "entities": [loose]}) == [
        "Bob Bob",
        [["Bob", None, "person", 0.5]],
        7,
    ]
    assert row_value({"text": "a", "labels": ["x"], "score": 0.25}) == ["a", ["x"], None, 0.25]


@settings(max_examples=50)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=200))
def test_bins_hold_every_number_once(numbers: list[int]) -> None:
    from collections import Counter

    found = bins(Counter(numbers))
    assert sum(count for _, _, count in found) == len(numbers)
    assert len(found) <= BINS
    for number in numbers:
        assert any(first <= number <= last and count for first, last, count in found)


def test_nothing_counted() -> None:
    value = Counts(["a"]).value()
    assert (value["lengths"], value["length"], value["labels"]) == ([], None, [("a", 0)])


def test_chunks_are_the_same_each_time() -> None:
    rows = [[f"row {i}", "x"] for i in range(12_000)]
    chunks = list(pack(rows))
    assert chunks == list(pack(rows))
    assert len(chunks) == 3
    assert [row for chunk in chunks for row in unpacked(chunk)] == rows
