"""One rule for base URLs, and what each place says of one that isn't."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import PioneerError, ServiceError
from pioneer_build.parse.settings import parse_settings
from pioneer_build.project.config import normal_url
from pioneer_build.service.transport import address_of
from pioneer_build.spec.base_url import BadBaseUrl, BaseUrl, one_name


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://api.example.org", "https://api.example.org"),
        ("HTTPS://API.Example.org:443/", "https://api.example.org"),
        ("http://LOCALHOST:80/", "http://localhost"),
        ("http://h:443", "http://h:443"),
        ("https://h:8443/a/B//", "https://h:8443/a/B"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://[2001:DB8::1]:443/v1", "https://[2001:db8::1]/v1"),
        ("https://h/?", "https://h"),
        ("https://h/#", "https://h"),
        ("https://h/a%20b", "https://h/a%20b"),
    ],
)
def test_one_spelling(text: str, normal: str) -> None:
    url = BaseUrl.parse(text)
    assert url.text == normal
    assert BaseUrl.parse(url.text) == url


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("http://[", "unreadable"),
        ("https://h:x", "port"),
        ("https://h:-1", "port"),
        ("https://h:65536", "port"),
        ("https://user:pa/ss@h", "secret"),
        ("https://u:p@h:99999", "secret"),
        ("https://u:p@h", "secret"),
        ("https://u@h", "secret"),
        ("https://@h", "secret"),
        ("ftp://u:p@h", "secret"),
        ("", "scheme"),
        ("local", "scheme"),
        ("//h", "scheme"),
        ("ftp://h", "scheme"),
        ("localhost:8080", "scheme"),
        ("https://", "host"),
        ("https:///v1", "host"),
        ("https://:8080", "host"),
        ("https://exa mple.org", "host"),
        ("https://h/a b", "host"),
        (" https://h", "host"),
        ("https://h\n", "host"),
        ("https://h\x00", "host"),
        ("https://h?a=1", "extra"),
        ("https://h/#a", "extra"),
    ],
)
def test_what_is_none(text: str, fault: str) -> None:
    with pytest.raises(BadBaseUrl) as caught:
        BaseUrl.parse(text)
    assert caught.value.fault == fault
    with pytest.raises(ServiceError, match="base URL") as service:
        address_of(text)
    assert "https://host/path" in str(service.value.hint)
    if text.strip():
        settings, problems = parse_settings(f"base_url: {json.dumps(text)}\n".encode(), "pioneer.yaml")
        assert settings is None
        assert {problem.code for problem in problems} <= {"url", "secret", "yaml", "type", "character"}
        assert ("secret" in {problem.code for problem in problems}) == (fault == "secret")


@pytest.mark.parametrize("text", ["https://u:hush@h", "ftp://u:hush@h", "https://u:hu/hush@h", "hush@h"])
def test_a_password_is_never_repeated(text: str) -> None:
    for read in (BaseUrl.parse, normal_url, address_of):
        with pytest.raises((BadBaseUrl, PioneerError)) as caught:
            read(text)
        assert "hush" not in str(caught.value)


def test_a_port_that_is_out_of_range_is_called_that() -> None:
    text = "https://h:99999"
    with pytest.raises(PioneerError, match="the base URL is wrong: the port must be a number from 0 to 65535"):
        normal_url(text)
    with pytest.raises(ServiceError, match="the base URL is wrong: the port must be a number from 0 to 65535"):
        address_of(text)
    _, [problem] = parse_settings(f"base_url: {text}\n".encode(), "pioneer.yaml")
    assert problem.message.endswith("the port must be a number from 0 to 65535")


@given(st.text(max_size=30))
def test_any_text_is_one_or_is_none(text: str) -> None:
    try:
        url = BaseUrl.parse(f"https://{text}")
    except BadBaseUrl:
        return
    assert BaseUrl.parse(url.text) == url
    assert url.host


def test_where_it_is() -> None:
    assert BaseUrl.parse("https://h:8443/v1").where == "h:8443"
    assert BaseUrl.parse("https://h/v1").where == "h"
    assert BaseUrl.parse("http://[::1]:8080").where == "[::1]:8080"


def test_whether_the_way_is_encrypted() -> None:
    assert BaseUrl.parse("HTTPS://h").encrypted
    assert not BaseUrl.parse("http://h").encrypted


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("[::1]", True),
        ("[0:0:0:0:0:0:0:1]", True),
        ("[::ffff:127.0.0.1]", True),
        ("[2001:db8::1]", False),
        ("localhost.", True),
        ("127.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("localhost.evil.test", False),
        ("10.0.0.1", False),
    ],
)
def test_what_is_this_machine(host: str, loopback: bool) -> None:
    assert BaseUrl.parse(f"http://{host}:8080").loopback is loopback


@pytest.mark.parametrize(
    "host", ["localhost.", "127.0.0.1", "[::1]", "[0:0:0:0:0:0:0:1]", "[0:0:0:0:0:ffff:127.0.0.1]"]
)
def test_this_machine_has_one_name(host: str) -> None:
    assert one_name(f"http://{host}:8080/v1") == "http://localhost:8080/v1"
    assert one_name("http://[2001:0db8::1]:8080") == "http://[2001:0db8::1]:8080"
