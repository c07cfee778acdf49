"""What an annotation is an answer to, apart from its text: which service was asked, and with which
definition."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Annotations of one backend (`local`, `pioneer` or a base URL) under one fingerprint (`fp1:…`)."""

    backend: str
    fingerprint: str

    @property
    def name(self) -> str:
        """Its folder: 32 hexadecimal digits."""
        return sha256(json.dumps([self.backend, self.fingerprint]).encode()).hexdigest()[:32]

    @property
    def key(self) -> bytes:
        """What the checksums of its files are keyed with."""
        return self.name.encode()

    def encode(self) -> bytes:
        """As the file that names the folder's scope."""
        return json.dumps({"backend": self.backend, "fingerprint": self.fingerprint}, indent=2).encode() + b"\n"


def decode(data: bytes) -> Scope | None:
    """What `encode` made; `None` for anything else."""
    try:
        value = json.loads(data)
        return Scope(str(value["backend"]), str(value["fingerprint"]))
    except (ValueError, KeyError, TypeError):
        return None
