"""The page in a real browser: it shows what there is, runs nothing of it, and stays usable with 100,000 rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.cli import run
from tests.made import Made, spec_text
from tests.render.report.worst import WORST, worst_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.render.report.browser import Browser


def write(made: Made, *more: str) -> Path:
    target = made.root / "report.html"
    assert run(["-C", str(made.root), "-q", "report", "--to", str(target), *more]) == 0
    return target


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "project", tmp_path / "store")


def plain(made: Made, count: int = 40) -> None:
    """Two datasets as a user has them."""
    made.dataset(
        spec_text("intents", "classification", labels=["billing", "refund"], num_examples=count),
        [{"text": f"Message {i} about order {i * 7}", "label": ("billing", "refund")[i % 2], "score": (i % 10) / 10}
         for i in range(count)],
    )  # fmt: skip
    text = "😀 Ada Lovelace met Ada in Paris"
    made.dataset(
        spec_text("people", "ner", labels=["person", "city"], num_examples=2, domain_description="x"),
        [
            {"text": text, "entities": [
                {"text": "Ada Lovelace", "label": "person", "start": 2, "end": 14, "score": 0.9},
                {"text": "Paris", "label": "city", "start": 26, "end": 31, "score": 0.8}]},
            {"text": "Nothing here", "entities": []},
        ],
    )  # fmt: skip
    made.write_lock()


def test_nothing_in_data_runs_and_nothing_is_asked_for(chromium: Browser, made: Made) -> None:
    worst_project(made)
    page = write(made)
    chromium.log()
    for fragment in (
        "", "#/d/worst-classes", "#/d/worst-classes/rows", "#/d/worst-classes/quarantined", "#/d/worst-spans",
        "#/d/worst-spans/rows", "#/d/worst-talk", "#/d/worst-talk/rows", "#/d/%3Cscript%3E/rows",
        "#/d/%E0%A4%A", "#/d/__proto__/rows", "#/d/worst-talk/constructor",
    ):  # fmt: skip
        chromium.open(page, fragment)
        chromium.wait("document.querySelector('main').children.length > 1")
        if fragment.endswith(("/rows", "/quarantined")) and "worst" in fragment:
            chromium.wait("document.querySelectorAll('.item').length > 3")
            chromium.run("document.querySelector('.list').focus()")
            chromium.press(*["ArrowDown"] * len(WORST))
            chromium.wait(f"document.querySelector('.item[aria-selected=true]').dataset.i === '{len(WORST) - 1}'")
        assert chromium.run(
            "return window.pwned === undefined && !document.querySelector('main img, main iframe, main script')"
        )
        assert chromium.run("return performance.getEntriesByType('resource').length") == 0
    assert chromium.log() == []


def test_what_cannot_be_seen_is_named(chromium: Browser, made: Made) -> None:
    worst_project(made)
    chromium.open(write(made), "#/d/worst-talk/rows")
    chromium.wait("document.documentElement.dataset.rows")
    for text, names in (
        ("right\u202e", ["U+202E", "U+202C", "U+2066", "U+2069", "U+200E", "U+200F"]),
        ("nul \x00", ["U+0000", "U+0007", "U+001B", "U+001B", "U+007F", "U+009B"]),
        ("zero\u200b", ["U+200B", "U+00AD", "U+FEFF", "U+E0041", "U+3164", "U+E0100"]),
        ("family", []),
    ):
        at = next(i for i, one in enumerate(WORST) if one.startswith(text))
        chromium.run("document.querySelector('.list').scrollTop = arguments[0] * 62", at)
        chromium.wait(f"document.getElementById('row-{at}')")
        chromium.run("document.getElementById(arguments[0]).click()", f"row-{at}")
        shown = chromium.run(
            "return [...document.querySelectorAll('#detail .full')].map(one =>"
            " [...one.querySelectorAll('.ctl')].map(badge => badge.textContent))[0]"
        )
        assert shown == names
        # the text itself is there to the letter, but for the badges
        bare = chromium.run(
            "const copy = document.querySelector('#detail .full').cloneNode(true);"
            "copy.querySelectorAll('.ctl').forEach(badge => badge.remove()); return copy.textContent"
        )
        assert bare == "".join(c for c in WORST[at] if f"U+{ord(c):04X}" not in names)
    chromium.open(write(made), "#/d/worst-classes/quarantined")
    chromium.wait("document.querySelectorAll('.item').length > 3")
    assert "U+D800" in chromium.run("return document.querySelector('#detail').textContent")


def test_the_page_never_grows_wider_than_the_window(chromium: Browser, made: Made) -> None:
    worst_project(made)
    page = write(made)
    for width in (360, 1280):
        chromium.size(width, 800)
        for fragment in (
            "",
            "#/d/worst-classes",
            "#/d/worst-classes/rows",
            "#/d/worst-classes/quarantined",
            "#/d/worst-talk",
        ):
            chromium.open(page, fragment)
            chromium.wait("document.querySelector('main').children.length > 1")
            wide = chromium.run("return document.documentElement.scrollWidth - window.innerWidth")
            inner = chromium.run("const m = document.querySelector('main'); return m.scrollWidth - m.clientWidth")
            assert (wide, inner) == (0, 0), (width, fragment)


def test_spans_stand_where_they_belong(chromium: Browser, made: Made) -> None:
    plain(made)
    chromium.open(write(made), "#/d/people/rows")
    chromium.wait("document.querySelectorAll('#detail mark').length")
    marks = chromium.run("return [...document.querySelectorAll('#detail .full mark')].map(one => one.textContent)")
    assert marks == ["Ada Lovelaceperson", "Pariscity"]
    assert chromium.text("#detail .who").startswith("Row 1, 31 characters")


def test_search_filter_and_keys(chromium: Browser, made: Made) -> None:
    plain(made)
    chromium.size(1280, 800)
    chromium.open(write(made), "#/d/intents/rows")
    chromium.wait("document.querySelector('#count').textContent === '40 of 40 rows'")
    chromium.run("document.body.focus()")
    chromium.press("/", *"MESSAGE 3")
    chromium.wait("document.querySelector('#count').textContent === '11 of 40 rows'")
    assert chromium.run(
        "return [...document.querySelectorAll('mark.hit')].every(one => one.textContent === 'Message 3')"
    )
    chromium.run(
        "const s = document.querySelector('#label'); s.value = '=refund'; s.dispatchEvent(new Event('change'))"
    )
    chromium.wait("document.querySelector('#count').textContent === '6 of 40 rows'")
    chromium.press("Enter")
    assert chromium.run("return document.activeElement.id") == "list"
    chromium.press("ArrowDown", "ArrowDown")
    assert chromium.run("return document.activeElement.getAttribute('aria-activedescendant')") == "row-2"
    assert "Message 33" in chromium.text("#detail .full")
    chromium.press("End")
    assert "Message 39" in chromium.text("#detail .full")
    chromium.press("Home")
    assert "Message 3 " in chromium.text("#detail .full")
    chromium.run("const s = document.querySelector('#order'); s.value = 'sure'; s.dispatchEvent(new Event('change'))")
    assert "Message 31" in chromium.text("#detail .full")


def test_themes(chromium: Browser, made: Made) -> None:
    plain(made)
    page = write(made)
    colours = {}
    for scheme in ("light", "dark"):
        chromium.scheme(scheme)
        chromium.open(page)
        chromium.wait("document.querySelector('main').children.length > 1")
        colours[scheme] = chromium.run("return getComputedStyle(document.body).backgroundColor")
    assert colours == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}
    for name in ("light", "dark", "auto"):
        chromium.run("document.querySelector('#theme').click()")
        assert chromium.text("#theme") == f"Theme: {name}"
        want = colours["dark" if name == "auto" else name]
        assert chromium.run("return getComputedStyle(document.body).backgroundColor") == want


def test_text_has_contrast_in_both_themes(chromium: Browser, made: Made) -> None:
    """WCAG 2.1, 1.4.3: 4.5 to 1 for text."""
    plain(made)
    page = write(made)
    for scheme in ("light", "dark"):
        chromium.scheme(scheme)
        chromium.open(page)
        pairs = [
            (text, back)
            for text in ("text", "soft", "accent", "good", "warn", "bad", "badge")
            for back in ("bg", "panel")
        ]
        pairs += [(text, f"c{i}") for i in range(8) for text in ("text", "soft")] + [("text", "hit")]
        for text, back in pairs:
            found = _contrast(*(_colour(chromium, name) for name in (text, back)))
            assert found >= 4.5, (scheme, text, back, found)


def _colour(chromium: Browser, name: str) -> tuple[int, ...]:
    value = chromium.run(
        "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()", f"--{name}"
    )
    return tuple(int(value[at : at + 2], 16) for at in (1, 3, 5))


def _contrast(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    def light(colour: tuple[int, ...]) -> float:
        linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(a), light(b)))
    return (high + 0.05) / (low + 0.05)


def test_more_than_a_hundred_thousand_rows(chromium: Browser, made: Made) -> None:
    """So many that the list is higher than a box may be, and its bar becomes a scale."""
    plain(made, 140_000)
    chromium.size(1280, 800)
    chromium.open(write(made, "--rows", "200000"), "#/d/intents/rows")
    chromium.wait("document.documentElement.dataset.rows === '140000'")
    assert chromium.run("return document.querySelectorAll('.item').length") < 30
    chromium.run("document.querySelector('.list').focus()")
    for key, last in (("End", 139_999), ("Home", 0), ("PageDown", 8), ("PageDown", 16)):
        chromium.press(key)
        at = chromium.wait("document.querySelector('.item[aria-selected=true]')?.dataset.i")
        assert int(at) == last or key == "PageDown"
        assert f"Message {at} " in chromium.text("#detail .full")
        above, below = chromium.run(
            "const a = document.querySelector('.item[aria-selected=true]').getBoundingClientRect(),"
            " b = document.querySelector('.list').getBoundingClientRect(); return [a.top - b.top, b.bottom - a.bottom]"
        )
        assert min(above, below) >= -1, key
    took = chromium.run(
        "const began = performance.now(); const s = document.querySelector('#order'); s.value = 'short';"
        "s.dispatchEvent(new Event('change')); return performance.now() - began"
    )
    assert took < 3000
    chromium.run(
        "const s = document.querySelector('#search'); s.value = 'e 99998'; s.dispatchEvent(new Event('input'))"
    )
    chromium.wait("document.querySelector('#count').textContent.startsWith('1 of 140,000 rows')")
