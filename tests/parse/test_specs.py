"""YAML to specs: what is right becomes a value, what is wrong has a place."""

from __future__ import annotations

import pytest

from pioneer_build.parse import parse_text
from pioneer_build.spec.model import Checks, FewShot, InlineTexts, InputFiles, TopUp

NER = "version: 1\ndataset_name: people\ntask_type: ner\nlabels: [person, company]\nnum_examples: 10\n"
CLASSES = """\
version: 1
dataset_name: support-intents
task_type: classification
labels: [billing, refund, other]
num_examples: 500
domain_description: Messages to the support desk of an online bookshop
classified_examples:
  - {text: "I was charged twice", label: billing}
"""
DECODER = "dataset_name: replies\ntask_type: decoder\nnum_examples: 5\nprompt: |\n  Be kind.\n  Be short.\n"
LABEL = "dataset_name: tickets\ntask_type: classification\nlabels: [a, b]\n"


def problems(text: str | bytes, path: str = "specs/x.yaml") -> list[tuple[int, int, str]]:
    """Line, column and code of all mistakes."""
    data = text if isinstance(text, bytes) else text.encode()
    return [(p.line, p.column, p.code) for p in parse_text(data, path).problems]


def only(text: str | bytes) -> tuple[str, str | None, str, int, int]:
    """Message, hint, code and place of the one mistake there is."""
    data = text if isinstance(text, bytes) else text.encode()
    (problem,) = parse_text(data, "specs/x.yaml").problems
    return problem.message, problem.hint, problem.code, problem.line, problem.column


class TestRight:
    def test_generate(self) -> None:
        (spec,) = parse_text(CLASSES.encode(), "specs/a/x.yaml").specs
        assert spec.dataset_name == "support-intents"
        assert spec.labels == ("billing", "refund", "other")
        assert spec.num_examples == 500
        assert spec.classified_examples == (FewShot("I was charged twice", "billing"),)
        assert (spec.path, spec.line) == ("specs/a/x.yaml", 1)
        assert spec.place("labels") == (4, 9)
        assert spec.place("classified_examples") == (8, 3)
        assert not spec.is_label

    def test_decoder(self) -> None:
        (spec,) = parse_text(DECODER.encode(), "x.yaml").specs
        assert spec.prompt == "Be kind.\nBe short.\n"
        assert spec.labels == ()

    @pytest.mark.parametrize(
        ("inputs", "value"),
        [
            ("[one, two, one]", InlineTexts(("one", "two", "one"))),
            ("data/t.jsonl", InputFiles("data/t.jsonl")),
            ("../data/t.jsonl", InputFiles("../data/t.jsonl")),
            ('{path: "data/*.csv", field: body, id: key}', InputFiles("data/*.csv", "body", "key")),
            ("{path: t.txt}", InputFiles("t.txt")),
        ],
    )
    def test_inputs(self, inputs: str, value: object) -> None:
        (spec,) = parse_text(f"{LABEL}inputs: {inputs}\n".encode(), "specs/x.yaml").specs
        assert spec.inputs == value
        assert spec.is_label

    def test_settings_of_a_spec(self) -> None:
        extra = (
            "description: For the bot\nowner: team-a\ntags: [prod, v1.2]\nprotect: true\nrenamed_from: old\n"
            "on_change: new_version\ntop_up: {max_attempts: 2}\n"
            "checks: {min_accepted: 0.9, max_duplicate_ratio: 1, min_chars: 3, "
            "max_chars: 3, no_overlap_with: [t]}\n"
        )
        (spec,) = parse_text((NER + extra).encode(), "x.yaml").specs
        assert spec.checks == Checks(
            min_accepted=0.9, max_duplicate_ratio=1, min_chars=3, max_chars=3, no_overlap_with=("t",)
        )
        assert spec.top_up == TopUp(2)
        assert (spec.protect, spec.renamed_from, spec.on_change) == (True, "old", "new_version")
        assert spec.tags == ("prod", "v1.2")

    @pytest.mark.parametrize(("written", "value"), [("true", TopUp()), ("false", None), ("{}", TopUp())])
    def test_top_up(self, written: str, value: TopUp | None) -> None:
        assert parse_text(f"{NER}top_up: {written}\n".encode(), "x.yaml").specs[0].top_up == value

    def test_several_documents(self) -> None:
        parsed = parse_text(f"{NER}---\n---\n# nothing\n---\n{DECODER}...\n".encode(), "x.yaml")
        assert [spec.dataset_name for spec in parsed.specs] == ["people", "replies"]
        assert parsed.specs[1].line == 10
        assert parsed.problems == ()

    def test_comments_alone_are_no_spec(self) -> None:
        assert parse_text(b"# dataset_name: off\n", "x.yaml") == ((), (), ())

    def test_anchors_and_aliases(self) -> None:
        text = f"{LABEL}inputs: [&t hello, *t]\n"
        assert parse_text(text.encode(), "x.yaml").specs[0].inputs == InlineTexts(("hello", "hello"))

    def test_core_tags(self) -> None:
        text = NER.replace("[person, company]", "[!!str no, !!str on]").replace("10", '!!int "10"')
        (spec,) = parse_text(text.encode(), "x.yaml").specs
        assert (spec.labels, spec.num_examples) == (("no", "on"), 10)

    def test_quoted_traps_and_words_that_are_none(self) -> None:
        text = NER.replace("[person, company]", '["no", \'1\', "null", y, N, 1st, 1.2.3, v2]')
        assert parse_text(text.encode(), "x.yaml").specs[0].labels == (
            "no",
            "1",
            "null",
            "y",
            "N",
            "1st",
            "1.2.3",
            "v2",
        )

    def test_byte_order_mark_and_crlf(self) -> None:
        data = b"\xef\xbb\xbf" + NER.replace("\n", "\r\n").encode()
        (spec,) = parse_text(data, "x.yaml").specs
        assert spec.place("task_type") == (3, 12)


class TestWrong:
    def test_unknown_key(self) -> None:
        text = NER.replace("labels:", "lables:")
        assert only(text) == ("unknown key 'lables'", "did you mean 'labels'?", "unknown-key", 4, 1)

    def test_the_line_and_the_width(self) -> None:
        (problem,) = parse_text(NER.replace("labels:", "lables:").encode(), "specs/x.yaml").problems
        assert problem.source == "lables: [person, company]"
        assert problem.width == 6
        assert problem.place == "specs/x.yaml:4:1"

    def test_a_misspelt_key_hides_nothing(self) -> None:
        text = CLASSES.replace("labels: [billing,", "lables: [no,").replace("label: billing", "label: refnd")
        assert problems(text) == [(4, 1, "unknown-key"), (4, 10, "quote"), (8, 42, "unknown-label")]

    @pytest.mark.parametrize(
        ("word", "read_as"),
        [
            *[(w, "a boolean") for w in ("no", "No", "ON", "off", "yes", "true", "False")],
            *[(w, "null") for w in ("null", "~", "Null")],
            *[
                (w, "a number")
                for w in ("1", "-2", "1.5", "0x1F", "1_000", "12:30", "1e3", ".inf", "0o14", "007", ".5")
            ],
            *[(w, "a date") for w in ("2024-01-01", "2024-01-01 10:00:00")],
            ("<<", "a merge key"),
        ],
    )
    def test_words_that_yaml_takes_for_something_else(self, word: str, read_as: str) -> None:
        message, hint, code, line, column = only(NER.replace("company", word))
        assert message == f"YAML reads {word} as {read_as}; a label must be text"
        assert hint == f'quote it: "{word}"'
        assert (code, line, column) == ("quote", 4, 18)

    @pytest.mark.parametrize(
        ("written", "message", "hint"),
        [
            ("0", "'num_examples' must be at least 1, not 0", None),
            ("-3", "'num_examples' must be at least 1, not -3", None),
            ("true", "'num_examples' must be a whole number, not true", None),
            ("1.0", "'num_examples' must be a whole number, not 1.0", "write 1"),
            ("1e3", "'num_examples' must be a whole number, not 1e3", "write 1000"),
            ("1_000", "'num_examples' must be a whole number, not 1_000", "write 1000"),
            ("0x10", "'num_examples' must be a whole number, not 0x10", "write 16"),
            ("010", "'num_examples' must be a whole number, not 010", None),
            (
                '"500"',
                "'num_examples' must be a whole number, not the text \"500\"",
                "write it without quotes: 500",
            ),
            ("many", "'num_examples' must be a whole number, not many", None),
            ("", "'num_examples' must be a whole number, not nothing", None),
            ("[1]", "'num_examples' must be a whole number, not a list", None),
            (".nan", "'num_examples' must be a whole number, not .nan", None),
            ("9" * 17, "'num_examples' must be at most 9,007,199,254,740,991, not " + "9" * 17, None),
        ],
    )
    def test_num_examples(self, written: str, message: str, hint: str | None) -> None:
        assert only(NER.replace("10", written))[:2] == (message, hint)

    def test_a_number_of_absurd_length(self) -> None:
        assert only(NER.replace("10", "9" * 9000))[2] == "type"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (NER.replace("task_type: ner", "task_type: nerr"), [(3, 12, "choice")]),
            (NER.replace("task_type: ner", "task_type: custom"), [(3, 12, "choice")]),
            (NER + "prompt: hi\n", [(6, 1, "wrong-task")]),
            (NER + "classified_examples: []\n", [(6, 1, "wrong-task")]),
            (DECODER + "labels: [a]\n", [(7, 1, "wrong-task")]),
            (DECODER.replace("num_examples: 5", "inputs: [a]"), [(3, 1, "wrong-task")]),
            (NER + "inputs: [a]\n", [(5, 1, "both-kinds")]),
            (NER.replace("num_examples: 10\n", ""), [(1, 1, "missing-key")]),
            (NER.replace("labels: [person, company]\n", ""), [(1, 1, "missing-key")]),
            (NER.replace("task_type: ner\n", ""), [(1, 1, "missing-key")]),
            (LABEL + "inputs: [a]\ndomain_description: x\n", [(5, 1, "wrong-task")]),
            (LABEL + "inputs: [a]\nclassified_examples: [{text: x, label: a}]\n", [(5, 1, "wrong-task")]),
            (LABEL + "inputs: []\n", [(4, 9, "empty")]),
            (LABEL + 'inputs: [a, " "]\n', [(4, 13, "empty")]),
            (LABEL + "inputs: /etc/passwd\n", [(4, 9, "path")]),
            (LABEL + "inputs: ../../x.csv\n", [(4, 9, "path")]),
            (LABEL + "inputs: {path: a/../../../x.csv}\n", [(4, 16, "path")]),
            (LABEL + "inputs: https://example.org/x.csv\n", [(4, 9, "path")]),
            (LABEL + "inputs: data\\x.csv\n", [(4, 9, "path")]),
            (LABEL + "inputs: {field: x}\n", [(4, 9, "missing-key")]),
            (LABEL + "inputs: {paht: x}\n", [(4, 9, "missing-key"), (4, 10, "unknown-key")]),
            (NER.replace("company]", "person]"), [(4, 18, "duplicate-label")]),
            (NER.replace("[person, company]", '["caf\\u00e9", "cafe\\u0301"]'), [(4, 23, "duplicate-label")]),
            (NER.replace("[person, company]", "person"), [(4, 9, "type")]),
            (NER.replace("[person, company]", "[]"), [(4, 9, "empty")]),
            (NER.replace("[person, company]", '["", "a\\tb"]'), [(4, 10, "empty"), (4, 14, "character")]),
            (NER.replace("people", "my people"), [(2, 15, "name")]),
            (NER.replace("people", ".people"), [(2, 15, "name")]),
            (NER.replace("people", "a" * 101), [(2, 15, "name")]),
            (NER.replace("people", "2024"), [(2, 15, "quote")]),
            (NER + "domain_description: ' '\n", [(6, 21, "empty")]),
            (NER + "owner:\n", [(6, 1, "empty")]),
            (NER + "tags: [a b]\n", [(6, 8, "name")]),
            (NER + "protect: yes\n", [(6, 10, "type")]),
            (NER + "renamed_from: people\n", [(6, 15, "rename")]),
            (NER + "renamed_from: a/b\n", [(6, 15, "name")]),
            (NER + "on_change: new\n", [(6, 12, "choice")]),
            (NER + "top_up: 3\n", [(6, 9, "type")]),
            (NER + "top_up: {max_attempts: 0}\n", [(6, 24, "range")]),
            (NER + "checks: {min_accepted: 95}\n", [(6, 24, "range")]),
            (NER + "checks: {min_accepted: true}\n", [(6, 24, "type")]),
            (NER + "checks: {min_accepted: .inf}\n", [(6, 24, "type")]),
            (NER + "checks: {min_chars: 5, max_chars: 4}\n", [(6, 35, "range")]),
            (NER + "checks: {min_chars: -5}\n", [(6, 21, "range")]),
            (NER + "checks: {max_empty: 1}\n", [(6, 10, "unknown-key")]),
            (NER.replace("version: 1", "version: 2"), [(1, 10, "version")]),
            (NER.replace("version: 1", "version: true"), [(1, 10, "version")]),
            (NER.replace("version: 1", "version: 1.0"), [(1, 10, "version")]),
            (NER.replace("version: 1", 'version: "1"'), [(1, 10, "version")]),
            (NER + "num_examples: 11\n", [(6, 1, "duplicate-key")]),
            (NER + "checks: {min_chars: 5, min_chars: 4}\n", [(6, 24, "duplicate-key")]),
            (NER + "? [a]\n: b\n", [(6, 3, "key")]),
            (NER + "1: b\n", [(6, 1, "unknown-key")]),
            (NER + "<<: {protect: true}\n", [(6, 1, "merge-key")]),
            (NER + "owner: !!python/name:os.system x\n", [(6, 8, "tag")]),
            (NER + "owner: !mine x\n", [(6, 8, "tag")]),
            (NER + "tags: !!set {a}\n", [(6, 7, "type"), (6, 7, "tag")]),
            (NER + "owner: sk\napi_key: pio_sk_abc\n", [(7, 1, "secret")]),
            ("- a\n- b\n", [(1, 1, "type")]),
            ("hello\n", [(1, 1, "type")]),
            ("", [(1, 1, "empty-file")]),
            (" \n\n", [(1, 1, "empty-file")]),
        ],
    )
    def test_places(self, text: str, expected: list[tuple[int, int, str]]) -> None:
        assert problems(text) == expected

    def test_few_shots(self) -> None:
        text = (
            CLASSES
            + "  - {text: hi, label: biling}\n"
            + '  - {text: "I was charged twice", label: refund}\n  - {text: hi}\n  - x\n'
        )
        assert problems(text) == [
            (9, 23, "unknown-label"), (10, 42, "two-labels"), (11, 5, "missing-key"), (12, 5, "type"),
        ]  # fmt: skip

    def test_the_same_example_twice_is_no_mistake(self) -> None:
        assert problems(CLASSES + '  - {text: "I was charged twice", label: billing}\n') == []

    def test_one_broken_document_leaves_the_others(self) -> None:
        parsed = parse_text(f"a: b: c\n---\n{NER}---\nx: [\n---\n{DECODER}".encode(), "x.yaml")
        assert [p.line for p in parsed.problems] == [1, 10]
        assert [(spec.dataset_name, spec.line) for spec in parsed.specs] == [("people", 3), ("replies", 11)]

    def test_a_secret_is_not_shown(self) -> None:
        (problem,) = parse_text((NER + "api_key: pio_sk_abc\n").encode(), "x.yaml").problems
        assert "pio_sk" not in repr(problem)
        (problem,) = parse_text((NER + "token: a: pio_sk_abc\n").encode(), "x.yaml").problems
        assert "pio_sk" not in repr(problem)


class TestNoYaml:
    @pytest.mark.parametrize(
        ("data", "message", "place"),
        [
            (b"a:\n\t- b\n", "a tab can't indent YAML", (2, 1)),
            (b"a: @x\n", "a value can't begin with '@' in YAML", (1, 4)),
            (b"a: `x`\n", "a value can't begin with '`' in YAML", (1, 4)),
            (b"a: 'x\nb: 1\n", "this quote is never closed", (1, 4)),
            (b"a: b: c\n", "a ':' here would begin a second mapping", (1, 5)),
            (b"a: *b\n", "this alias has no anchor in its document", (1, 4)),
            (b'a: "\\ud83d\\ude00"', "this escape is no Unicode character", (1, 7)),
            (b"# \xe9\n", "this byte (0xe9) is not valid UTF-8", (1, 3)),
            (b"\xff\xfea\x00", "the file is UTF-16, not UTF-8", (1, 1)),
            (b"#\n# a\x00\n", "the character NUL can't stand in YAML", (2, 4)),
            (b"# a\x1b[0m\n", "the character U+001B can't stand in YAML", (1, 4)),
        ],
    )
    def test_words(self, data: bytes, message: str, place: tuple[int, int]) -> None:
        (problem,) = parse_text(data, "x.yaml").problems
        assert problem.message == message
        assert (problem.line, problem.column) == place

    def test_a_forbidden_character_hides_nothing(self) -> None:
        text = NER.replace("person", "per\x00son").replace("ner\n", "nerr\n")
        assert problems(text) == [(3, 12, "choice"), (4, 13, "character")]

    def test_a_bad_byte_hides_nothing(self) -> None:
        data = NER.encode().replace(b"person", b"pers\xf6n").replace(b"ner\n", b"nerr\n")
        assert problems(data) == [(3, 12, "choice"), (4, 14, "not-utf8")]

    def test_places_where_yaml_and_editors_count_lines_differently(self) -> None:
        text = 'description: "a\u2028b"\n' + NER.replace("ner\n", "nerr\n")
        assert problems(text) == [(4, 12, "choice")]

    @pytest.mark.parametrize(
        "deep", [b"[" * 100_000, b"- " * 100_000, b"{a: " * 50_000, b"? " * 50_000, b"-\t" * 99_999]
    )
    def test_deep_nesting(self, deep: bytes) -> None:
        assert [code for _, _, code in problems(b"a: 1\n---\n" + deep)][-1] in {"too-deep", "yaml"}

    def test_deep_indentation(self) -> None:
        text = "".join(" " * i + "a:\n" for i in range(200))
        assert problems(text) == [(33, 33, "too-deep")]

    def test_many_brackets_are_not_deep(self) -> None:
        texts = ", ".join(f"'[{i}]'" for i in range(1000))
        assert problems(f"{LABEL}inputs: [{texts}]\n") == []

    def test_expansion_bomb(self) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
        assert "alias" in [code for _, _, code in problems("\n".join(lines))]

    def test_chain_of_aliases(self) -> None:
        lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 5000)]
        assert [code for _, _, code in problems("\n".join(lines))] == ["alias"]

    def test_an_alias_inside_itself(self) -> None:
        assert problems("a: &a [*a]\n") == [(1, 4, "alias")]

    def test_too_large(self) -> None:
        assert [code for _, _, code in problems(b"#" * (16 * 1024 * 1024 + 1))] == ["too-large"]


class TestSize:
    """Work grows with the file, whatever is in it."""

    def test_many_mistakes_on_one_long_line(self) -> None:
        labels = ", ".join(f"label-{i}" for i in range(2000))
        shots = ", ".join(f"{{text: t{i}, label: lable-{i}}}" for i in range(2000))
        text = "dataset_name: a\ntask_type: classification\nnum_examples: 1\n"
        text += f"labels: [{labels}]\nclassified_examples: [{shots}]\n"
        assert len(problems(text)) == 2000

    def test_long_words_that_are_almost_numbers(self) -> None:
        assert problems(NER.replace("company", "1" * 200_000 + "x")) == []
        assert problems(NER + "description: " + "token" * 100_000 + "\nx: 1\n") == [(7, 1, "unknown-key")]
