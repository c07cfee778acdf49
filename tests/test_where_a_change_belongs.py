"""The table of CONTRIBUTING.md names every module that a change touches, as far as that can be told from the code."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.house import PACKAGE, House
from tests.test_house import PAGE, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOUSE = House(ROOT)

TASK_TYPES = {"ner", "classification", "decoder"}
#: Modules that name a task type, and that a new one leaves as they are.
ASKS_ONE_QUESTION = {"model/server_check.py"}
#: Keys by which rows of one task differ from those of others.
KEYS_OF_ROWS = {"entities", "messages"}
#: Modules that look for such a key, but not in rows that may be of any task.
OTHER_THAN_ROWS = {
    "engine/generating/produce.py",  # its own rows; the engine knows no module of `rows`
    "exports/hf.py",  # the columns of a table
    "plan/reasons.py",  # an annotated example of a spec
}
SERVICE_ERRORS = {"Busy", "FateUnknown", "KeyRepeated", "NoAccess", "NotReached", "NotThere", "Refused"}


def row(to_add: str) -> str:
    found = re.search(rf"^\| {re.escape(to_add)} \| (.*) \|$", PAGE, re.MULTILINE)
    assert found is not None, to_add
    return found[1]


def modules_named(to_add: str) -> tuple[set[str], tuple[str, ...]]:
    """The modules that the row for `to_add` names, and the packages of which it says "each module"."""
    text = row(to_add)
    modules = set(re.findall(r"`([\w/]+\.py)`", text))
    return modules, tuple(re.findall(r"each module of `([\w/]+/)`", text))


def modules_where(holds: Callable[[ast.AST], bool]) -> set[str]:
    """The modules, relative to the package, with a node of which `holds` is true."""
    root = ROOT / PACKAGE
    return {
        module.path.relative_to(root).as_posix()
        for module in HOUSE.modules.values()
        if any(holds(node) for node in ast.walk(module.tree))
    }


def has_text(*texts: str) -> Callable[[ast.AST], bool]:
    return lambda node: isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in texts


def looks_for_a_key_of_rows(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Compare)
        and has_text(*KEYS_OF_ROWS)(node.left)
        and any(isinstance(one, ast.In | ast.NotIn) for one in node.ops)
    )


def uses_key(key: str) -> Callable[[ast.AST], bool]:
    def holds(node: ast.AST) -> bool:
        return has_text(key)(node) or (isinstance(node, ast.Attribute) and node.attr == key)

    return holds


def distinguished(node: ast.AST) -> Iterator[ast.AST]:
    """The classes that a node tells apart: those of an `except`, a `case` or an `isinstance`."""
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield from ast.walk(node.type)
    elif isinstance(node, ast.MatchClass):
        yield node.cls
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
        yield from ast.walk(node.args[1])


def tells_service_errors_apart(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Name) and one.id in SERVICE_ERRORS for one in distinguished(node))


@pytest.mark.parametrize(
    ("to_add", "touched", "but"),
    [
        ("a task type", has_text(*TASK_TYPES), ASKS_ONE_QUESTION),
        ("a spec key", uses_key("ner_examples"), set()),
        ("a key of the lock", uses_key("sampled"), set()),
        ("a check", uses_key("min_chars"), set()),
        ("a check", uses_key("max_duplicate_ratio"), set()),
        ("an input format", has_text("tsv"), set()),
        ("an export format", has_text("gliner2"), {"exports/gliner2.py"}),
        ("an outcome of the service", tells_service_errors_apart, set()),
    ],
    ids=["task type", "spec key", "lock", "check of rows", "check of jobs", "input format", "export format", "outcome"],
)
def test_a_row_names_every_module_that_such_a_change_touches(
    to_add: str, touched: Callable[[ast.AST], bool], but: set[str]
) -> None:
    named, packages = modules_named(to_add)
    found = modules_where(touched)
    assert but <= found, "an exception that is none any more"
    assert {one for one in found - but if not one.startswith(packages)} <= named


def test_one_module_tells_the_task_by_the_keys_of_a_row() -> None:
    found = modules_where(looks_for_a_key_of_rows)
    assert found == {"rows/normal_form.py", *OTHER_THAN_ROWS}


def test_what_tells_errors_apart() -> None:
    def found(source: str) -> bool:
        return any(tells_service_errors_apart(node) for node in ast.walk(ast.parse(source)))

    assert found("try: f()\nexcept (Busy, ValueError): pass")
    assert found("isinstance(error, Busy | Refused)")
    assert found("match error:\n case NoAccess(): pass")
    assert not found("def f(error: Busy) -> None: raise Refused(error)")
    assert not found("isinstance(Busy, type)")


def test_a_key_that_decides_a_step_alone_is_compared_by_saved_plans() -> None:
    """`top_up` is neither in the definition nor in the lock: whoever adds such a key is told where else it counts."""
    assert "plan/saved_plan_basis.py" in modules_where(uses_key("top_up")) & modules_named("a spec key")[0]
