"""Variables of proxies: what can't be used is said before anything is sent, by name, and never shown."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from pioneer_build.errors import ServiceError
from pioneer_build.service.client import HttpService
from pioneer_build.service.rate_limiter import Pacer
from pioneer_build.web.proxies import check_proxies

BAD = [
    "http://us:s3cr3t/pw@127.0.0.1:9",
    "us:s3cr3t/pw@127.0.0.1:9",
    "http://us:8/s3cr3t@127.0.0.1:9",
    "http://us:s3cr3t#pw@127.0.0.1:9",
    "http://us:8?s3cr3t@127.0.0.1:9",
    "http://us:s3cr3t@127.0.0.1:99999",
    "http://us:s3cr3t@127.0.0.1:x",
    "http://us:s3cr3t@[::1",
    "http://us:s3cr3t@",
    "http://us:s3cr3t@a b",
    "http://us:s3cr3t\x1b@a",
    "ftp://us:s3cr3t@127.0.0.1:9",
    "s3cr3t://",
]


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "All_Proxy"])
def test_a_proxy_that_can_not_be_used_is_named_and_not_shown(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ServiceError) as caught:
        HttpService("https://service.example", "key-of-the-test", Pacer(None))
    said = f"{caught.value.message} {caught.value.hint}"
    assert f"the variable {name} " in said
    assert "s3cr3t" not in said
    HttpService("http://127.0.0.1:9", "key-of-the-test", Pacer(None))  # goes there without a proxy


def test_socks_needs_a_package() -> None:
    if find_spec("socksio") is None:
        with pytest.raises(ServiceError, match=r"ALL_PROXY names a SOCKS proxy, .*pip install"):
            check_proxies({"ALL_PROXY": "socks5://us:s3cr3t@127.0.0.1:9"})


@pytest.mark.parametrize("value", ["[::1", "[::1]", "a.example,b:x", "fd00::/8"])
def test_exceptions_that_can_not_be_read_are_named(value: str) -> None:
    with pytest.raises(ServiceError, match="the variable NO_PROXY can't be read"):
        check_proxies({"NO_PROXY": value})


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HTTP_PROXY": "", "NO_PROXY": ""},
        {"HTTP_PROXY": "proxy.example:3128", "HTTPS_PROXY": "http://us:p%2Fw@[::1]:3128/"},
        {"all_proxy": "https://proxy.example"},
        {"NO_PROXY": "localhost, 127.0.0.1,::1,.a.example,b.example:80,10.0.0.0/8,http://c.example,*,"},
        {"HTTP_PROXY": "a:b", "http_proxy": "proxy.example:3128"},
        {"HTTP_PROXY": "a:b", "REQUEST_METHOD": "GET"},
        {"OTHER_PROXY": "a:b"},
    ],
)
def test_what_can_be_used(environ: dict[str, str]) -> None:
    check_proxies(environ)


def test_what_the_client_makes_of_them_is_no_surprise(monkeypatch: pytest.MonkeyPatch) -> None:
    """What passes here doesn't fail when a connection is made."""
    import httpx

    for value in ("proxy.example:3128", "http://us:p%2Fw@[::1]:3128/"):
        monkeypatch.setenv("HTTPS_PROXY", value)
        httpx.AsyncClient()
    monkeypatch.setenv("NO_PROXY", "localhost, 127.0.0.1,::1,.a.example,b.example:80,10.0.0.0/8,http://c.example")
    httpx.AsyncClient()
