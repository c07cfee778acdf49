"""The pages: generated ones are as the code is, links lead somewhere, and what is shown is valid."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pioneer_build.cli import COMMANDS
from pioneer_build.parse import parse_text

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def _prose(page: Path) -> str:
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", page.read_text(encoding="utf-8")))


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number, anchor = 0, plain
        while anchor in found:
            number += 1
            anchor = f"{plain}-{number}"
        found.add(anchor)
    return found


def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs/build.py", "--check"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_prose(page)):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert target.is_relative_to(ROOT), f"{page.name}: {link}"
        if anchor:
            assert anchor in _anchors(target), f"{page.name}: {link}"


def test_every_page_is_listed() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_specs_that_are_shown_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for command in re.findall(r"pioneer-build (?:-C \S+ |--backend \S+ |-[vq] )*([a-z][a-z-]+)\b(?!:)", text):
        assert command in {*COMMANDS, "merge-lock"} or not re.search(rf"`pioneer-build[^`\n]* {command}", text), command
    for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if "dataset_name" in block:
            assert parse_text(block.encode(), f"specs/{page.name}").problems == (), block


def test_the_schemas_for_editors_are_up_to_date() -> None:
    import json

    from pioneer_build.parse.json_schema import settings_schema, spec_schema

    for name, schema in (("spec", spec_schema()), ("settings", settings_schema())):
        path = ROOT / f".pioneer/{name}.schema.json"
        flag = " --settings" if name == "settings" else ""
        assert json.loads(path.read_bytes()) == schema, f"pioneer-build schema{flag} > .pioneer/{path.name}"
