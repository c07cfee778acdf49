"""The base URL of a service: one rule for `pioneer.yaml`, the environment, the command line and the requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What is wrong with a text that should be a base URL; `secret` where it carries a user name or password, `extra`
#: where it has a query or fragment, `port` where that is no number from 0 to 65535.
UrlFault: TypeAlias = Literal["unreadable", "secret", "scheme", "host", "port", "extra"]
#: The same in words, as a clause.
URL_FAULTS: Final[Mapping[UrlFault, str]] = {
    "unreadable": "this is not a URL",
    "secret": "it must not contain a user name or password",
    "scheme": "it must begin with https:// or http://",
    "host": "the host is missing",
    "port": "the port must be a number from 0 to 65535",
    "extra": "it must not have a query or a fragment",
}

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: The names of this machine that mean the same port of it. (127.0.0.2 and the like may be other services.)
_THIS_MACHINE = frozenset({"localhost", "localhost.", "127.0.0.1", "::1"})
_ONE = re.compile(r"[0:]+:0{0,3}1")
_MAPPED = re.compile(r"[0:]+:ffff:([0-9]+(?:\.[0-9]+){3})")
_LOOPBACK = re.compile(r"localhost\.?|::1|127(\.[0-9]{1,3}){3}")


class BadBaseUrl(ValueError):
    """A text is no base URL. It isn't repeated: there may be a password in it."""

    def __init__(self, fault: UrlFault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """Where a service is: `scheme` and `host` in lower case, `port` where it isn't the scheme's own, `path` without a
    slash at its end."""

    scheme: str
    host: str
    port: int | None = None
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> BaseUrl:
        """The base URL that `text` is, without white space around it.

        Raises:
            BadBaseUrl: it is none.
        """
        try:
            parts = urlsplit(text)
            host = parts.hostname
        except ValueError:
            raise BadBaseUrl("unreadable") from None
        try:
            port = parts.port
        except ValueError:
            # a password with a slash looks like a port: https://user:pass/word@host
            raise BadBaseUrl("secret" if "@" in text else "port") from None
        if parts.username is not None or parts.password is not None:
            raise BadBaseUrl("secret")
        scheme = parts.scheme
        if scheme not in _DEFAULT_PORTS:
            raise BadBaseUrl("scheme")
        if not host or any(char.isspace() or not char.isprintable() for char in text):
            raise BadBaseUrl("host")
        if parts.query or parts.fragment:
            raise BadBaseUrl("extra")
        return cls(scheme, host, None if port == _DEFAULT_PORTS[scheme] else port, parts.path.rstrip("/"))

    @property
    def text(self) -> str:
        """The one spelling of it; a path is appended as it is."""
        return f"{self.scheme}://{self.where}{self.path}"

    @property
    def where(self) -> str:
        """Host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def encrypted(self) -> bool:
        """Whether the way there is TLS."""
        return self.scheme == "https"

    @property
    def loopback(self) -> bool:
        """Whether the service is on this machine."""
        return _LOOPBACK.fullmatch(_short(self.host)) is not None


def other_spellings(backend: str) -> tuple[str, ...]:
    """The other spellings of a backend on this machine; none for any other."""
    name = one_name(backend)
    if not name.startswith("http://localhost") and name == backend:
        return ()
    url = BaseUrl.parse(name)
    return tuple(text for host in sorted(_THIS_MACHINE) if (text := replace(url, host=host).text) != backend)


@lru_cache(maxsize=256)
def one_name(backend: str) -> str:
    """One name for all spellings of a backend: `localhost`, `127.0.0.1` and `[::1]` on one port are one service.

    Only for comparing: the lock and the journal keep the spelling that they have.
    """
    if not backend.startswith("http"):
        return backend
    try:
        url = BaseUrl.parse(backend)
    except BadBaseUrl:
        return backend
    return replace(url, host="localhost").text if _short(url.host) in _THIS_MACHINE else backend


def _short(host: str) -> str:
    """`::1` for its other spellings, and the IPv4 address that an IPv6 address ends with; else `host`."""
    if _ONE.fullmatch(host):
        return "::1"
    mapped = _MAPPED.fullmatch(host)
    return mapped[1] if mapped else host
