from __future__ import annotations

import pytest

from pioneer_build.ports import RemoteVersion
from pioneer_build.service.responses import InvalidResponse
from pioneer_build.service.versions_response import listed_versions


def test_listings() -> None:
    entry = {
        "id": "j",
        "dataset_name": "t",
        "version_number": "2",
        "sample_size": 5,
        "status": "ready",
        "labels": ["a"],
    }
    assert listed_versions({"success": True, "count": 1, "versions": [entry]}) == (
        RemoteVersion("2", "j", 5, "ready", None, ("a",)),
    )
    assert listed_versions([{"version_number": 3, "size": "7", "labels": "odd", "dataset_type": "ner"}]) == (
        RemoteVersion("3", size=7, task_type="ner"),
    )
    assert listed_versions({"versions": []}) == ()
    assert listed_versions({"datasets": []}) is None
    assert listed_versions("x") is None
    for bad in ([{}], [None], [{"version_number": True}]):
        with pytest.raises(InvalidResponse):
            listed_versions(bad)
