"""The report in one file.

The page can load nothing: its policy allows only this script and this style, by their digests, and no markup made from
text (Trusted Types). The data is in script elements that browsers don't run, escaped so that no data can end them.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.results.report import ReportContents


def page_html(contents: ReportContents) -> Iterator[bytes]:
    """The file in parts, in UTF-8. The same contents always give the same bytes."""
    style, script = _part("page.css"), _part("page.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_source(script)}",
            f"style-src {_source(style)}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
    head, _, tail = _part("page.html").partition("{chunks}")
    values = {
        "csp": escape(policy, quote=True),
        "title": escape(f"{contents.overview['title']}: pioneer-build report"),
        "css": style,
        "overview": block(contents.overview),
        "script": script,
    }
    yield "".join(_filled(head, values)).encode()
    for name, packed in contents.chunks.items():
        yield f'<script type="application/octet-stream" id="{name}">{packed}</script>\n'.encode()
    yield tail.encode()


def block(value: object) -> str:
    """`value` as JSON for a script element that is not run: ASCII without `<`, `>`, `&`, so that no text can end it."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _filled(template: str, values: dict[str, str]) -> Iterator[str]:
    """The template with each `{name}` replaced once, from left to right; nothing in a value is replaced."""
    left = template
    for name, value in values.items():
        before, found, left = left.partition(f"{{{name}}}")
        assert found, name
        yield before
        yield value
    yield left


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _part(name: str) -> str:
    return files("pioneer_build.render.report").joinpath(name).read_text("utf-8")
