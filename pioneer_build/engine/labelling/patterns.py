"""Entity types with a fixed form: found by pattern, and by check digits if they have some."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.engine.labelling import checksums

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(?:1[5-9]|20|21)\d\d"
_AMOUNT = r"\d{1,3}(?:[,.' ]\d{3}){1,8}(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?"
_SCALE = r"(?:\s?(?:k|m|mn|bn|million|billion|trillion|thousand|hundred)\b)?"
# repetitions that may begin anywhere in themselves are bounded, or a text of nothing else takes forever
_WORD_NUMBER = (
    r"(?:(?:a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty"
    r"|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|half)[ -]){1,20}"
)
_CURRENCY_WORD = (
    r"(?:US |U\.S\. |Canadian |Australian |Hong Kong )?(?:dollars?|bucks|euros?|pounds?(?: sterling)?|yen|yuan|rupees?|cents?|pence"  # noqa: E501
    r"|francs?|pesos?|kron(?:a|or|er)|won|rubles?|roubles?|dirhams?|zloty)"
)
_CODE = r"(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|SGD|HKD|KRW|TRY|RUB|AED)"
_TLD = (
    r"(?:com|org|net|edu|gov|mil|int|io|ai|app|dev|co|info|biz|me|tv|xyz|online|shop|site|tech|store|blog|cloud|name|news|pro"
    r"|example|test|uk|us|de|fr|it|es|nl|be|ch|at|se|no|dk|fi|pl|cz|sk|hu|ro|bg|gr|pt|ie|ru|ua|tr|il|ae|sa|in|pk|cn|jp|kr"
    r"|tw|hk|sg|my|th|vn|id|ph|au|nz|ca|mx|br|ar|cl|za|ng|ke|eg|eu|ly|gl|gd|fm)"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One type.

    `expression` finds candidates and `accepts` checks them: `True`, `False`, or how many characters of the candidate to
    keep. `score` says how reliable the form alone is. `blockers` are more reliable types: a candidate that overlaps one
    of theirs is dropped.
    """

    expression: re.Pattern[str]
    score: float
    accepts: Callable[[str], bool | int] | None = None
    blockers: tuple[str, ...] = ()

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """The spans in `text`, in order. If the expression has a group `it`, that part is the span."""
        named = "it" in self.expression.groupindex
        at = 0
        while match := self.expression.search(text, at):
            start, end = match.span("it" if named and match["it"] is not None else 0)
            stands = True if self.accepts is None else self.accepts(text[start:end])
            if stands is True:
                stands = end - start
            if stands:
                yield start, start + stands
                at = start + stands
            else:
                # a refused candidate may hide another one that begins further right
                at = match.start() + 1


def _pattern(
    expression: str,
    score: float,
    accepts: Callable[[str], bool | int] | None = None,
    *,
    exact_case: bool = False,
    blockers: tuple[str, ...] = (),
) -> Pattern:
    flags = re.VERBOSE | (re.NOFLAG if exact_case else re.IGNORECASE)
    return Pattern(re.compile(expression, flags), score, accepts, blockers)


def _phone(text: str) -> bool:
    # an extension is not part of the number, which has at most 15 digits (E.164)
    digits = sum(char.isdigit() for char in re.split(r"[xe]", text, maxsplit=1, flags=re.IGNORECASE)[0])
    return 7 <= digits <= 15 and not re.fullmatch(
        r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}", text
    )


def _bank_code(text: str) -> bool:
    return text[4:6] in checksums.IBAN_LENGTH or text[4:6] in {
        "US",
        "CA",
        "AU",
        "JP",
        "CN",
        "HK",
        "SG",
        "IN",
        "NZ",
        "ZA",
    }


_RELATIVE_DATE = (
    rf"(?:(?:last|next|this|past|coming|every)\s+(?:{_WEEKDAY}|week(?:end)?|month|quarter|year|spring|summer|autumn|fall|winter"
    r"|january|february|march|april|may|june|july|august|september|october|november|december))"
    r"|(?:the\s+day\s+(?:after\s+tomorrow|before\s+yesterday))|yesterday|tomorrow|today|tonight"
    r"|(?:(?:\d+|a|one|two|three|four|five|six|seven|eight|nine|ten|several|few)\s+(?:day|week|month|year)s?\s+(?:ago|from\s+now))"
)
_DATE = (
    rf"(?:{_WEEKDAY},?\s+)?(?:the\s+)?{_DAY}(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR}(?![-/]\d))?(?!\w)"
    rf"|(?:{_WEEKDAY},?\s+)?{_MONTH}\s+(?:the\s+)?{_DAY}(?!\d)(?:,?\s+{_YEAR}(?![-/]\d))?(?!\w)"
    rf"|{_MONTH},?\s+(?:of\s+)?{_YEAR}"
    r"|\d{4}[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])(?!\d)"
    r"|(?:3[01]|[12]\d|0?[1-9])(?:[-/](?:3[01]|[12]\d|0?[1-9])[-/](?:\d{4}|\d{2})|\.(?:1[0-2]|0?[1-9])\.\d{4})(?![\d.])"
    rf"|(?:{_WEEKDAY})s?\b|(?:jan|febr)uary\b|(?:april|august|september|october|november|december)\b"
    rf"|{_RELATIVE_DATE}"
)

#: Every type that is found by its form.
PATTERNS: dict[str, Pattern] = {
    "email": _pattern(
        r"(?<![\w.+-])[a-z0-9][\w.+%'-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}(?![\w-])", 0.99
    ),
    "url": _pattern(
        rf"\b(?:https?|ftp)://[^\s<>\"'{{}}|\\^`\]]*[^\s<>\"'{{}}|\\^`\].,;:!?)]"
        rf"|\bwww\.[a-z0-9-]+\.[^\s<>\"']*[^\s<>\"'.,;:!?)]"
        rf"|(?<![@\w.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+{_TLD}\b(?![\w@-]|\.\w)(?:/[^\s<>\"']*[^\s<>\"'.,;:!?)]|/)?",
        0.98,
    ),
    "domain": _pattern(rf"(?<![@\w./-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+{_TLD}\b(?![\w@-]|\.\w)", 0.95),
    "phone": _pattern(
        r"(?<![\w.,$€£/-])(?:\+\d{1,3}[\s.-]?(?:\(\d{1,4}\)[\s.-]?)?\d(?:[\s.-]?\d){5,12}"
        r"|(?:1[\s.-])?\(\d{2,5}\)[\s.-]?\d{2,4}(?:[\s.-]?\d{2,4}){1,3}"
        r"|(?:1[\s.-])?\d{3}[\s.-]\d{3}[\s.-]\d{4}"
        r"|\d{3}-\d{4}|0\d{2,4}[\s/-]\d{3,4}[\s-]?\d{3,5}|0[1-9]\d{8,9}"
        r"|(?:001|00)[\s.-]?\d{1,3}(?:[\s.-]?\d{2,4}){2,4})(?:\s?(?:x|ext\.?)\s?\d{1,6})?(?![\w%]|[.,-]\d)"
        r"|(?:call|phone|tel|telephone|mobile|cell|fax|whatsapp|text|dial)\b[\w\s.:,]{0,12}?[:\s](?P<it>\+?\d(?:[\s().-]?\d){6,13})(?!\w)",
        0.9,
        _phone,
        blockers=("iban", "card", "ip", "ssn", "date", "uuid", "url"),
    ),
    "iban": _pattern(r"\b[a-z]{2}\d{2}(?:[ -]?[a-z0-9]){11,30}\b", 0.99, checksums.iban_length),
    "card": _pattern(r"(?<![\w.-])\d(?:[\s-]?\d){11,18}(?![\w]|[.-]\d)", 0.99, checksums.card),
    "ip": _pattern(
        r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)|(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])",
        0.97,
        checksums.ip_address,
    ),
    "mac": _pattern(r"(?<![\w:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![\w:-])", 0.99),
    "ssn": _pattern(r"(?<![\w-])\d{3}[- ]\d{2}[- ]\d{4}(?![\w-])", 0.95, checksums.us_ssn),
    "uuid": _pattern(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", 0.99),
    "isbn": _pattern(r"(?<![\w-])(?:97[89][- ]?)?\d(?:[- ]?\d){8}[- ]?[\dX](?![\w-])", 0.95, checksums.isbn),
    "bic": _pattern(r"\b[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b", 0.85, _bank_code, exact_case=True),
    "money": _pattern(
        rf"(?<![\w])(?:(?:US|AU|CA|NZ|HK|A|C|R|S)?[$]|[€£¥₹₽₩₺]|\b{_CODE}\b\s?)\s?(?:{_AMOUNT}){_SCALE}(?!\d)(?:\s{_CURRENCY_WORD}\b)?"
        rf"|(?<![\w.,])(?:{_AMOUNT}){_SCALE}\s?(?:[€£¥₹]|{_CODE}\b|{_CURRENCY_WORD}\b)"
        rf"|\b{_WORD_NUMBER}{_CURRENCY_WORD}\b".replace(" ", r"\ ").replace(r"\\ ", r"\ "),
        0.96,
    ),
    "percent": _pattern(
        rf"(?<![\w.,])[-+]?(?:{_AMOUNT})\s?(?:%|percent\b|per\scent\b|percentage\spoints?\b|pct\b)"
        rf"|\b{_WORD_NUMBER}(?:percent|per\scent)\b".replace(" ", r"\ ").replace(r"\\ ", r"\ "),
        0.98,
    ),
    "date": _pattern(rf"(?<![\w/.])(?:{_DATE})(?!\w)", 0.93),
    "time": _pattern(
        r"(?<![\w:.])(?:[01]?\d|2[0-3])(?::[0-5]\d){1,2}(?!\d)(?:\s?(?:[ap]\.m\.|[ap]m\b))?(?:\s(?:UTC|GMT|CET|EST|PST|EDT|PDT|CEST)\b)?"
        r"|(?<![\w:.])(?:1[0-2]|0?[1-9])\s?(?:[ap]\.m\.|[ap]m\b)|\b(?:noon|midnight)\b|\b\d{1,2}\so'?clock\b",
        0.95,
    ),
    "hashtag": _pattern(r"(?<![\w&])\#\w*[a-z]\w*", 0.99),
    "mention": _pattern(r"(?<![\w.@])@[a-z0-9_](?:[\w.-]*\w)?(?![@\w])", 0.97),
    "version": _pattern(r"(?<![\w.])v?\d+\.\d+\.\d+(?:[-+.][0-9a-z.-]*[0-9a-z])?(?![\w.]\w)|\bv\d+(?:\.\d+)?\b", 0.9, blockers=("ip", "url")),  # noqa: E501
    "file": _pattern(
        r"(?<![\w/@.])(?:[a-z]:\\|~?/|\./|\.\./)?(?:[\w.-]{1,100}[/\\]){0,30}[\w-]{1,100}(?:\.[\w-]{1,100}){0,9}\.(?:pdf|docx?|xlsx?|pptx?|od[tspg]|rtf|pages|numbers|key|epub|txt|csv|json|jsonl|xml|ya?ml|zip"
        r"|gz|tar|png|jpe?g|gif|svg|bmp|tiff?|webp|ico|psd|mp[34]|wav|flac|ogg|avi|mov|webm|mkv|m4a|py|js|ts|java|go|rs|cpp|c|h|html?|css|md|sql|log|exe|dll|sh|toml|ini|parquet)\b",
        0.95,
    ),
    "crypto": _pattern(r"\b(?:bc1[0-9a-z]{25,59}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|0x[0-9a-fA-F]{40})\b", 0.97, exact_case=True),  # noqa: E501
    "coordinates": _pattern(r"(?<![\w.])-?\d{1,2}\.\d{3,},\s?-?\d{1,3}\.\d{3,}(?!\w)|\d{1,2}°\d{0,2}['′]?\d{0,2}[\"″]?\s?[NS],?\s?\d{1,3}°\d{0,2}['′]?\d{0,2}[\"″]?\s?[EW]", 0.97),  # noqa: E501
    "colour": _pattern(r"(?<!\w)\#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", 0.8),
    "reference": _pattern(
        r"(?<![\w#&])\#\d{4,12}\b|(?<![\w./@-])(?=[A-Z0-9-]*\d{2})(?=[\d-]*[A-Z])(?:[A-Z]{1,5}-?\d{3,12}(?:-\d{1,8})?|[A-Z0-9]{2,5}-\d{2,8}(?:-[A-Z0-9]{1,8})?)(?![\w@-])"
        r"|(?:order|ticket|invoice|case|tracking|booking|reference|ref|account|parcel|claim|policy|customer|confirmation)"
        r"(?:\ (?:number|no\.?|id|code))?\s?(?:is|:|\#|=|-)?\s*(?P<it>\#?(?:[A-Z]{1,4}-?)?\d[\dA-Z-]{3,})\b",
        0.88,
        blockers=("iban", "card", "uuid", "url", "email", "mac", "file", "crypto", "date"),
    ),
    "zip": _pattern(r"\b(?P<it>\d{5}(?:-\d{4})?)\b(?!\s*(?:%|percent|people|dollars))|\b[A-Z]{1,2}\d[A-Z\d]?\ \d[A-Z]{2}\b", 0.7, exact_case=True, blockers=("card", "iban", "phone", "money", "uuid", "url", "reference")),  # noqa: E501
    "number": _pattern(
        rf"(?<![\w.,:/@-])-?(?:{_AMOUNT})(?![\w%]|[.,:/-]\d|-\w)",
        0.85,
        blockers=("date", "time", "phone", "card", "iban", "ip", "version", "ssn", "url", "email", "coordinates"),
    ),
    "quantity": _pattern(
        rf"(?<![\w.,])(?:{_AMOUNT})\s?-?(?:kg|g|mg|lbs?|oz|km|m|cm|mm|mi|ft|in|l|ml|gb|mb|tb|kb|kwh?|mph|km/h|hz|ghz|°?[cf]"
        r"|kilograms?|grams?|milligrams?|pounds|ounces?|kilomet(?:re|er)s?|met(?:re|er)s?|centimet(?:re|er)s?|miles?|feet|inch(?:es)?|lit(?:re|er)s?"
        r"|gallons?|acres?|hectares?|tons?|tonnes?|degrees|square\s(?:miles|feet|met(?:re|er)s|kilomet(?:re|er)s))(?!\w)",
        0.85,
    ),
    "duration": _pattern(
        r"(?<![\w.,])(?:\d+(?:\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|few)[\s-](?:seconds?|secs?|minutes?|mins?|hours?|hrs?"
        r"|days?|weeks?|months?|years?|decades?)\b(?!\s+ago)",
        0.85,
    ),
}  # fmt: skip
