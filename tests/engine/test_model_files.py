"""Model files are trusted for their content."""

from __future__ import annotations

import pytest

from pioneer_build.engine import model_files as models
from pioneer_build.errors import PioneerError


def test_a_model_that_is_another_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "EMBEDDING_SHA256", "0" * 64)
    with pytest.raises(PioneerError, match="has the wrong SHA-256"):
        models.embedding_model()
