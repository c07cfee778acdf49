"""The texts of an input, streamed in order, whatever their format."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pioneer_build.inputs import text
from pioneer_build.inputs.digests import Id  # noqa: TC001 — a named tuple's fields are looked at
from pioneer_build.inputs.files import find_files
from pioneer_build.inputs.line_chunks import LineTooLongError, line_chunks
from pioneer_build.inputs.open_file import BOM, DamagedStreamError, foreign, open_bytes
from pioneer_build.inputs.problems import Complaints, Mistake
from pioneer_build.inputs.records import MAX_RECORD, Block, Columns
from pioneer_build.spec.model import InlineTexts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pioneer_build.inputs.files import InputFile
    from pioneer_build.spec.model import InputFiles, Inputs

    ParseLines = Callable[[bytes, int, str, Columns, Complaints], Block]


def _parse_jsonl(chunk: bytes, first_line: int, name: str, columns: Columns, complaints: Complaints) -> Block:
    from pioneer_build.inputs import jsonl  # imports orjson, which a plan with nothing to read can do without

    return jsonl.parse_lines(chunk, first_line, name, columns, complaints)


#: Formats whose every line stands alone, so that a part of a file can be read by itself.
LINE_PARSERS: dict[str, ParseLines] = {"text": text.parse_lines, "jsonl": _parse_jsonl}


class InputText(NamedTuple):
    """One text to label. (A tuple, because there are millions: a frozen dataclass takes five times as long.)

    `path` (relative to the project) and `line` (from 1) say where it stands.

    For texts written in the spec itself `line` is the line of its `inputs`.
    """

    text: str
    id: Id | None
    path: str
    line: int


def columns_of(inputs: InputFiles) -> Columns:
    """Which fields a spec asks for."""
    return Columns(id=inputs.id) if inputs.field is None else Columns(inputs.field, inputs.id)


def read(inputs: Inputs, *, project_root: Path, spec_path: str, at: tuple[int, int] = (0, 0)) -> Iterator[InputText]:
    """The texts of `inputs` in order, duplicates included; files by name, then as they stand in each.

    Args:
        inputs: what the spec says.
        project_root: the project's folder.
        spec_path: the spec's file, relative to the project; the paths of `inputs` are relative to its folder.
        at: line and column of the spec's `inputs`, for messages.

    Raises:
        Problems: at the end of the first file that has mistakes. `survey` finds those of all files.
    """
    for path, block in placed_blocks(inputs, project_root=project_root, spec_path=spec_path, at=at):
        ids = block.ids if block.ids is not None else [None] * len(block.texts)
        for one, key, line in zip(block.texts, ids, block.lines, strict=True):
            yield InputText(one, key, path, line)


def placed_blocks(
    inputs: Inputs, *, project_root: Path, spec_path: str, at: tuple[int, int] = (0, 0)
) -> Iterator[tuple[str, Block]]:
    """As `read`, but whole blocks, each with its file's name.

    Args:
        inputs: what the spec says.
        project_root: the project's folder.
        spec_path: the spec's file, relative to the project.
        at: line and column of the spec's `inputs`, for messages.

    Raises:
        Problems: at the end of the first file that has mistakes.
    """
    complaints = Complaints(spec_path, at)
    if isinstance(inputs, InlineTexts):
        check_inline(inputs, complaints)
        complaints.settle()
        yield spec_path, Block(list(inputs.texts), None, [at[0]] * len(inputs.texts))
        return
    files = find_files(inputs.path, project_root=project_root, spec_path=spec_path, complaints=complaints)
    complaints.settle()
    columns = columns_of(inputs)
    for file in files:
        for block in blocks(file, columns, complaints):
            yield file.name, block
        complaints.settle()


def check_inline(inputs: InlineTexts, complaints: Complaints) -> None:
    """Complains about empty texts in the spec itself."""
    for number, one in enumerate(inputs.texts, 1):
        if not one or one.isspace():
            complaints.add_to_spec(f"text {number} of inputs is empty", code="empty-text")


def blocks(file: InputFile, columns: Columns, complaints: Complaints) -> Iterator[Block]:
    """The good texts of one file, in order.

    Args:
        file: as `find_files` found it.
        columns: which fields are asked for.
        complaints: where mistakes go: of texts, and of a file that can't be read.
    """
    if file.format == "text" and not columns_fit_text(file, columns, complaints):
        return
    try:
        if parse := LINE_PARSERS.get(file.format):
            yield from _line_blocks(file, parse, columns, complaints)
        else:
            yield from _record_blocks(file, columns, complaints)
    except DamagedStreamError as error:
        complaints.add(file.name, Mistake(0, str(error), "damaged", hint="copy the file again from where it came"))
    except OSError as error:
        complaints.add(file.name, Mistake(0, f"can't read it: {error.strerror or error}", "unreadable"))


def columns_fit_text(file: InputFile, columns: Columns, complaints: Complaints) -> bool:
    """Whether nothing is asked of a plain text file that it can't have: it has no fields.

    Args:
        file: a text file.
        columns: what is asked for.
        complaints: told if it can't be had.
    """
    if columns.id is None and columns.field == Columns().field:
        return True
    asked = f"id '{columns.id}'" if columns.id is not None else f"field '{columns.field}'"
    message = f"a text file has no {asked}: each of its lines is a text"
    complaints.add(file.name, Mistake(0, message, "missing-field", hint="use JSONL or CSV for texts with fields"))
    return False


def _line_blocks(file: InputFile, parse: ParseLines, columns: Columns, complaints: Complaints) -> Iterator[Block]:
    line = 1
    try:
        with open_bytes(file) as stream:
            for chunk in line_chunks(stream):
                if line == 1 and complain_if_foreign(chunk, file.name, complaints):
                    return
                body = chunk.removeprefix(BOM) if line == 1 else chunk
                yield parse(body, line, file.name, columns, complaints)
                line += chunk.count(b"\n")
    except LineTooLongError as error:
        complain_too_long(error.lines + 1, file.name, complaints)


def complain_if_foreign(head: bytes, name: str, complaints: Complaints) -> bool:
    """Whether a file is of another encoding or kind, by its first bytes.

    Args:
        head: those bytes.
        name: the file's, relative to the project.
        complaints: told if it is.
    """
    found = foreign(head)
    if found is None:
        return False
    complaints.add(name, found)
    return True


def complain_too_long(line: int, name: str, complaints: Complaints) -> None:
    """Says that the rest of a file is not read.

    Args:
        line: the number of the line that is longer than `MAX_RECORD`, from 1.
        name: the file's, relative to the project.
        complaints: told so.
    """
    message = f"the line is longer than {MAX_RECORD >> 20} MiB; the rest of the file is not read"
    complaints.add(name, Mistake(line, message, "too-long"))


def _record_blocks(file: InputFile, columns: Columns, complaints: Complaints) -> Iterator[Block]:
    """The readers of formats whose records may span lines; imported where they are needed."""
    match file.format:
        case "parquet":
            from pioneer_build.inputs import parquet  # for itself, as the others: each imports a library

            yield from parquet.read_blocks(file, columns, complaints)
        case "json":
            from pioneer_build.inputs import json_array  # json

            with open_bytes(file) as stream:
                yield from json_array.read_blocks(stream, file.name, columns, complaints)
        case _:
            from pioneer_build.inputs import delimited  # csv

            separator = "\t" if file.format == "tsv" else None
            with open_bytes(file) as stream:
                yield from delimited.read_blocks(stream, file.name, columns, complaints, separator)
