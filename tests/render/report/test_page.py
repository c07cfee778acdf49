"""The page's file: what stands in it, and that nothing in data can end the block it stands in."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.cli import run
from pioneer_build.render.report.page import block
from tests.made import Made
from tests.operations.report.chunks import unpacked
from tests.render.report.worst import WORST, worst_project

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


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_block_is_json_without_markup(value: object) -> None:
    text = block(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not set(text) & set("<>&")
