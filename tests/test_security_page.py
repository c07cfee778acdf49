"""docs/security.md: the modules and the tests that it names exist, and every claim has both."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("|") and not re.match(r"\|(?:---| what holds )", line)]
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:50])
def test_every_claim_says_where_it_is_kept_and_which_test_keeps_it(row: str) -> None:
    claim, where, shown = row.strip("| ").split(" | ")
    assert claim
    assert re.search(r"`(?:pioneer_build|action)/|all of these", where), where
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`", shown), shown


def test_there_are_claims() -> None:
    assert len(ROWS) > 40
    assert all(f"\n## {title}" in PAGE for title in ("The key", "Files", "git", "Services", "Models", "`serve`"))


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:pioneer_build|action)/[\w/.-]+)`", PAGE))))
def test_the_modules_exist(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_the_tests_exist(path: str, name: str) -> None:
    assert name in functions(path)


def test_it_is_linked() -> None:
    for page in ("README.md", "CONTRIBUTING.md", "docs/index.md"):
        assert "security.md" in (ROOT / page).read_text("utf-8"), page
