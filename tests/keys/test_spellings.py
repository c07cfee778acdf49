"""A key is found in every spelling that a service, a proxy or a shell may give it."""

from __future__ import annotations

import base64
import itertools
import json
import os
import pickle
import re
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.keys import KEY_VARIABLES, keys_in, without_keys
from pioneer_build.keys import spellings as module
from pioneer_build.keys.spellings import HIDDEN, KeySpellings

KEY = "pio_sk_s3cr3t/with+odd%chars9"
SPELLED = {
    "as it is": KEY,
    "upper case": KEY.upper(),
    "percent": "".join(f"%{ord(c):02x}" for c in KEY),
    "quoted": quote(KEY, safe=""),
    "quoted twice": quote(quote(KEY, safe=""), safe=""),
    "JSON": json.dumps(KEY)[1:-1].replace("/", "\\/"),
    r"\u": "".join(f"\\u{ord(c):04x}" for c in KEY),
    r"\\u": "".join(f"\\\\u{ord(c):04X}" for c in KEY),
    r"\x": "".join(f"\\x{ord(c):02x}" for c in KEY),
    "HTML": "".join(f"&#{ord(c)};" for c in KEY),
    "HTML, hexadecimal": "".join(f"&#x{ord(c):x};" for c in KEY),
    "quoted-printable": "".join(f"={ord(c):02X}" for c in KEY),
    "spaces": " ".join(KEY),
    "a line break": KEY[:9] + "\n" + KEY[9:],
    r"\n": KEY[:9] + r"\n" + KEY[9:],
    "NUL": KEY[:5] + "\0" + KEY[5:],
    "no width": "\u200b".join(KEY),
    "half a surrogate": KEY[:5] + "\ud800" + KEY[5:],
    "hexadecimal": KEY.encode().hex(),
    "hexadecimal with colons": KEY.encode().hex(":"),
    **{
        f"base64 after {n} bytes": base64.b64encode(b"abcd"[:n] + KEY.encode()).decode()[-(-4 * n // 3) :]
        for n in range(4)
    },
    "base64 for URLs": base64.urlsafe_b64encode(KEY.encode()).decode(),
    "base64 on lines": "\n ".join(base64.b64encode(KEY.encode()).decode()),
    "base64 of UTF-16": base64.b64encode(KEY.encode("utf-16-le")).decode(),
    "base64 of UTF-16, the other order": base64.b64encode(KEY.encode("utf-16-be")).decode(),
    **{
        f"base32 after {n} bytes": base64.b32encode(b"abcdef"[:n] + KEY.encode()).decode()[-(-8 * n // 5) :]
        for n in range(6)
    },
    "base32, lower case": base64.b32encode(KEY.encode()).decode().lower(),
    "octal": "".join(f"\\{ord(c):o}" for c in KEY),
    "octal of three digits": "".join(f"\\{ord(c):03o}" for c in KEY),
    "octal of four digits": "".join(f"\\0{ord(c):03o}" for c in KEY),
    "octal in braces": "".join(f"\\o{{{ord(c):o}}}" for c in KEY),
    "octal, escaped twice": "".join(f"\\\\{ord(c):03o}" for c in KEY),
    r"\u{}": "".join(f"\\u{{{ord(c):x}}}" for c in KEY),
    r"\u{}, with zeros": "".join(f"\\u{{{ord(c):08X}}}" for c in KEY),
    r"\U": "".join(f"\\U{ord(c):08x}" for c in KEY),
    "escapes without backslashes": "".join(f"u{ord(c):04x}" for c in KEY),
    "hexadecimal without backslashes": "".join(f"x{ord(c):02x}" for c in KEY),
    "pairs after 0x": "".join(f"0x{ord(c):02x}" for c in KEY),
    "backslashes": "".join(f"\\{c}" for c in KEY),
    "HTML, with zeros": "".join(f"&#{ord(c):09d};" for c in KEY),
    "HTML, hexadecimal with zeros": "".join(f"&#x{ord(c):08x};" for c in KEY),
    "octal in braces, with zeros": "".join(f"\\o{{000000{ord(c):o}}}" for c in KEY),
    "filled": "\u3164".join(KEY),
    "bytes that are no text": "\udcff".join(KEY),
    "decimal codes after wide spaces": ",\u3000".join(str(ord(c)) for c in KEY),
    "decimal codes after escaped spaces": ",\\u3000".join(str(ord(c)) for c in KEY),
    "hexadecimal codes after escaped spaces": ",\\u2003".join(f"0x{ord(c):02x}" for c in KEY),
    "decimal codes on escaped lines": "\\n".join(str(ord(c)) for c in KEY),
    "decimal codes, wide apart": (", " * 40).join(str(ord(c)) for c in KEY),
    "octal, wide apart": "".join("\\" * 99 + f"{ord(c):o}" for c in KEY),
    "decimal codes": ",".join(str(ord(c)) for c in KEY),
    "decimal codes, spaced": ", ".join(str(ord(c)) for c in KEY),
    "decimal codes on lines": "\n".join(str(ord(c)) for c in KEY),
    "decimal codes as strings": ", ".join(f'"{ord(c)}"' for c in KEY),
    "hexadecimal codes": ", ".join(f"0x{ord(c):02X}" for c in KEY),
    "hexadecimal codes without a prefix": ",".join(f"{ord(c):02x}" for c in KEY),
    "base64, quoted": quote(base64.b64encode(KEY.encode()).decode(), safe=""),
}


@pytest.mark.parametrize("spelling", SPELLED)
def test_every_spelling_is_found(spelling: str) -> None:
    spellings, text = KeySpellings(KEY), SPELLED[spelling]
    shown = spellings.hide(f"before {text} after")
    assert HIDDEN in shown
    # the last byte may share a character of base64; backslashes before the first one are a gap
    assert len(shown.replace("\\", "")) <= len(f"before {HIDDEN} after") + 8
    assert spellings.occurs_in(f"before {text} after")
    for body in (json.dumps({"a": text}).encode(), f"[{text}]".encode("utf-8", "surrogatepass")):
        assert spellings.occurs_in_bytes(body)
        assert spellings.occurs_in_bytes(b"x" * 1_200_000 + body)


#: Each character in any of these ways, and any of these between two of them.
ESCAPED = [
    "{0}", "\\{0}", "%{1:02x}", "%25{1:02X}", "%" + "25" * 8 + "{1:02x}", "\\u{1:04x}", "u{1:04x}", "\\u{{{1:x}}}",
    "\\u{{{1:08x}}}", "\\U{1:08x}", "\\x{1:02x}", "X{1:02X}", "&#{1};", "&#{1:09d}", "&#x{1:x};", "&#X{1:08x};",
    "={1:02X}",
]  # fmt: skip
GAPS = [
    "",
    "",
    "",
    " ",
    "\n",
    "\\n",
    "\\t",
    "\\",
    "\\u0020",
    "\u3000",
    "\u200b",
    "\u3164",
    "\x85",
    "\0",
    "\ud800",
    "\U000e0041",
]


@settings(deadline=None)
@given(st.data(), st.text(max_size=9), st.text(max_size=9))
def test_the_quick_look_misses_nothing_that_the_search_finds(data: st.DataObject, before: str, after: str) -> None:
    ways, gaps = st.sampled_from(ESCAPED), st.sampled_from(GAPS)
    base = data.draw(st.sampled_from([KEY, base64.b64encode(KEY.encode()).decode(), "41x70u0070=41&gt;%2541"]))
    key = base if base[:3] == "41x" else KEY
    text = before + "".join(data.draw(gaps) + data.draw(ways).format(char, ord(char)) for char in base) + after
    spellings, body = KeySpellings(key), text.encode("utf-8", "surrogatepass")
    found = spellings.occurs_in(body.decode("utf-8", "replace"))
    assert spellings.occurs_in_bytes(body) or not found


LISTED = {
    "0{1:o}": ["\\", "\\\\", " \\"],
    "{1}": [",", ", ", "\n", "\\n", '","', "\u3000", "\x1c"],
    "{1:x}": [",", "; ", " 0x", ",0X"[:3], ":", "-", "\\x", "0x", "", "\u2003"],
}


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(LISTED)), st.text("0x7,\\ a", max_size=5), st.text("0x7,\\ a", max_size=5))
def test_the_quick_look_misses_no_list(data: st.DataObject, way: str, before: str, after: str) -> None:
    gaps = st.sampled_from(LISTED[way])
    one = data.draw(st.one_of(st.none(), gaps))  # the same everywhere, or mixed
    key = data.draw(st.sampled_from([KEY, "pio_sk_0p0p0p", "0123456789"]))
    text = before + "".join((one or data.draw(gaps)) + way.format(char, ord(char)) for char in key) + after
    spellings, body = KeySpellings(key), text.encode()
    found = spellings.occurs_in(text)
    assert spellings.occurs_in_bytes(body) == found


def test_the_quick_look_at_ordinary_text_takes_no_time() -> None:
    """Milliseconds for a megabyte; a tenth of a second is for slow machines."""
    spellings = KeySpellings(KEY)
    for text in (
        "It was 20 years ago: you can’t say why, at all.\n",
        "あなたは　何も言えない。",
        '{"text": "a\\nb é", "id": 1}\n',
        '{"id": 70, "text": "you 2024, u 1998, 112 max 41, 6f 69", "n": 105}\n',
        "<a href=\"?a=41&b=%20c\" title='x&#39;&amp;'>",
    ):
        body = (text * (1_000_000 // len(text.encode()))).encode()
        times = []
        for _ in range(3):
            began = time.process_time()
            assert not spellings.occurs_in_bytes(body)
            times.append(time.process_time() - began)
        assert min(times) < 0.1


@pytest.mark.parametrize(
    "unit",
    ["\\u0073\\u006b", "%20%73%6b", "%25252525", "\\x73\\x6b", "&#115;&#x6b;", "\\n\\t", "%70io_sk_", "u0000000", "u",
     "&amp;", "=73=6b", "%7a %79z", "\\163\\153"],
)  # fmt: skip
def test_the_quick_look_at_text_full_of_escapes_is_slower_only_by_a_factor(unit: str) -> None:
    """Each escape is looked at once: five times what ordinary text takes, and no more for a longer text."""
    spellings, times = KeySpellings(KEY), []
    assert not spellings.occurs_in_bytes(unit.encode())  # patterns are compiled
    for size in (250_000, 1_000_000):
        body, each = (unit * (size // len(unit))).encode(), []
        for _ in range(3):
            began = time.process_time()
            assert not spellings.occurs_in_bytes(body)
            each.append(time.process_time() - began)
        times.append(min(each))
    assert times[1] < 1
    assert times[1] < 10 * max(times[0], 0.005), "sixteen times, if it weren't linear"


@pytest.mark.parametrize("spelling", SPELLED)
def test_wherever_it_is_cut(spelling: str) -> None:
    """At each place: at most six characters of the key are left, in whatever form."""
    whole, spellings = SPELLED[spelling], KeySpellings(KEY)
    per_character = max(1, len(whole) // len(KEY)) + 2
    for cut in range(1, len(whole), max(1, len(whole) // 50)):
        shown = spellings.hide_in_cut(f"said {whole[:cut]}").removeprefix("said ")
        assert len(shown.replace(HIDDEN, "")) <= 6 * per_character, (cut, whole[:cut], shown)


@settings(deadline=None)
@given(st.data())
def test_wherever_a_mixture_is_cut(data: st.DataObject) -> None:
    ways, gaps = st.sampled_from(ESCAPED[2:]), st.sampled_from(GAPS)
    whole = [data.draw(gaps) + data.draw(ways).format(char, ord(char)) for char in KEY]
    left = len("".join(whole[:6]))
    text, spellings = "".join(whole), KeySpellings(KEY)
    for cut in data.draw(st.lists(st.integers(left + 1, len(text) - 1), min_size=20, max_size=20)):
        shown = spellings.hide_in_cut(f"said {text[:cut]}").removeprefix("said ").replace(HIDDEN, "")
        assert len(shown) <= left, (text[:cut], shown)


@settings(deadline=None)  # the first patterns are compiled
@given(st.sampled_from(sorted(SPELLED)), st.integers(1, 200), st.text(max_size=20))
def test_a_text_that_was_cut_shows_no_beginning_of_the_key(spelling: str, cut: int, before: str) -> None:
    text = SPELLED[spelling][:cut]
    shown = KeySpellings(KEY).hide_in_cut(f"{before} said {text}")
    left = shown.rpartition(" said ")[2].replace(HIDDEN, "")
    # less than six characters of the key, in whatever form
    per_character = max(1, len(SPELLED[spelling]) // len(KEY)) + 2
    assert len(left) <= 6 * per_character


def test_a_text_shorter_than_the_key_needs_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern for a key of thousands of characters takes seconds to compile, and most errors are short."""
    long = KeySpellings("".join(f"{number:x}/" for number in range(1000)))
    monkeypatch.setattr(KeySpellings, "_pattern", lambda *_: pytest.fail("a pattern was compiled"))
    assert long.hide("can't read specs/a.yaml: 2/3/4/5") == "can't read specs/a.yaml: 2/3/4/5"
    assert not long.occurs_in("can't read specs/a.yaml")


def test_other_texts_are_left_as_they_are() -> None:
    spellings = KeySpellings(KEY)
    for text in (
        "",
        "pio_sk_other",
        "a b\tc\\n%41&amp;",
        json.dumps({"a": "é’"}),
        str([*KEY[:-1].encode()]),
        str([*range(256)]),
        "".join(f"\\{ord(c):03o}" for c in KEY[1:]),
        base64.b32encode(b"x" * 99).decode(),
        base64.b64encode(b"x" * 99).decode(),
    ):
        assert spellings.hide(text) == spellings.hide_in_cut(text) == text
        assert not spellings.occurs_in_bytes(text.encode())


@settings(deadline=None)  # each key has patterns of its own to compile
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40), st.text())
def test_any_key_is_hidden(key: str, around: str) -> None:
    shown = KeySpellings(key).hide(around + key + around)
    assert key not in shown.replace(HIDDEN, "\n") or not key.strip("\\")


@pytest.mark.parametrize(
    "unit",
    [
        "p",
        "p ",
        "\\",
        "p\\",
        "pio_sk_",
        "%25",
        "u0000",
        "u{",
        "&#0000",
        "cGlv",
        "7069",
        "p\\n",
        "\\160\\151",
        "\\160",
        "112,",
        "112 ",
        "112, 105, 111, 95, ",
        "0x70, ",
        "70,",
        "OBUW6X",
        "=",
        "\u2019 ",
        "p\u200b",
    ],
)
def test_it_takes_time_in_proportion(unit: str) -> None:
    """Seconds for a megabyte would be minutes if a text were looked at more than a few times."""
    spellings, text = KeySpellings(KEY), unit * (1_000_000 // len(unit))
    began = time.process_time()
    spellings.hide_in_cut(text)
    spellings.occurs_in_bytes(text.encode())
    assert time.process_time() - began < 10


LONG = "pio_sk_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789" * 2


@pytest.mark.parametrize("gap", ["", " ", "\\", "\n"])
@pytest.mark.parametrize(
    "spelled",
    ["\\{0:o}", "\\{0:03o}", "\\o{{{0:o}}}", "{0}, ", "0x{0:02x}, ", "{0:02x} ", "%{0:02x}", "%25{0:02x}", "\\u{0:04x}",
     "&#{0};", "&#x{0:x};", "={0:02x}", "\\x{0:02x}", "{1}"],
)  # fmt: skip
def test_what_is_nearly_a_long_key_is_read_once(spelled: str, gap: str) -> None:
    """Each character that could be read in two ways would double the time, for ever."""
    nearly = gap.join(spelled.format(ord(char), char) for char in LONG[:-1]) + "!"
    spellings, began = KeySpellings(LONG), time.process_time()
    for text in (nearly, nearly * 20):
        spellings.hide(text)
        spellings.hide_in_cut(text)
        assert not spellings.occurs_in_bytes(text.encode())
    assert time.process_time() - began < 10


@pytest.mark.parametrize("unit", ["\\t\\n\\b\\r\\f\\v", "\\u0020\\n", " \\", "\\\\n", "\n"])
@pytest.mark.parametrize("beginning", ["pio_sk_", "p", "cGlvX3NrX", "OBUW6X", "YGS327O", "70696f"])
def test_what_follows_a_beginning_of_the_key_is_read_once(beginning: str, unit: str) -> None:
    """An escape may also be a backslash and a letter of the key."""
    text, spellings, began = beginning + unit * 3_000 + "%", KeySpellings(KEY), time.process_time()
    spellings.hide(text)
    spellings.hide_in_cut(text)
    assert not spellings.occurs_in_bytes(text.encode())
    assert time.process_time() - began < 10


@pytest.mark.parametrize("unit", ["\\t", "\\n\\t", "\\u000p", "\\u000s", "\\u000P\\t", "sk-\\t", "p\\u000p"])
@pytest.mark.parametrize("key", ["sk-7QFMPd3W2XyygNdemkvdaj", "pio_sk_pJG2Tr8hzUjEcPVJ2tRKJC", "t" * 29 + "9", KEY])
def test_a_gap_that_looks_like_a_beginning_of_the_key_is_read_once(unit: str, key: str) -> None:
    """200 kB would be minutes if a search began at each of them."""
    spellings, text, began = KeySpellings(key), unit * (200_000 // len(unit)) + "%", time.process_time()
    spellings.hide(text)
    spellings.hide_in_cut(text)
    assert not spellings.occurs_in_bytes(text.encode())
    assert time.process_time() - began < 10


@pytest.mark.parametrize("char", [chr(code) for code in range(0x21, 0x7F)])
def test_no_spelling_that_has_gaps_begins_in_one(char: str) -> None:
    """Or each beginning in a long gap would have to read the rest of it."""
    code = ord(char)
    for gap, units, first, spelled in (
        (module._HEX_GAP, [" ", "\n", ":", "-", "\\x", "0x"], f"(?i:{code:02x})", f"{code:02X}"),
        (module._LIST_GAP, [" ", "\n", *",;|\"'", "\\n", "\\r", "\\t", '\\"'], f"0?{code}", f"{code}"),
        (
            module._LIST_GAP,
            [" ", "\n", *",;|\"'", "\\n", "\\r", "\\t", '\\"'],
            f"(?i:(?:0x)?{code:02x})",
            f"0x{code:x}",
        ),
        (module._OCTAL_GAP, [" ", "\n", "\\"], module._octal(char.encode())[0], f"{code:o}"),
    ):
        for two in itertools.product(units, repeat=2):
            before = "".join(two) + "\\" * (gap == module._OCTAL_GAP)
            places = [one.start() for one in re.finditer(f"(?={first})", before + spelled)]
            # an escape in octal begins with the last backslash of a gap
            assert min(places) == len(before) - (gap == module._OCTAL_GAP)


@settings(deadline=None)
@given(st.data())
def test_it_is_hidden_from_its_first_to_its_last_character(data: st.DataObject) -> None:
    spelled = st.sampled_from(["{}", "\\{}", "%{:02x}", "\\u{:04x}", "&#{};", "={:02X}", "\\x{:02x}"])
    gaps = st.sampled_from(["", "", " ", "\n", "\\n", "\\t", "\\u0020", "\u200b", "\\"])
    around = st.text("xy \\n\t\u200b.", max_size=8).map(lambda text: text + ".")
    before, after = data.draw(around), data.draw(around)[::-1]
    text = ""
    for place, char in enumerate(KEY):
        gap, form = data.draw(gaps) if place else "", data.draw(spelled)
        if char in "nrtbfv" and f"{gap}{form}".endswith("\\{}"):
            gap, form = "", "{}"  # a backslash and a letter is a gap
        text += gap + form.format(ord(char) if ":" in form or "#" in form else char)
    first = text.removeprefix("\\")
    kept = text[: len(text) - len(first)]  # a backslash before the first character is a gap
    assert KeySpellings(KEY).hide(before + text + after) == before + kept + HIDDEN + after


def test_a_key_that_looks_like_an_escape_is_found() -> None:
    for key in ("x70x71x72x73", "%2541bcdefgh1", "=41=42=43=44", "u0070u0071", "&#65;&#66;x1", "41abcdefgh1"):
        for text in (key, f"token={key}", f"x{key}", "\n".join(key), key[:5] + "\\t" + key[5:]):
            assert HIDDEN in KeySpellings(key).hide(text), text


def test_a_percent_sign_that_is_escaped_many_times() -> None:
    text = KEY
    for _ in range(8):
        text = quote(text, safe="")
        assert KeySpellings(KEY).hide(f"a {text} b") == f"a {HIDDEN} b"


def test_a_word_is_guessable() -> None:
    for key, guessable in {"any": True, "anything": True, "k": True, "pio_sk_1": False, "x" * 20: False}.items():
        assert KeySpellings(key).guessable == guessable


def test_it_is_not_written() -> None:
    spellings = KeySpellings(KEY)
    assert KEY not in repr(spellings)
    with pytest.raises(TypeError):
        pickle.dumps(spellings)


def test_the_environment() -> None:
    environ = {"PATH": "/bin", "PIONEER_API_KEY": " k1 ", "FASTINO_API_KEY": "", "PIONEER_SERVE_KEY": "k2"}
    assert keys_in(environ) == ["k1", "k2"]
    assert without_keys(environ) == {"PATH": "/bin"}
    assert set(KEY_VARIABLES) >= {"PIONEER_API_KEY", "FASTINO_API_KEY"}


@pytest.mark.parametrize("key", ["k\udcff\udcfe9abcdefghijk", "schlüssel-12345", "k\ud8009abcdefghijk"])
def test_a_variable_with_odd_bytes_is_no_fault_of_this_program(key: str) -> None:
    """It can't be sent, which is said later; until then, texts are searched for it."""
    spellings = KeySpellings(key)
    for body in (b"a plain text", b"%6b \\u006b &#107;j\xff\xfe", os.fsencode("k\udcff\udcfe9")):
        assert not spellings.occurs_in_bytes(body)
