"""Reads the chunks of a report's page, as its script does."""

from __future__ import annotations

import base64
import gzip
import json


def unpacked(text: str) -> list[object]:
    return json.loads(gzip.decompress(base64.b64decode(text)))
