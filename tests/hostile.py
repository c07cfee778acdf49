"""Strings that attack whoever reads them, and a project that has one wherever a string can be.

What must hold of all that is printed is said here once, by Unicode's categories and not by the code that escapes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from pioneer_build.checks.quarantined_rows import QuarantinedRow
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Entry, Job, Labelling, Lock, Rejection
from pioneer_build.spec.fingerprint import fingerprint_of
from tests.made import Made
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

#: Each line end that some reader knows, before a word that must not start a line.
_LINE_ENDS = "".join(f"{end}HIT" for end in ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"))
#: Terminals: a hyperlink, a cleared screen, a colour, 8-bit codes, a bell, a backspace.
_TERMINAL = "\x1b]8;;http://e.example\x07\x1b]0;t\x1b\\\x1b[2J\x1b[31mred\x9b31m\x9d\x08\x7f"
#: Direction, width, invisible letters, tags, selectors.
_UNSEEN = "\u202eabc\u202c\u2066\u2069\u200b\u200e\u00ad\ufeff\u2060\u115f\u3164\uffa0\U000e0041\U000e0100\u034f"
_RUNNER = "\n::error::x\n \u00a0\u3000::set-output name=x::y\n##[error]x ##vso[task.x]y ##[group]z"
_MARKDOWN = (
    "@all a@e.example #12 o/r#12 GH-12 <!-- <script>x</script> ![i](https://e.example) www.e.example `~~~~` \\|@all|"
)
_SHELL = "'; $(touch pwned); `touch pwned`; \" & pwned"


def hostile(where: str) -> str:
    """A hostile string, with a word that tells where it was."""
    return f"hostile {where}{_LINE_ENDS}{_TERMINAL}{_UNSEEN}{_RUNNER} {_MARKDOWN} {_SHELL} HIT"


def hostile_line(where: str) -> str:
    """The same without what a label of a spec can't have; a lock can have all of it."""
    return "".join(char for char in hostile(where) if unicodedata.category(char) not in {"Cc", "Zl", "Zp"})


#: The same without what a path can't have.
HOSTILE_FILE = "HIT\n::error::x\r\x1b[2J\u202e\u200b\x85##[error]x @all <script> $(touch pwned) ' \" ` end"


def _is_unseen(char: str) -> bool:
    return (
        unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or char in "\u115f\u1160\u3164\uffa0\u034f"
    )


def faults(shown: str) -> list[str]:
    """What is wrong with a text that was printed."""
    found = [f"U+{ord(char):04X}" for char in sorted(set(shown) - {"\n"}) if _is_unseen(char)]
    for line in shown.split("\n"):
        if line.startswith("HIT"):
            found.append(f"a line that is not ours: {line[:60]!r}")
        if line.lstrip().startswith("::") and not re.match(r"::(error|warning) [a-z]+=[^:]*::", line):
            found.append(f"a command to a runner: {line[:60]!r}")
        if re.search(r"##\w*\[", line):
            found.append(f"an older command to a runner: {line[:60]!r}")
    return found


class _Page(HTMLParser):
    """Collects elements, and the text outside of code, where GitHub looks for mentions, references and formulas."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.prose = ""
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("code", "span")
        # the columns of a table are aligned
        if tag not in _ELEMENTS or any(name != "style" or tag not in ("td", "th") for name, _ in attrs):
            self.found.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("code", "span")
        self.prose += "" if tag in ("code", "span") else "\n"

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")

    def handle_data(self, data: str) -> None:
        self.prose += "" if self._hidden else data


_ELEMENTS = {
    "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "ul", "li", "strong", "code", "span",
}  # fmt: skip


def markdown_faults(page: str) -> list[str]:
    """What is live in a page of Markdown, once it is HTML."""
    html = MarkdownIt("commonmark").enable("table").render(page)
    parsed = _Page()
    parsed.feed(html)
    live = re.findall(r"@\w\S*|#\d+|GH-\d+|\S+://\S+|www\.\S+|\$[^$\n]+\$", parsed.prose)
    rows = {line.count("<td") for line in html.replace("\n", "").split("<tr>")[1:]} - {0}
    return [*parsed.found, *live, *(["a cell that is not ours"] if len(rows) > 1 else [])]


def yaml_text(name: str, task_type: str, **more: Any) -> str:
    """A spec whose strings are written as JSON, which is YAML that can have any character."""
    value = {"version": 1, "dataset_name": name, "task_type": task_type, **more}
    text = "".join(f"{key}: {json.dumps(item)}\n" for key, item in value.items())
    return re.sub(r"\\ud8..\\ud...|\\udb..\\ud...", _long_escape, text)


def _long_escape(pair: re.Match[str]) -> str:
    return f"\\U{ord(json.loads(chr(34) + pair[0] + chr(34))):08x}"


def build(parent: Path) -> Path:
    """The project, its store beside it and its history in git: datasets in every state, one only in the lock."""
    root = parent / "project"
    root.mkdir()
    made = Made(root, parent / "store")
    (root / "pioneer.yaml").write_text("version: 1\nbackend: local\nstore: ../store\n")
    (root / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
    _ready(made)
    about = {"num_examples": 4, "domain_description": hostile("about")}
    job = {"job_id": hostile("job"), "version": hostile("version"), "remote_name": hostile("remote")}
    for name, state in (("failed", "failed"), ("open", "open"), ("unknown", "unknown"), ("rejected", "rejected")):
        more = {"job_id": None, "version": None, "submissions": ("ab" * 16,)} if state == "unknown" else {}
        text = yaml_text(name, "classification", labels=["a", "b"], **about)
        made.dataset(text, [], **{
            **job, "state": state, "got": None, "rows": None, "verified": False, "reason": hostile("reason"),
            "remote_name": hostile(f"remote {name}"), "job_id": hostile(f"job {name}"), **more,
        })  # fmt: skip
    _write_specs(root)
    _write_lock(made)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", hostile("message"))
    made.entries = [one for one in made.entries if one.dataset_name != "people"]
    _ready(made, "again")
    _write_lock(made)
    return root


def _ready(made: Made, word: str = "first") -> None:
    label = f"HIT <b>label</b> @all ' ; `x` {word}"
    text = yaml_text(
        "people", "ner", labels=[label, hostile_line("label")], num_examples=3,
        domain_description=hostile(f"domain {word}"), description=hostile("description"), owner=hostile_line("owner"),
    )  # fmt: skip
    rows = [
        {"text": hostile(f"text {n} {word}"), "entities": [{"text": "HIT", "label": label, "start": 0, "end": 3}]}
        for n in range(3)
    ]
    bad = QuarantinedRow(4, {hostile("key"): hostile("raw")}, "undeclared-label", hostile("quarantined"))
    made.dataset(
        text, rows, [bad], job_id=hostile(f"job {word}"), version=hostile(f"version {word}"), revision=hostile("rev")
    )
    talk = yaml_text("talk", "decoder", num_examples=1, prompt=f"line\n{hostile('prompt')}")
    messages = [{"role": "user", "content": hostile("question")}, {"role": "assistant", "content": hostile("answer")}]
    made.dataset(talk, [{"messages": messages}])


def _write_specs(root: Path) -> None:
    (root / "specs" / "new.yaml").write_text(yaml_text("new", "decoder", num_examples=2, prompt=hostile("prompt")))
    changed = yaml_text("talk", "decoder", num_examples=1, prompt=hostile("another prompt"))
    (root / "specs" / "talk.yaml").write_text(changed)
    (root / "data").mkdir()
    (root / "data" / f"{HOSTILE_FILE}.jsonl".replace("/", "")).write_text(
        "".join(json.dumps({"text": hostile(f"input {n}"), "id": hostile(f"id {n}")}) + "\n" for n in range(2))
    )
    texts = {"inputs": {"path": "../data/*.jsonl", "field": "text", "id": "id"}}
    (root / "specs" / "texts.yaml").write_text(yaml_text("texts", "ner", labels=[hostile_line("label")], **texts))


def _write_lock(made: Made) -> None:
    """The entries of `made`, and one with a hostile name, which no spec can have."""
    name = hostile("name")
    definition = {"task_type": "ner", "labels": [hostile("locked label")]}
    old = Entry(
        name, "local", "ner", definition, hostile("base"), 5,
        (Job(fingerprint_of(definition), hostile("old remote"), 5, "failed", 0, hostile("old job"),
             reason=hostile("old reason")),),
    )  # fmt: skip
    texts = {"task_type": "ner", "labels": [hostile("old label")]}
    print_of = fingerprint_of(texts)
    labelled = Entry(
        "texts", "local", "ner", texts, "texts",
        labelling=Labelling(print_of, f"sha256:{'0' * 64}", 9, 9, 9, 0, 9, f"sha256:{'1' * 64}",
                            unsupported=(hostile("unsupported"),)),
        rejection=Rejection(print_of, f"sha256:{'0' * 64}", "failed", hostile("rejection")),
        paid=((print_of, 9),),
    )  # fmt: skip
    other = replace(old, backend="https://e.example/x", dataset_name="elsewhere")
    entries = {(one.dataset_name, one.backend): one for one in (*made.entries, old, labelled, other)}
    (made.root / "pioneer.lock").write_text(lock_text(Lock(entries)), encoding="utf-8")
