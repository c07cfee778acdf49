"""What tests/house.py counts, on small packages made up for it."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.house import MEASURES, PACKAGE, House, Layer, components, main, table

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = """
[[tool.importlinter.contracts]]
name = "layers"
type = "layers"
layers = ["cli", "top | side | (planned)", "low : beside", "errors"]
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return tmp_path


def house(checkout: Path, modules: dict[str, str] | None = None) -> House:
    """A package of these modules, each by its path without `.py`; a folder is a package."""
    (checkout / "pyproject.toml").write_text(LAYERS)
    for name, text in {"__init__": "", **(modules or {})}.items():
        path = checkout / PACKAGE / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(dedent(text))
    return House(checkout)


def test_places(checkout: Path) -> None:
    found = house(checkout, {"errors": "", "__main__": "", "low/a": "", "top/b": ""})
    assert found.root_modules() == ["errors"]
    assert found.rooms() == {"errors", "low", "top"}
    assert set(found.modules) == {
        PACKAGE, f"{PACKAGE}.__main__", f"{PACKAGE}.errors", f"{PACKAGE}.low", f"{PACKAGE}.low.a", f"{PACKAGE}.top",
        f"{PACKAGE}.top.b",
    }  # fmt: skip
    assert found.modules[f"{PACKAGE}.low.a"].room == "low"


@pytest.mark.parametrize(
    "text",
    [
        "import pioneer_build.low.a",
        "import os, pioneer_build.low.a as other",
        "from pioneer_build.low import a",
        "from pioneer_build.low.a import name, other",
        "from ..low import a",
        "from ..low.a import name",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pioneer_build.low.a import Name",
        "def f():\n    class C:\n        def g(self):\n            import pioneer_build.low.a",
        "import importlib\nimportlib.import_module('pioneer_build.low.a')",
        "from importlib import import_module\ndef f():\n    import_module('pioneer_build.low.a').name",
        "__import__('pioneer_build.low.a')",
    ],
)
def test_every_way_to_import_a_module_counts(checkout: Path, text: str) -> None:
    found = house(checkout, {"low/a": "", "top/b": text})
    assert found.imports[f"{PACKAGE}.top.b"] == {f"{PACKAGE}.low.a"}


def test_other_packages_and_oneself_do_not_count(checkout: Path) -> None:
    text = "import os.path\nfrom pioneer_builder import x\nfrom pioneer_build import low\nimport pioneer_build.low.a"
    assert house(checkout, {"low/a": text}).imports[f"{PACKAGE}.low.a"] == {f"{PACKAGE}.low"}


def test_a_relative_import_in_a_package_counts_from_the_package(checkout: Path) -> None:
    found = house(
        checkout, {"low/a": "from . import b\nfrom .b import x", "low/b": "", "low/__init__": "from .a import y"}
    )
    assert found.imports[f"{PACKAGE}.low.a"] == {f"{PACKAGE}.low.b"}
    assert found.imports[f"{PACKAGE}.low"] == {f"{PACKAGE}.low.a"}


def test_circles(checkout: Path) -> None:
    found = house(
        checkout,
        {
            "low/a": "import pioneer_build.low.b",
            "low/b": "def f():\n    from pioneer_build.low import c",
            "low/c": "import pioneer_build.low.a",
            "low/d": "import pioneer_build.low.a",
        },
    )
    assert found.circles() == [", ".join(f"{PACKAGE}.low.{name}" for name in "abc")]
    assert house(checkout, {"low/c": ""}).circles() == []


def test_floors(checkout: Path) -> None:
    found = house(
        checkout,
        {
            "cli/a": "import pioneer_build.top.b, pioneer_build.errors",
            "top/b": "import pioneer_build.low.c, pioneer_build.top.d",
            "top/d": "import pioneer_build.top.b",
            "low/c": "import pioneer_build.errors",
            "errors": "",
            "api": "import pioneer_build.cli.a",
            "__init__": "import pioneer_build.api",
        },
    )
    assert found.floors() == ["api", "cli", "top", "low", "errors"]
    circle = house(checkout, {"low/c": "import pioneer_build.errors, pioneer_build.cli.a"})
    assert circle.floors() == ["api", "cli", "low", "top", "errors"]


def test_layers(checkout: Path) -> None:
    assert house(checkout).layers() == [
        Layer(frozenset({"cli"})),
        Layer(frozenset({"top", "side", "planned"}), frozenset({"planned"})),
        Layer(frozenset({"low", "beside"}), apart=False),
        Layer(frozenset({"errors"})),
    ]
    (checkout / "pyproject.toml").write_text("[project]\n")
    assert House(checkout).layers() == []


def test_upward(checkout: Path) -> None:
    found = house(
        checkout,
        {
            "top/a": "import pioneer_build.low.b, pioneer_build.errors, pioneer_build.top",
            "side": "import pioneer_build.top.a, pioneer_build.nowhere",
            "low/b": "import pioneer_build.beside\ndef f():\n    import pioneer_build.top.a",
            "beside": "import pioneer_build.low.b",
            "nowhere": "import pioneer_build.cli",
            "cli": "",
            "errors": "",
        },
    )
    assert found.upward() == [f"{PACKAGE}.low.b -> {PACKAGE}.top.a", f"{PACKAGE}.side -> {PACKAGE}.top.a"]


def test_local_imports(checkout: Path) -> None:
    text = """
        import os

        def one():
            import a

            async def two():
                from b import c

        class Three:
            def four(self):
                if True:
                    import d
        """
    found = house(checkout, {"low": text, "cli/x": "def f():\n    import a"})
    assert found.local_imports() == [f"{PACKAGE}.low:{line}" for line in (5, 8, 13)]


def test_imports_with_a_word_why(checkout: Path) -> None:
    text = '''
        def explained():
            import a  # heavy for start-up
            # an extra, maybe missing
            import b
            from c import d

            # numpy: only for large files
            from e import (
                f,
            )
            from g import (
                h,  # heavy for start-up
            )

            # an extra, maybe missing
            try:
                import i
            except ImportError:
                pass

        def not_explained():
            """Not a comment: # no."""
            import k
            import l  # noqa: F401
            import s  # x
            import t  # noqa: F401 - an extra
            import m  # type: ignore[import-untyped]
            import n  # noqa: F401 - heavy for start-up
            import o

            import p
            try:
                import q  # noqa: F401 - an extra, maybe missing
            except ImportError:
                import r
        '''
    found = house(checkout, {"low": text})
    lines = {f"{PACKAGE}.low:{number}" for number, line in enumerate(dedent(text).splitlines(), 1) if "import" in line}
    assert len(found.local_imports()) == 16
    names = {line.split(":")[1] for line in found.unexplained_imports()}
    source = dedent(text).splitlines()
    assert [source[int(number) - 1].split()[1] for number in sorted(names, key=int)] == [
        "k",
        "l",
        "s",
        "t",
        "m",
        "p",
        "r",
    ]
    assert set(found.unexplained_imports()) <= lines


def test_sizes_of_functions(checkout: Path) -> None:
    def of(name: str, lines: int, indent: str = "") -> str:
        return f"{indent}@decorated\n{indent}def {name}():\n" + f"{indent}    pass\n" * (lines - 1)

    text = of("short", 60) + of("long", 61) + "class A:\n" + of("method", 70, "    ")
    text += "def outer():\n" + of("inner", 62, "    ")
    assert house(checkout, {"low": text}).long_functions() == [
        f"  70 {PACKAGE}.low.A.method",
        f"  64 {PACKAGE}.low.outer",
        f"  62 {PACKAGE}.low.outer.inner",
        f"  61 {PACKAGE}.low.long",
    ]


def test_numbers_of_parameters(checkout: Path) -> None:
    text = """
        import click

        def six(a, b, /, c, *args, d, **options): ...
        def seven(a, b, /, c, *args, d, e, **options): ...

        class A:
            def six(self, a, b, c, d, e): ...
            def seven(self, a, b, c, d, e, f): ...

        @click.command("x")
        @click.option("--a")
        def command(a, b, c, d, e, f, g, h): ...

        @clicked
        def not_a_command(a, b, c, d, e, f, g, h): ...

        hidden = lambda a, b, c, d, e, f, *g: a
        short = lambda a, b, c, d, e, f: a
        """
    assert house(checkout, {"low": text}).wide_functions() == [
        f"   8 {PACKAGE}.low.not_a_command",
        f"   7 {PACKAGE}.low.A.seven",
        f"   7 {PACKAGE}.low.seven",
        f"   7 {PACKAGE}.low:18",
    ]


def test_numbers_of_methods(checkout: Path) -> None:
    text = """
        class A:
            x = 1
            def one(self): ...
            @property
            def two(self): ...
            async def three(self):
                def inside(): ...
        def f():
            class B:
                def one(self): ...
        """
    assert house(checkout, {"low": text}).methods() == [f"   3 {PACKAGE}.low.A", f"   1 {PACKAGE}.low.B"]


def test_public_functions_say_what_their_parameters_are(checkout: Path) -> None:
    said = '"""Does.\n\n{0}Args:\n{0}    a: one.\n{0}    b: two.\n{0}    c: three.\n\n{0}Raises:\n{0}    d: no.\n{0}"""'
    several = '"""Does.\n\n    Args:\n        a, b: both.\n        c: .\n    """'
    text = f"""
import click
from typing import overload

def described(a, b, c):
    {said.format("    ")}

def one_left_out(a, b, c, d):
    {said.format("    ")}

def several_at_once(a, b, c):
    {several}

def silent(a, b, c): ...
def short(a, b): ...
def _private(a, b, c): ...
def outer(a):
    def inner(a, b, c): ...

class A:
    def described(self, a, b, c):
        {said.format("        ")}
    def silent(self, a, *b, c): ...
    def short(self, a, b): ...
    @classmethod
    def alternative(cls, a, b): ...
    @overload
    def many(self, a, b, c): ...

class _Private:
    def silent(self, a, b, c): ...

@click.command()
def command(a, b, c): ...
"""
    assert house(checkout, {"low": text}).undescribed() == [
        f"{PACKAGE}.low.one_left_out: d",
        f"{PACKAGE}.low.several_at_once",
        f"{PACKAGE}.low.silent",
        f"{PACKAGE}.low.A.silent",
    ]


def test_names_of_several_types(checkout: Path) -> None:
    text = """
        class Twice: ...
        class Once: ...
        class _Private: ...
        LIMIT = 1
        T = TypeVar("T")
        Alias: TypeAlias = "int"
        def f():
            class Inside: ...
        """
    other = """
        if TYPE_CHECKING:
            Alias = Sequence[int]
        try:
            class Twice: ...
        except ImportError:
            class Twice: ...
        class _Private: ...
        class Inside: ...
        LIMIT = 2
        T = TypeVar("T")
        from a import Once
        """
    found = house(checkout, {"low/a": text, "low/b": other, "top": "class Inside: ..."})
    assert found.repeated_names() == [
        f"Alias: {PACKAGE}.low.a, {PACKAGE}.low.b",
        f"Inside: {PACKAGE}.low.b, {PACKAGE}.top",
        f"LIMIT: {PACKAGE}.low.a, {PACKAGE}.low.b",
        f"Twice: {PACKAGE}.low.a, {PACKAGE}.low.b",
    ]


def test_names_of_unlike_modules(checkout: Path) -> None:
    names = ("low/same", "top/same", "low/x/same", "cli/show", "render/show", "low/model", "top/model", "low/once")
    role = ("lock/schema", "parse/schema")
    found = house(checkout, dict.fromkeys((*names, *role, "operations/no_command", "render/no_command"), ""))
    assert found.repeated_modules() == [
        f"model: {PACKAGE}.low.model, {PACKAGE}.top.model",
        f"no_command: {PACKAGE}.operations.no_command, {PACKAGE}.render.no_command",
        f"same: {PACKAGE}.low.same, {PACKAGE}.low.x.same, {PACKAGE}.top.same",
    ]


def test_modules_without_tests(checkout: Path) -> None:
    long = "x = 1\n" * 100
    found = house(
        checkout,
        {
            "low/a": long,
            "low/b": long,
            "low/short": "x = 1\n" * 99,
            "low/__init__": long,
            "top/__init__": long,
            "_c": long,
        },
    )
    assert found.untested() == [f"{PACKAGE}.{name}" for name in ("_c", "low", "low.a", "low.b", "top")]
    for path in ("low/test_a.py", "low/test_b.py", "low/test_package.py", "test_top.py", "test_c.py"):
        (checkout / "tests" / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / "tests" / path).write_text("def test_it():\n    assert f()\n")
    assert found.untested() == []
    for empty in ("# def test_it\n", "def test_it(): ...\n", "def test_it():\n    'Later.'\n    pass\n"):
        (checkout / "tests/low/test_b.py").write_text(empty)
        assert found.untested() == [f"{PACKAGE}.low.b"]


def test_components_come_before_who_needs_them() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a"}}
    assert components(graph) == [{"d"}, {"b", "c"}, {"a"}, {"e"}]


def test_the_table(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = house(checkout, {"low": "class A:\n    def f(self, a, b, c): ...\n"})
    assert [one.figure(found) for one in MEASURES] == [1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0]
    lines = table(found).splitlines()
    assert len(lines) == len(MEASURES) + 1
    assert lines[1].split() == ["modules", "at", "the", "root", "≤", "8", "41", "1"]
    main([str(checkout), "-v"])
    shown = capsys.readouterr().out
    assert shown.startswith(table(found))
    assert f"public functions without `Args:`:\n  {PACKAGE}.low.A.f\n" in shown
