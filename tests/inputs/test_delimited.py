"""CSV and TSV: columns, quotes, line ends, long cells, and what is said of a file that is none."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pioneer_build.inputs import delimited, survey
from pioneer_build.inputs.complaints import Complaints
from pioneer_build.inputs.records import Columns
from pioneer_build.spec.model import InputFiles
from tests.inputs.project import problems_of, put, said, texts_of

if TYPE_CHECKING:
    from pathlib import Path


def test_csv(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.csv",
        '\ufeffid, body\r\n1,"two\r\nlines, ""quoted"""\r\n\r\n2, spaced \r\n3,é',
    )
    found = texts_of(tmp_path, "a.csv", field="body", id="id")
    assert [(o.text, o.id, o.line) for o in found] == [
        ('two\r\nlines, "quoted"', "1", 2),
        (" spaced ", "2", 5),
        ("é", "3", 6),
    ]
    put(tmp_path, "b.tsv", "text\tx\na, b\t1\n")
    assert [o.text for o in texts_of(tmp_path, "b.tsv")] == ["a, b"]
    put(tmp_path, "c.csv", "id;text\n1;a, b\n")
    assert [o.text for o in texts_of(tmp_path, "c.csv")] == ["a, b"]


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        ("id,body\n1,x\n", "1:1", "there is no column 'text'"),
        ("text,text\n1,x\n", "1:1", "two columns are named 'text'"),
        ('text\n"a" b\n', "2:1", "not CSV: ',' expected after '\"'"),
        ('text\na\n"never\nclosed\n', "3:1", "not CSV: unexpected end of data"),
        ("text,b\n1\n", "2:1", "1 cell, but the header has 2"),
    ],
)
def test_csv_mistakes(tmp_path: Path, data: str, place: str, message: str) -> None:
    put(tmp_path, "a.csv", data)
    assert said(problems_of(tmp_path, "a.csv")) == [(f"specs/a.csv:{place}", message)]


def test_cells_longer_than_the_standard_library_reads(tmp_path: Path) -> None:
    """And without a word to the rest of the process, which has a limit of its own."""
    before = csv.field_size_limit(1000)
    try:
        long = "ab, \n" * 100_000
        put(tmp_path, "a.csv", f'id,text\n1,"{long}"\n2,short\n')
        assert [(o.id, o.text, o.line) for o in texts_of(tmp_path, "a.csv", id="id")] == [
            ("1", long, 2),
            ("2", "short", 100_003),
        ]
        assert csv.field_size_limit() == 1000
        with pytest.raises(csv.Error, match="field larger than field limit"):
            next(csv.reader(["x" * 1001]))
    finally:
        csv.field_size_limit(before)


def test_a_quote_that_is_never_closed_ends_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = delimited._own_csv()
    before = own.field_size_limit(5000)
    try:
        put(tmp_path, "a.csv", 'text\n"' + "never closed\n" * 1000)
        problems = problems_of(tmp_path, "a.csv")
    finally:
        own.field_size_limit(before)
    assert problems[0].message.startswith("not CSV: field larger than field limit")
    assert problems[0].hint == "the quote that is opened here is never closed"


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ("text;n\na, b;1\n", ["a, b"]),
        ("n\ttext\n1\ta;b\n", ["a;b"]),
        ("n|text\n1|a\n", ["a"]),
        ('"n";"text"\n1;a\n', ["a"]),
        ("text\na;b\n", ["a;b"]),
        (' text ,"n"\n x ,1\n', [" x "]),
    ],
)
def test_the_first_line_says_what_separates(tmp_path: Path, data: str, texts: list[str]) -> None:
    put(tmp_path, "a.csv", data)
    assert [o.text for o in texts_of(tmp_path, "a.csv")] == texts


def test_a_tsv_is_separated_by_tabs_whatever_its_first_line_says(tmp_path: Path) -> None:
    put(tmp_path, "a.tsv", "text;n\tx\n1\t2\n")
    (problem,) = problems_of(tmp_path, "a.tsv")
    assert (problem.message, problem.hint) == (
        "there is no column 'text'",
        "did you mean text;n? (set `field:` and `id:` to choose the columns)",
    )


def test_lines_that_end_in_another_way(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", b"text,n\ra,1\rb,2\r")
    problem = problems_of(tmp_path, "a.csv")[0]
    assert problem.message.startswith("not CSV: new-line character seen")
    assert problem.hint == "lines must end with \\n or \\r\\n, not with only \\r"


def test_what_comes_after_a_mistake_is_read(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", 'text,n\n"a" b,1\nfine,2\nx\n,3\nfine,4\n')
    assert said(problems_of(tmp_path, "a.csv")) == [
        ("specs/a.csv:2:1", "not CSV: ',' expected after '\"'"),
        ("specs/a.csv:4:1", "1 cell, but the header has 2"),
        ("specs/a.csv:5:1", "the text is empty"),
    ]


def test_many_rows_come_in_blocks(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "text\n" + "".join(f"text {n}\n" for n in range(2500)))
    assert [o.line for o in texts_of(tmp_path, "a.csv")] == list(range(2, 2502))


def test_an_empty_file(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "")
    assert [problem.message for problem in problems_of(tmp_path, "a.csv")] == [
        "the file is empty: its first line must name the columns"
    ]


# -- TSV, which has no quoting


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        # the quote of the second row ends in the fourth: three rows would be one text
        (
            'n\ttext\n1\tfine\n2\t"Great, she said\n3\tso so\n4\tnever again"\n5\tfine\n',
            "3:1",
            "a cell begins with a quote whose partner is only on line 5: these may be several rows",
        ),
        (
            'text\n"Great\nso so\nnever again"\n',
            "2:1",
            "a cell begins with a quote whose partner is only on line 4: these may be several rows",
        ),
        ('n\ttext\n1\t"Great" she said\n', "2:1", "not TSV: '\t' expected after '\"'"),
        ('n\ttext\n1\t"Great\n2\tso so\n', "2:1", "not TSV: unexpected end of data"),
        ('n\ttext\n1\t"Great\n2"\tso so\n', "2:1", "3 cells, but the header has 2"),
    ],
)
def test_a_quote_without_its_partner(tmp_path: Path, data: str, place: str, message: str) -> None:
    put(tmp_path, "a.tsv", data)
    (problem,) = problems_of(tmp_path, "a.tsv")
    assert (problem.place, problem.message) == (f"specs/a.tsv:{place}", message)
    assert problem.hint is not None


def test_quotes_that_can_only_be_meant_are_read_as_before(tmp_path: Path) -> None:
    """The digest is that of the first version of this program: old annotations count."""
    data = 'n\ttext\n1\t"a ""quoted"" word"\n2\t"a tab\tinside"\n3\t5" pipe\n4\tends with"\n5\t"two\nlines, no tab"\n'
    put(tmp_path, "a.tsv", data)
    assert [o.text for o in texts_of(tmp_path, "a.tsv")] == [
        'a "quoted" word', "a tab\tinside", '5" pipe', 'ends with"', "two\nlines, no tab",
    ]  # fmt: skip
    found = survey(InputFiles("a.tsv", id="n"), project_root=tmp_path, spec_path="specs/x.yaml")
    assert found.digest == "sha256:ab12b7c99c8fc181791c617b13fea2bdf3df9679ad34b64987a3114d0a8119cb"


# -- joined and damaged files

_MARK = "a byte order mark (BOM, U+FEFF) inside the file: two files seem to be joined here"


@pytest.mark.parametrize(
    ("data", "places"),
    [
        ("\ufeffn,text\n1,a\n\ufeffn,text\n2,b\n", ["3:1"]),
        ("\ufefftext\na\ufefftext\nb\n", ["2:2"]),
        ("\ufefftext\n\ufeffa\n\ufeffb\n", ["2:1", "3:1"]),
    ],
)
def test_a_byte_order_mark_inside(tmp_path: Path, data: str, places: list[str]) -> None:
    put(tmp_path, "a.csv", data)
    assert said(problems_of(tmp_path, "a.csv")) == [(f"specs/a.csv:{place}", _MARK) for place in places]


def test_a_byte_order_mark_in_a_cell_is_the_authors(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", 'n,text\n1,zero\ufeffwidth\n2,"two\n\ufefflines"\n')
    assert [o.text for o in texts_of(tmp_path, "a.csv")] == ["zero\ufeffwidth", "two\n\ufefflines"]


def test_nul_bytes(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", b"text\n" + b"x" * 5000 + b"\n" + bytes(20) + b"\nfine\n")
    (problem,) = problems_of(tmp_path, "a.csv")
    assert (problem.place, problem.code) == ("specs/a.csv:3:1", "nul")


def test_texts_without_anything_to_see(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "n,text\n1,\u200b\n2, \n")
    assert said(problems_of(tmp_path, "a.csv")) == [
        ("specs/a.csv:2:1", "the text is empty but for characters that can't be seen (U+200B)"),
        ("specs/a.csv:3:1", "the text is empty"),
    ]


@pytest.mark.parametrize("row", ["sep=;", '"sep=;"', "SEP=,", "sep=;;", "sep=\t"])
def test_the_row_that_excel_takes_as_an_instruction(tmp_path: Path, row: str) -> None:
    put(tmp_path, "a.csv", f"\ufeff{row}\r\ntext;id\r\nhello;1\r\n")
    (problem,) = problems_of(tmp_path, "a.csv")
    assert problem.place == "specs/a.csv:1:1"
    assert problem.message.startswith("the first row is Excel's `")
    assert problem.hint == "remove that row: tail -n +2 FILE > NEW"


def test_a_column_of_a_similar_name(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "sep=x,text\n1,hello\n")
    assert [one.text for one in texts_of(tmp_path, "a.csv")] == ["hello"]


def outcome(data: bytes, separator: str | None) -> tuple[list[tuple[str, int]], list[str]]:
    """The texts with their lines, and what is complained of."""
    complaints = Complaints(shown=1000)
    stream = io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]
    blocks = list(delimited.read_blocks(stream, "a.csv", Columns(), complaints, separator))
    rows = [row for block in blocks for row in zip(block.texts, block.lines, strict=True)]
    return rows, [repr(problem) for problem in complaints.problems()]


@example(head="text", body='\n\n"a\n\n\r\n\nb"\n\n\nc\n"d\n\n', separator=None, size=1 << 20)
@given(
    head=st.sampled_from(["text", "text,id", "text\tid", "", "\ufeff"]),
    body=st.lists(
        st.sampled_from(["\n", "\n\n", "\r\n", "\r", "a", '"', ",", "\t", "é", " ", "\ufeff"]), max_size=30
    ).map("".join),
    separator=st.sampled_from([None, "\t"]),
    size=st.sampled_from([1, 2, 5, 1 << 20]),
)
def test_blank_lines_at_once_are_as_one_by_one(head: str, body: str, separator: str | None, size: int) -> None:
    data = f"{head}\n{body}".encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_raw_lines", lambda stream: iter(stream.readline, b""))
        one_by_one = outcome(data, separator)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_READ", size)
        assert outcome(data, separator) == one_by_one


def test_a_file_of_blank_lines_takes_few_steps() -> None:
    for end in (b"\n", b"\r\n"):
        pieces = list(delimited._raw_lines(io.BytesIO(b"text\n" + end * 3_000_000 + b"a\n")))
        assert len(pieces) < 20
        assert b"".join(pieces) == b"text\n" + end * 3_000_000 + b"a\n"
    assert outcome(b"text\n" + b"\n" * 3_000_000 + b"a\n", None) == ([("a", 3_000_002)], [])


def test_a_file_of_mistakes_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioneer_build.inputs.complaints._MOST_COUNTED", 50)
    _, said_of = outcome(b"text\n" + b" \n" * 5000 + b'"never closed', None)
    assert len(said_of) == 1001
    assert "50 more errors in this file; the rest of it is not read" in said_of[-1]
