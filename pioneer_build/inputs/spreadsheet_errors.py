"""Texts that are what a spreadsheet shows in place of a value it couldn't calculate: nobody means to label them.

They are found among the digests of all texts, so that a file that is not read again counts too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pioneer_build.inputs.digests import text_digests
from pioneer_build.wording import count

#: As Excel, LibreOffice and Google Sheets export them, in English, German, French and Spanish.
_ERRORS: Final = (
    *("#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!"),
    *("#UNKNOWN!", "#CONNECT!", "#BUSY!", "#PYTHON!", "#EXTERNAL!", "#GETTING_DATA", "#ERROR!", "Err:502", "Err:508"),
    *("#BEZUG!", "#NV", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!", "#PROPAGATION!"),
    *("#¡REF!", "#¡VALOR!", "#¿NOMBRE?", "#¡DIV/0!", "#¡NUM!", "#¡NULO!", "#¡DESBORDAMIENTO!"),
)

ERROR_DIGESTS: Final = text_digests(_ERRORS)


@dataclass(frozen=True, slots=True)
class SpreadsheetErrors:
    """How many texts are errors of a spreadsheet, and where the first one is: `line` of `path`, and `text`."""

    number: int
    path: str
    line: int
    text: str

    def sentence(self) -> str:
        """For people: what they are, and where to look."""
        which = "is an error of a spreadsheet, not a text:"
        if self.number > 1:
            which = "are errors of a spreadsheet, not texts: first"
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{count(self.number, 'text')} {which} {self.text} in {place}"
