"""How values of each kind are made up: with Faker, and from the engine's own word lists.

None is a fact. Companies, teams, products and titles are invented; numbers with check digits are valid only in form;
phone numbers and mail addresses are reserved ones of Faker, if there are any.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pioneer_build.engine.generating.slot_words import slot_words
from pioneer_build.engine.loading import LOADING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.draws import Draw

_LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "sv_SE", "pl_PL", "pt_BR", "en_IN")
_local = threading.local()


def _faker(locale: str) -> Any:
    """One Faker per thread and locale: its state is a seed that belongs to one row."""
    kept: dict[str, Any] = _local.__dict__.setdefault("fakers", {})
    if locale not in kept:
        with LOADING:
            # a library of the extra `local`, and a slow import: in one thread at a time
            from faker import Faker

            kept[locale] = Faker(locale)
    return kept[locale]


def _from(draw: Draw, locale: str, method: str, **options: Any) -> str:
    faker = _faker(locale)
    faker.seed_instance(draw.below(2**31))
    return str(getattr(faker, method)(**options))


@lru_cache(maxsize=8)
def _names(locale: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First and last names of a locale that are easy to read everywhere: one word each."""
    faker = _faker(locale)
    for provider in faker.get_providers():
        if hasattr(provider, "last_names") and hasattr(provider, "first_names"):
            first = tuple(sorted(name for name in set(provider.first_names) if name.isalpha()))
            last = tuple(sorted(name for name in set(provider.last_names) if name.isalpha() and len(name) > 2))
            return first, last
    raise LookupError(locale)


def _locale(draw: Draw) -> str:
    return draw.weighted(_LOCALES, (6, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1))


def _person(draw: Draw) -> str:
    first, last = _names(_locale(draw))
    return f"{draw.pick(first)} {draw.pick(last)}"


def _first(draw: Draw) -> str:
    return draw.pick(_names(_locale(draw))[0])


def _last(draw: Draw) -> str:
    return draw.pick(_names(_locale(draw))[1])


def _company(draw: Draw) -> str:
    words = slot_words()
    head = draw.pick(words["companyhead"])
    if draw.chance(0.15):
        return f"{head} {draw.pick(words['companytail'])} {draw.pick(words['companysuffix'])}"
    if draw.chance(0.15):
        return (
            f"{_last(draw)} & {_last(draw)}" if draw.chance(0.5) else f"{_last(draw)} {draw.pick(words['companytail'])}"
        )
    return f"{head} {draw.pick(words['companytail'])}" if draw.chance(0.6) else head


def _money(draw: Draw) -> str:
    amount = draw.weighted((draw.between(3, 60), draw.between(61, 900), draw.between(901, 9000)), (5, 4, 1))
    cents = f".{draw.pick(('00', '50', '95', '99', '20', '75'))}" if draw.chance(0.6) else ""
    whole = f"{amount:,}"
    return draw.weighted(
        (
            f"${whole}{cents}",
            f"£{whole}{cents}",
            f"€{whole}{cents}",
            f"{whole} euros",
            f"{whole}{cents} USD",
            f"{whole} dollars",
        ),
        (8, 3, 3, 1, 1, 1),
    )


def _bigmoney(draw: Draw) -> str:
    amount = f"{draw.between(1, 90)}.{draw.between(1, 9)}" if draw.chance(0.5) else str(draw.between(2, 900))
    return f"{draw.pick(('$', '$', '€', '£'))}{amount} {draw.pick(('million', 'million', 'billion'))}"


def _percent(draw: Draw) -> str:
    amount = f"{draw.between(1, 19)}.{draw.between(1, 9)}" if draw.chance(0.4) else str(draw.between(2, 80))
    return f"{amount}%" if draw.chance(0.6) else f"{amount} percent"


def _date(draw: Draw) -> str:
    month = draw.pick(slot_words()["month"])
    day, year = draw.between(1, 28), draw.between(2015, 2025)
    number = slot_words()["month"].index(month) + 1
    return draw.weighted(
        (
            f"{month} {day}",
            f"{day} {month}",
            f"{month} {day}, {year}",
            f"{day} {month} {year}",
            f"{year}-{number:02}-{day:02}",
            f"{day:02}/{number:02}/{year}",
        ),
        (5, 4, 3, 2, 1, 1),
    )


def _time(draw: Draw) -> str:
    hour, minute = draw.between(1, 12), draw.pick(("00", "15", "30", "45", "10", "20"))
    if draw.chance(0.4):
        return f"{draw.between(0, 23):02}:{minute}"
    half = draw.pick(("am", "pm"))
    return f"{hour}:{minute} {half}" if draw.chance(0.6) else f"{hour} {half}"


def _email(draw: Draw) -> str:
    first, last = _first(draw).lower(), _last(draw).lower()
    name = draw.pick((f"{first}.{last}", f"{first[:1]}{last}", f"{first}{draw.between(1, 99)}", f"{last}_{first[:1]}"))
    plain = "".join(char for char in name if char.isascii())
    return f"{plain}@{draw.pick(('example.com', 'example.org', 'example.net', 'mail.example.com'))}"


def _phone(draw: Draw) -> str:
    last = f"01{draw.between(0, 99):02}"
    area = draw.between(201, 989)
    return draw.pick(
        (
            f"({area}) 555-{last}",
            f"{area}-555-{last}",
            f"+1 {area} 555 {last}",
            f"020 7946 0{draw.between(100, 999)}",
            f"+44 20 7946 0{draw.between(100, 999)}",
        )
    )


def _order(draw: Draw) -> str:
    number = draw.between(10_000, 9_999_999)
    return draw.pick(
        (
            f"#{number}",
            f"ORD-{number}",
            f"A{number}",
            f"PO-{number}",
            f"{draw.pick('BCKMRTX')}{draw.pick('AEHNSW')}-{number}",
        )
    )


def _url(draw: Draw) -> str:
    head = draw.pick(slot_words()["companyhead"]).lower().replace(" ", "-")
    path = draw.pick(("", "/help", "/orders", "/login", "/news", "/download", f"/p/{draw.between(100, 9999)}"))
    return f"{draw.pick(('https://', 'https://www.', 'http://', 'www.'))}{head}.example.com{path}"


def _address(draw: Draw) -> str:
    street = f"{_last(draw)} {draw.pick(('Street', 'Road', 'Lane', 'Avenue', 'Square', 'Close'))}"
    return f"{draw.between(1, 240)} {street}, {draw.pick(slot_words()['city'])}"


def _mention(draw: Draw) -> str:
    plain = "".join(char for char in _first(draw).lower() if char.isascii())
    return f"@{plain or 'user'}{draw.pick(('', '_', str(draw.between(1, 99))))}".rstrip("_")


def _score(draw: Draw) -> str:
    low = draw.between(0, 3)
    return f"{low + draw.between(1, 3)}-{low}"


def _version(draw: Draw) -> str:
    return f"{'v' if draw.chance(0.3) else ''}{draw.between(0, 9)}.{draw.between(0, 20)}.{draw.between(0, 15)}"


def _time_span(draw: Draw) -> str:
    return f"{draw.between(2, 4)}:{draw.between(0, 59):02}:{draw.between(0, 59):02}"


def _number(draw: Draw) -> str:
    return str(draw.weighted((draw.between(2, 12), draw.between(13, 99), draw.between(100, 900)), (5, 3, 1)))


def _file(draw: Draw) -> str:
    name = draw.pick(("report", "invoice", "backup", "notes", "access", "export", "contract"))
    tail = draw.pick(("", "_final", "-2", f"_{draw.between(2015, 2025)}"))
    return f"{name}{tail}.{draw.pick(('pdf', 'log', 'csv', 'docx', 'xlsx', 'txt'))}"


def _coordinates(draw: Draw) -> str:
    return f"{draw.between(-60, 70)}.{draw.between(1000, 9999)}, {draw.between(-170, 170)}.{draw.between(1000, 9999)}"


def _quantity(draw: Draw) -> str:
    return f"{draw.between(2, 90)} {draw.pick(('kg', 'km', 'miles', 'litres', 'metres', 'cm'))}"


def _duration(draw: Draw) -> str:
    return f"{draw.between(2, 12)} {draw.pick(('days', 'weeks', 'months', 'hours', 'minutes', 'years'))}"


#: The function that makes a value of each kind from a stream of choices.
VALUE_MAKERS: dict[str, Callable[[Draw], str]] = {
    "person": _person,
    "first": _first,
    "last": _last,
    "company": _company,
    "money": _money,
    "bigmoney": _bigmoney,
    "percent": _percent,
    "date": _date,
    "time": _time,
    "email": _email,
    "phone": _phone,
    "order": _order,
    "ticket": lambda draw: f"{draw.pick(('TICKET', 'INC', 'CASE', 'REQ'))}-{draw.between(1000, 99999)}",
    "url": _url,
    "address": _address,
    "mention": _mention,
    "hashtag": lambda draw: draw.pick(slot_words()["tag"]),
    "score": _score,
    "version": _version,
    "time_span": _time_span,
    "number": _number,
    "few": lambda draw: str(draw.between(2, 12)),
    "hundreds": lambda draw: str(draw.between(10, 48) * 10 + draw.pick((0, 0, 5, draw.below(10)))),
    "year": lambda draw: str(draw.between(1955, 2023)),
    "age": lambda draw: str(draw.between(19, 88)),
    "dose": lambda draw: f"{draw.pick((5, 10, 20, 50, 100, 250, 400, 500))} mg",
    "pressure": lambda draw: f"{draw.between(105, 165)}/{draw.between(65, 98)}",
    "shortcode": lambda draw: str(draw.between(60_000, 89_999)),
    "last4": lambda draw: f"{draw.between(0, 9999):04}",
    "iban": lambda draw: _from(draw, "en_GB", "iban"),
    "card": lambda draw: _from(draw, "en_US", "credit_card_number", card_type="visa16"),
    "ip": lambda draw: _from(draw, "en_US", "ipv4"),
    "mac": lambda draw: _from(draw, "en_US", "mac_address"),
    "uuid": lambda draw: _from(draw, "en_US", "uuid4"),
    "ssn": lambda draw: _from(draw, "en_US", "ssn"),
    "isbn": lambda draw: _from(draw, "en_US", "isbn13"),
    "bic": lambda draw: _from(draw, "en_GB", "swift", length=8),
    "zip": lambda draw: _from(draw, "en_US", "postcode"),
    "domain": lambda draw: draw.pick(slot_words()["companyhead"]).lower().replace(" ", "-") + ".example.com",
    "file": _file,
    "coordinates": _coordinates,
    "quantity": _quantity,
    "duration": _duration,
    "ordinal": lambda draw: draw.pick(("first", "second", "third", "fourth", "fifth", "tenth")),
}  # fmt: skip
