"""One pass over an input: the digests of its texts, and all mistakes in it.

Results of the last pass are reused: for an unchanged file (by `stat`) all of them, for a changed file of lines those of
its unchanged parts.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.disk.regular_files import open_regular
from pioneer_build.disk.stamps import is_settled, stamp_at
from pioneer_build.errors import PioneerError
from pioneer_build.inputs.cache import FileMemory
from pioneer_build.inputs.complaints import Complaints, Mistake
from pioneer_build.inputs.digests import DIGEST_SIZE, id_digests, inputs_digest, text_digests
from pioneer_build.inputs.incremental import Chunk, chunk_of, pieces
from pioneer_build.inputs.line_chunks import LineTooLongError
from pioneer_build.inputs.named_files import complain_of_absent, find_files
from pioneer_build.inputs.open_file import BOM, DamagedStreamError, OtherContentError, open_bytes
from pioneer_build.inputs.reading import (
    LINE_PARSERS,
    blocks,
    check_inline,
    columns_fit_text,
    columns_of,
    complain_if_foreign,
    complain_too_long,
)
from pioneer_build.inputs.spreadsheet_errors import ERROR_DIGESTS, SpreadsheetErrors
from pioneer_build.inputs.wrong_contents import HEAD, looks_like
from pioneer_build.spec.model import InlineTexts
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from pioneer_build.disk.stamps import Stamp, StampedFile
    from pioneer_build.inputs.cache import SurveyCache
    from pioneer_build.inputs.named_files import InputFile
    from pioneer_build.inputs.records import Columns
    from pioneer_build.spec.model import Inputs


@dataclass(frozen=True, slots=True)
class InputsSurvey:
    """The summary of an input.

    `digest` changes with any text, id, or their order. `rows` counts texts, `distinct` different ones. `files` are the
    files in order, with their stamps. `digests` are the digests of the texts in order, 16 bytes each. `warnings`
    are sentences about texts in files that are probably a mistake.
    """

    digest: str
    rows: int
    distinct: int
    files: tuple[StampedFile, ...]
    digests: bytes
    warnings: tuple[str, ...] = ()


def survey(
    inputs: Inputs,
    *,
    project_root: Path,
    spec_path: str,
    at: tuple[int, int] = (0, 0),
    cache: SurveyCache | None = None,
) -> InputsSurvey:
    """Reads all of `inputs` once.

    Args:
        inputs: as in the spec.
        project_root: the project's folder.
        spec_path: the spec's file, relative to the project; the paths of `inputs` are relative to its folder.
        at: line and column of the spec's `inputs`, for messages.
        cache: results of earlier passes; `None` reads everything.

    Raises:
        Problems: all mistakes in all files: the first hundred by place, the others counted.
        PioneerError: a file keeps changing while it is read.
    """
    complaints = Complaints(spec_path, at)
    if isinstance(inputs, InlineTexts):
        check_inline(inputs, complaints)
        if not inputs.texts:
            complaints.add_to_spec("'inputs' is empty", code="no-texts")
        complaints.settle()
        texts = text_digests(inputs.texts)
        return InputsSurvey(inputs_digest(texts, b""), len(inputs.texts), len(set(inputs.texts)), (), texts)

    files = find_files(inputs.path, project_root=project_root, spec_path=spec_path, complaints=complaints)
    complain_of_absent(inputs.path, project_root=project_root, spec_path=spec_path, complaints=complaints)
    columns = columns_of(inputs)
    memories = [_file(file, columns, complaints, cache) for file in files]
    texts = b"".join([memory.texts for memory in memories])
    ids = b"".join([memory.ids for memory in memories])
    stamped = tuple((file.name, memory.stamp) for file, memory in zip(files, memories, strict=True))
    counts = [len(memory.texts) // DIGEST_SIZE for memory in memories]
    del memories
    if not texts and not complaints.count:
        complaints.add_to_spec(f"{inputs.path} contains no texts", code="no-texts")
    if ids:
        _check_ids(ids, counts, files, columns, complaints)
    complaints.settle()
    # numpy, which texts in the spec itself don't need
    from pioneer_build.inputs.digest_sets import distinct, positions_of

    rows = len(texts) // DIGEST_SIZE
    errors = _spreadsheet_errors(positions_of(texts, ERROR_DIGESTS), counts, files, columns)
    warnings = (*_misnamed(files), *([errors.sentence()] if errors is not None else []))
    return InputsSurvey(inputs_digest(texts, ids), rows, distinct(texts), stamped, texts, warnings)


def _file(file: InputFile, columns: Columns, complaints: Complaints, cache: SurveyCache | None) -> FileMemory:
    """The digests and chunks of `file`, from the cache if it is unchanged."""
    known = cache.get(file, columns) if cache else None
    if known and known.stamp is not None and known.stamp == _stamp(file):
        return known
    for _ in range(3):
        trial = Complaints(complaints.spec, complaints.at)
        began = time.time_ns()
        before = _stamp(file)
        settled = before if before is not None and is_settled(before, began) else None
        memory = _read(file, columns, trial, known, settled)
        if before is None or (after := _stamp(file)) is None or before == after:
            break
    else:
        hint = "wait until it is completely written, then try again"
        raise PioneerError(f"{file.name} is being changed while it is read", hint=hint)
    complaints.take(trial)
    if cache and not trial.count:
        cache.put(file, columns, memory)
    return memory


def _stamp(file: InputFile) -> Stamp | None:
    try:
        return stamp_at(str(file.path))
    except OSError:  # reading the file reports the error
        return None


def _read(
    file: InputFile, columns: Columns, complaints: Complaints, known: FileMemory | None, stamp: Stamp | None
) -> FileMemory:
    if file.format in LINE_PARSERS and not file.compression:
        if file.format == "text" and not columns_fit_text(file, columns, complaints):
            return FileMemory(stamp, b"", b"")
        try:
            with open_regular(file.path, buffering=0) as stream:
                return _read_lines(file, stream, columns, complaints, known, stamp)
        except OSError as error:
            complaints.add(file.name, Mistake(0, f"can't read it: {error.strerror or error}", "unreadable"))
            return FileMemory(stamp, b"", b"")
    texts, ids = [], []
    for block in blocks(file, columns, complaints):
        texts.append(text_digests(block.texts))
        if block.ids is not None:
            ids.append(id_digests(block.ids))
    return FileMemory(stamp, b"".join(texts), b"".join(ids))


def _read_lines(
    file: InputFile,
    stream: BinaryIO,
    columns: Columns,
    complaints: Complaints,
    known: FileMemory | None,
    stamp: Stamp | None,
) -> FileMemory:
    """Reads a file of lines; the parts that are `known` are not parsed again."""
    parse = LINE_PARSERS[file.format]
    texts, ids, chunks = bytearray(), bytearray(), list[Chunk]()
    old = known.chunks if known else ()
    line = 1
    head = stream.read(4096)
    if complain_if_foreign(head, file, complaints):
        return FileMemory(stamp, b"", b"")
    stream.seek(len(BOM) if head.startswith(BOM) else 0)
    try:
        for piece in pieces(stream, old):
            rows = len(texts) // DIGEST_SIZE
            if piece.old is not None and known is not None:
                part = slice(piece.old.start * DIGEST_SIZE, (piece.old.start + piece.old.rows) * DIGEST_SIZE)
                texts += known.texts[part]
                ids += known.ids[part]
                chunks.append(piece.old.moved_to(rows))
                line += piece.old.lines
                continue
            mistakes = complaints.count
            block = parse(piece.data, line, file.name, columns, complaints)
            if complaints.given_up(file.name):
                break
            texts += text_digests(block.texts)
            if block.ids is not None:
                ids += id_digests(block.ids)
            # a last line without its end may still grow, and the mistakes of a chunk must be reported again each time
            if piece.data.endswith(b"\n") and mistakes == complaints.count:
                chunks.append(chunk_of(piece.data, len(block.texts), rows))
            line += piece.data.count(b"\n")
    except LineTooLongError:
        complain_too_long(line, file.name, complaints)
    return FileMemory(stamp, bytes(texts), bytes(ids), tuple(chunks))


def _check_ids(
    ids: bytes, counts: list[int], files: tuple[InputFile, ...], columns: Columns, complaints: Complaints
) -> None:
    """Complains about each id that occurs again, with both places. Files are read again only if there is one."""
    from pioneer_build.inputs.digest_sets import repeated  # start-up: numpy is heavy

    again = repeated(ids)
    if not again:
        return
    shown = again[: complaints.shown]
    wanted = sorted({position for pair in shown for position in pair})
    places: dict[int, tuple[str, int, object]] = {}
    start = 0
    for file, number in zip(files, counts, strict=True):
        here = [position - start for position in wanted if start <= position < start + number]
        for offset, line, key in _places(file, columns, here):
            places[start + offset] = (file.name, line, key)
        start += number
    for position, earlier in again:
        name, line, key = places.get(position, ("", 0, None))
        first_name, first_line, _ = places.get(earlier, ("", 0, None))
        message = f"id {key!r} is already used at {first_name}:{first_line}" if name else "an id occurs twice"
        hint = f"each '{columns.id}' must be unique"
        complaints.add(name or files[0].name, Mistake(line, message, "duplicate-id", hint=hint))


def _spreadsheet_errors(
    found: list[int], counts: list[int], files: tuple[InputFile, ...], columns: Columns
) -> SpreadsheetErrors | None:
    """The texts at these positions, which only a spreadsheet writes. The file of the first one is read again."""
    if not found:
        return None
    at = found[0]
    for file, number in zip(files, counts, strict=True):
        if at < number:
            line, text = next(_texts_from(file, columns, at), (0, "an error"))
            return SpreadsheetErrors(len(found), file.name, line, text)
        at -= number
    return None


def _misnamed(files: tuple[InputFile, ...]) -> list[str]:
    """What to say of files of plain text that seem to have another format."""
    seem: dict[str, list[str]] = {}
    for file in files:
        if file.format == "text":
            with suppress(OSError, DamagedStreamError, OtherContentError), open_bytes(file) as stream:
                if (form := looks_like(stream.read(HEAD))) is not None:
                    seem.setdefault(form, []).append(file.name)
    said = []
    for form, names in seem.items():
        more = f" (and {count(len(names) - 1, 'other file')})" if len(names) > 1 else ""
        said.append(f"{names[0]}{more} looks like {form}, but its name says that each line is a text")
    return said


def _texts_from(file: InputFile, columns: Columns, row: int) -> Iterator[tuple[int, str]]:
    """Line and text of the rows of a file from one on."""
    start = 0
    for block in blocks(file, columns, Complaints()):
        for at in range(max(0, row - start), len(block.texts)):
            yield block.lines[at], block.texts[at]
        start += len(block.texts)


def _places(file: InputFile, columns: Columns, rows: list[int]) -> list[tuple[int, int, object]]:
    """Row number, line and id of some rows of a file, ascending."""
    found: list[tuple[int, int, object]] = []
    wanted = iter(rows)
    row = next(wanted, None)
    start = 0
    for block in blocks(file, columns, Complaints()):
        if row is None or block.ids is None:
            break
        while row is not None and row < start + len(block.texts):
            found.append((row, block.lines[row - start], block.ids[row - start]))
            row = next(wanted, None)
        start += len(block.texts)
    return found
