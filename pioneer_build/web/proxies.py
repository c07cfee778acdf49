"""The variables of proxies, which httpx reads. What is wrong with one is said here: its name, never its value."""

from __future__ import annotations

from importlib.util import find_spec
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx

from pioneer_build.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
_EXCEPTIONS: Final = "no_proxy"
_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_EXAMPLE: Final = (
    "http://host:3128; in a user name and a password, write / as %2F, @ as %40, : as %3A, # as %23, ? as %3F"
)


def check_proxies(environ: Mapping[str, str]) -> None:
    """Checks the variables before a connection is made. None is repeated: there may be a password in it.

    Args:
        environ: the environment variables.

    Raises:
        ServiceError: one of them can't be used.
    """
    for name, value in environ.items():
        lower = name.lower()
        # as Python reads them: a name in lower case comes first, and a web server may set HTTP_PROXY from a request
        if not value or (
            name != lower and (lower in environ or (lower == "http_proxy" and "REQUEST_METHOD" in environ))
        ):
            continue
        wrong = _fault(value) if lower in _PROXIES else None
        if wrong is not None:
            raise ServiceError(f"the variable {name} {wrong}", hint=f"set it as {_EXAMPLE}")
        if lower == _EXCEPTIONS and not all(_is_exception(part.strip()) for part in value.split(",")):
            raise ServiceError(f"the variable {name} can't be read", hint="set it as a.example,.b.example,10.0.0.1,::1")


def _fault(text: str) -> str | None:
    """What is wrong with a proxy, as the end of a sentence; `None` if nothing is."""
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        httpx.Proxy(url)
    except (ValueError, httpx.InvalidURL):
        return "is no address of a proxy"
    if parts.scheme not in _SCHEMES:
        return "has a scheme that isn't http, https, socks5 or socks5h"
    # a password with a slash or the like, and no port, looks like a host with a path
    if not host or "@" in parts.path + parts.query + parts.fragment or any(char.isspace() for char in url):
        return "is no address of a proxy"
    if parts.scheme.startswith("socks") and find_spec("socksio") is None:
        return "names a SOCKS proxy, which needs one more package: pip install 'httpx[socks]'"
    return None


def _is_exception(host: str) -> bool:
    """Whether httpx can read an item of `NO_PROXY`; it makes a URL of each."""
    if host == "*":
        return True
    try:
        httpx.URL(host if "://" in host else f"all://[{host}]" if _is_ipv6(host) else f"all://*{host}")
    except (ValueError, httpx.InvalidURL):
        return False
    return True


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host.split("/")[0])
    except ValueError:
        return False
    return True
