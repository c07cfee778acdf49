"""Error messages of libyaml, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

    from pioneer_build.parse.source_text import Source


def report_syntax(error: yaml.MarkedYAMLError, source: Source) -> int:
    """Reports a syntax error; returns its line, from 0."""
    problem = str(error.problem or error.context or "not valid YAML")
    mark = error.problem_mark or error.context_mark
    if mark is None:
        source.problem((1, 1), f"not valid YAML: {problem}", code="yaml")
        return 0
    hint: str | None = None
    message = f"not valid YAML: {problem}"
    line, column = source.place(mark)
    here = (source.line(line) or "")[column - 1 : column]
    if here == "\t" or (source.line(line) or "")[: column - 1].strip(" ").startswith("\t"):
        message, hint = "a tab can't indent YAML", "use spaces"
    elif here and here in "@`%":
        message, hint = f"a value can't begin with {here!r} in YAML", "quote it"
    elif "mapping values are not allowed" in problem:
        message, hint = "a ':' here would begin a second mapping", "quote a value that contains ': '"
    elif "end of stream" in problem and error.context_mark is not None:
        mark = error.context_mark
        line, column = source.place(mark)
        quote = (source.line(line) or "")[column - 1 : column]
        message = "this quote is never closed" if quote in {'"', "'"} else "this bracket is never closed"
    elif "expected ',' or" in problem and error.context_mark is not None:
        opened, _ = source.place(error.context_mark)
        hint = f"the list or mapping that begins on line {opened} is not closed, or a comma is missing"
    elif (source.line(line) or "").startswith("---") and "flow" in str(error.context):
        message = "the document ends here, inside a list or mapping that is not closed"
    elif "flow" in str(error.context) and source.place_of_end() < (line, column):
        message = "the file ends here, inside a list or mapping that is not closed"
    elif "could not find expected ':'" in problem:
        message = "not valid YAML: a ':' is missing after a key"
        line, column = source.place(error.context_mark or mark)
    elif "Unicode character escape" in problem:
        message, hint = "this escape is not a Unicode character", "write the character itself"
    elif "undefined alias" in problem:
        message = "this alias has no anchor in its document"
    line, column = min((line, column), source.place_of_end())
    source.problem((line, column), message, hint=hint, code="yaml")
    return int((error.problem_mark or mark).line)
