"""What determines an annotation, apart from its text: the service, and the definition."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from pioneer_build.spec.base_url import one_name

#: The folders in that of a scope to which a run adds files.
FOLDERS: Final = ("quarantine", "claims", "claims/live")


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """The scope of annotations: one backend (`local`, `pioneer` or a base URL) and one fingerprint (`fp1:…`)."""

    backend: str
    fingerprint: str

    @property
    def name(self) -> str:
        """The name of its folder: 32 hexadecimal digits."""
        return sha256(json.dumps([self.backend, self.fingerprint]).encode()).hexdigest()[:32]

    @property
    def one_name(self) -> tuple[str, str]:
        """One for all spellings of the backend; only for comparing."""
        return one_name(self.backend), self.fingerprint

    @property
    def key(self) -> bytes:
        """The key of the checksums in its files."""
        return self.name.encode()

    def encode(self) -> bytes:
        """The content of the file that describes the folder's scope."""
        return json.dumps({"backend": self.backend, "fingerprint": self.fingerprint}, indent=2).encode() + b"\n"


def decode(data: bytes) -> Scope | None:
    """Decodes the result of `encode`; `None` for anything else."""
    try:
        value = json.loads(data)
        return Scope(str(value["backend"]), str(value["fingerprint"]))
    except (ValueError, KeyError, TypeError):
        return None
