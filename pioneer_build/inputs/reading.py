"""Streams the texts of an input in order, whatever its format."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pioneer_build.inputs import plain_text
from pioneer_build.inputs.complaints import Complaints, Mistake
from pioneer_build.inputs.digests import Id  # noqa: TC001 — a named tuple evaluates its fields
from pioneer_build.inputs.line_chunks import LineTooLongError, line_chunks
from pioneer_build.inputs.named_files import find_files
from pioneer_build.inputs.open_file import BOM, DamagedStreamError, OtherContentError, open_bytes
from pioneer_build.inputs.records import MAX_RECORD, Block, Columns, beyond
from pioneer_build.inputs.wrong_contents import foreign
from pioneer_build.spec.blank import is_blank, what_is_blank
from pioneer_build.spec.model import InlineTexts
from pioneer_build.spec.request_limits import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pioneer_build.inputs.named_files import InputFile
    from pioneer_build.spec.model import InputFiles, Inputs

    ParseLines = Callable[[bytes, int, str, Columns, Complaints], Block]


def _parse_jsonl(chunk: bytes, first_line: int, name: str, columns: Columns, complaints: Complaints) -> Block:
    from pioneer_build.inputs import jsonl  # imports orjson, which a plan with nothing to read doesn't need

    return jsonl.parse_lines(chunk, first_line, name, columns, complaints)


#: Formats whose lines are independent, so that a part of a file can be read by itself.
LINE_PARSERS: dict[str, ParseLines] = {"text": plain_text.parse_lines, "jsonl": _parse_jsonl}


class InputText(NamedTuple):
    """One text to label. (A tuple, because there are millions: a frozen dataclass takes five times as long.)

    `path` (relative to the project) and `line` (from 1) are its place. For texts in the spec itself, `line` is the line
    of its `inputs`.
    """

    text: str
    id: Id | None
    path: str
    line: int


def columns_of(inputs: InputFiles) -> Columns:
    """The fields that a spec asks for."""
    return Columns(id=inputs.id) if inputs.field is None else Columns(inputs.field, inputs.id)


def read(inputs: Inputs, *, project_root: Path, spec_path: str, at: tuple[int, int] = (0, 0)) -> Iterator[InputText]:
    """The texts of `inputs` in order, duplicates included: files sorted by name, with the order of each file.

    Args:
        inputs: as in the spec.
        project_root: the project's folder.
        spec_path: the spec's file, relative to the project; the paths of `inputs` are relative to its folder.
        at: line and column of the spec's `inputs`, for messages.

    Raises:
        Problems: at the end of the first file with mistakes. `survey` finds those of all files.
    """
    for path, block in placed_blocks(inputs, project_root=project_root, spec_path=spec_path, at=at):
        ids = block.ids if block.ids is not None else [None] * len(block.texts)
        for one, key, line in zip(block.texts, ids, block.lines, strict=True):
            yield InputText(one, key, path, line)


def placed_blocks(
    inputs: Inputs, *, project_root: Path, spec_path: str, at: tuple[int, int] = (0, 0)
) -> Iterator[tuple[str, Block]]:
    """Like `read`, but in whole blocks, each with the name of its file.

    Args:
        inputs: as in the spec.
        project_root: the project's folder.
        spec_path: the spec's file, relative to the project.
        at: line and column of the spec's `inputs`, for messages.

    Raises:
        Problems: at the end of the first file with mistakes.
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
    """Complains about empty texts in the spec itself, and about those that are too long."""
    for number, one in enumerate(inputs.texts, 1):
        if is_blank(one):
            complaints.add_to_spec(f"text {number} of inputs {what_is_blank(one)}", code="empty-text")
        elif (much := beyond(one, LONGEST_TEXT)) is not None:
            complaints.add_to_spec(f"text {number} of inputs {much}", code="too-long")


def blocks(file: InputFile, columns: Columns, complaints: Complaints) -> Iterator[Block]:
    """The valid texts of one file, in order.

    Args:
        file: as returned by `find_files`.
        columns: the requested fields.
        complaints: receives the mistakes of texts, and of a file that can't be read.
    """
    if file.format == "text" and not columns_fit_text(file, columns, complaints):
        return
    try:
        if parse := LINE_PARSERS.get(file.format):
            yield from _line_blocks(file, parse, columns, complaints)
        else:
            yield from _record_blocks(file, columns, complaints)
    except OtherContentError as error:
        complaints.add(file.name, error.mistake)
    except DamagedStreamError as error:
        complaints.add(file.name, Mistake(0, str(error), "damaged", hint="copy the file again from its source"))
    except OSError as error:
        complaints.add(file.name, Mistake(0, f"can't read it: {error.strerror or error}", "unreadable"))


def columns_fit_text(file: InputFile, columns: Columns, complaints: Complaints) -> bool:
    """Whether no fields are requested from a plain text file, which has none.

    Args:
        file: a text file.
        columns: the requested fields.
        complaints: receives the mistake if there is one.
    """
    if columns.id is None and columns.field == Columns().field:
        return True
    asked = f"id '{columns.id}'" if columns.id is not None else f"field '{columns.field}'"
    message = f"a text file has no {asked}: each line is one text"
    complaints.add(file.name, Mistake(0, message, "missing-field", hint="use JSONL or CSV for texts with fields"))
    return False


def _line_blocks(file: InputFile, parse: ParseLines, columns: Columns, complaints: Complaints) -> Iterator[Block]:
    line = 1
    try:
        with open_bytes(file) as stream:
            for chunk in line_chunks(stream):
                if line == 1 and complain_if_foreign(chunk, file, complaints):
                    return
                body = chunk.removeprefix(BOM) if line == 1 else chunk
                yield parse(body, line, file.name, columns, complaints)
                if complaints.given_up(file.name):
                    return
                line += chunk.count(b"\n")
    except LineTooLongError as error:
        complain_too_long(error.lines + 1, file.name, complaints)


def complain_if_foreign(head: bytes, file: InputFile, complaints: Complaints) -> bool:
    """Whether a file has another encoding, format or content, by its first bytes.

    Args:
        head: the first bytes, decompressed.
        file: as returned by `find_files`.
        complaints: receives the mistake if it has.
    """
    found = foreign(head, file.format)
    if found is None:
        return False
    complaints.add(file.name, found)
    return True


def complain_too_long(line: int, name: str, complaints: Complaints) -> None:
    """Complains that the rest of a file is not read.

    Args:
        line: the number of the line that is longer than `MAX_RECORD`, from 1.
        name: of the file, relative to the project.
        complaints: receives the mistake.
    """
    message = f"the line is longer than {MAX_RECORD >> 20} MiB; the rest of the file is not read"
    complaints.add(name, Mistake(line, message, "too-long"))


def _record_blocks(file: InputFile, columns: Columns, complaints: Complaints) -> Iterator[Block]:
    """The readers of formats whose records may span lines; imported when they are needed."""
    match file.format:
        case "parquet":
            from pioneer_build.inputs import parquet  # only when needed, like the others: each imports a library

            yield from parquet.read_blocks(file, columns, complaints)
        case "json":
            from pioneer_build.inputs import json_array  # start-up: json is for some files only

            with open_bytes(file) as stream:
                yield from json_array.read_blocks(stream, file.name, columns, complaints)
        case _:
            from pioneer_build.inputs import delimited  # start-up: csv is for some files only

            separator = "\t" if file.format == "tsv" else None
            with open_bytes(file) as stream:
                yield from delimited.read_blocks(stream, file.name, columns, complaints, separator)
