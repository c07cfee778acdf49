"""What stands where texts should be, told by the first bytes: another format or encoding, an error page, or a pointer
to content that isn't here.

Each of these can be read as texts of some format, and would then be paid for.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from pioneer_build.inputs.complaints import Mistake

if TYPE_CHECKING:
    from pioneer_build.inputs.named_files import InputFormat

#: How much of a file is looked at, in bytes.
HEAD: Final = 4096

_UTF: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
#: Formats that can be read if the file has the right name.
_MISNAMED: Final = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"PAR1", "Parquet"))
_EXCEL: Final = "save it as CSV (UTF-8)"
_UNPACK: Final = "unpack it, and name the file that is in it"
#: Formats that can't be read, and what to do.
_FOREIGN: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word file", _EXCEL),
    (b"BZh", "a bzip2 file", _UNPACK),
    (b"\xfd7zXZ\0", "an xz file", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x04\x22\x4d\x18", "an lz4 file", _UNPACK),
    (b"%PDF-", "a PDF", "extract its text"),
    (b"{\\rtf", "an RTF document", "save it as plain text (UTF-8)"),
    (b"SQLite format 3\0", "an SQLite database", "export the table as CSV"),
    (b"ARROW1\0\0", "an Arrow file", "save it as Parquet"),
    (b"Obj\x01", "an Avro file", "convert it to JSONL"),
)
_LFS: Final = re.compile(rb"version https://(git-lfs|hawser)\.github\.com/spec/")
#: Also what a link into `.git` contains, where the checkout has files in the place of links.
_ANNEX: Final = re.compile(rb"(?:[^\r\n]*\.git(?:/[^\r\n]*)?)?/annex/objects/\S+\s*")
_DVC: Final = re.compile(rb"(?:md5: \w+\n|frozen: \w+\n|desc: [^\n]*\n)*outs:\n-? +(?:md5|etag|checksum|hash|path): ")
_HTML: Final = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_XML: Final = re.compile(rb"\s*<\?xml\b[^>]*\?>")


def foreign(head: bytes, form: InputFormat) -> Mistake | None:
    """What is wrong with a file or stream that starts with `head`, if these are no texts in UTF-8.

    Args:
        head: the first bytes.
        form: the format that the name of the file promises.
    """
    head = head[:HEAD]
    content = head.removeprefix(b"\xef\xbb\xbf")
    found = _pointer(content.lstrip()) or _format(head) or _page(content, form)
    return found if found is not None or form == "parquet" else _nul(head)


def looks_like(head: bytes) -> str | None:
    """The format that plain text seems to have, by its first line; `None` if it may be texts.

    Lines of any kind can be meant as texts, so this is only a reason to warn.

    Args:
        head: the first bytes.
    """
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0].decode(errors="replace").strip()
    if first.startswith(("[", "{")):
        try:
            return "JSON Lines (.jsonl)" if isinstance(json.loads(first), dict) else "JSON (.json)"
        except (ValueError, RecursionError):
            opens = first in ("[", "{") or (first.endswith(",") and _is_json(first[1:-1]))
            return "JSON (.json)" if opens else None
    for separator, name in ((",", "CSV (.csv)"), (";", "CSV (.csv)"), ("\t", "TSV (.tsv)")):
        cells = [cell.strip('"') for cell in first.split(separator)]
        if len(cells) > 1 and "text" in cells and all(cell.isidentifier() for cell in cells):
            return name
    return None


def _is_json(source: str) -> bool:
    try:
        json.loads(source)
    except (ValueError, RecursionError):
        return False
    return True


def _pointer(head: bytes) -> Mistake | None:
    """Tools that keep large files outside of git leave small files in their place."""
    if _LFS.match(head):
        return _absent("git-lfs", "git lfs pull")
    if _ANNEX.fullmatch(head):
        return _absent("git-annex", "git annex get FILE")
    if _DVC.match(head):
        return _absent("DVC", "dvc pull")
    return None


def _absent(tool: str, command: str) -> Mistake:
    message = f"this is only a pointer of {tool}: the content of the file is missing in this checkout"
    return Mistake(1, message, "pointer", hint=command)


def _format(head: bytes) -> Mistake | None:
    for mark, what in _UTF:
        if head.startswith(mark):
            return _not_utf8(f"the file is {what}, not UTF-8", f"convert it: iconv -f {what} -t UTF-8 FILE")
    for mark, what in _MISNAMED:
        if head.startswith(mark):
            hint = f"rename it with the ending for {what} files"
            return _not_utf8(f"the file is {what}, but its name has another ending", hint)
    if head.startswith(b"PK\x03\x04"):
        if b"[Content_Types].xml" in head or b"xl/" in head:
            return _not_utf8("the file is an Excel workbook or another Office document", _EXCEL)
        return _not_utf8("the file is a zip archive, which can't be read", "extract it, or save it as CSV")
    for mark, what, hint in _FOREIGN:
        if head.startswith(mark) and (mark != b"BZh" or head[4:10] == b"1AY&SY"):
            return _not_utf8(f"the file is {what}, which can't be read", hint)
    if head[257:262] == b"ustar":
        return _not_utf8("the file is a tar archive, which can't be read", _UNPACK)
    return None


def _page(head: bytes, form: InputFormat) -> Mistake | None:
    """A download that was answered with a page. In plain text, a line may be a whole page of its own."""
    first_line = head.partition(b"\n")[0]
    if _HTML.match(head) and (form != "text" or b"</html" not in first_line.lower()):
        what = "an HTML page"
    elif (found := _XML.match(head)) and (
        form != "text" or found.end() == len(first_line.rstrip()) or head[found.end() :].lstrip().startswith(b"<Error>")
    ):
        what = "XML"
    else:
        return None
    hint = "download it again: this is often the error page of a server"
    return Mistake(
        1, f"the file is {what}, not texts", "not-texts", hint=hint, source=first_line.decode(errors="replace")
    )


def _nul(head: bytes) -> Mistake | None:
    if b"\0" not in head:
        return None
    guess = "it is UTF-16 without a byte order mark, or not a text file"
    return _not_utf8(f"the file contains NUL bytes: {guess}", "convert it to UTF-8")


def _not_utf8(message: str, hint: str) -> Mistake:
    return Mistake(1, message, "encoding", hint=hint)
