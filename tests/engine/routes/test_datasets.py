"""Datasets and their versions over the HTTP contract."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.bodies import TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable


def test_versions_hold_what_the_dataset_held(engine: Callable[..., Any]) -> None:
    served = engine()
    first = served.wait(served.generate(**TOPICS))
    second = served.wait(served.generate(**TOPICS))
    assert first["job_id"] != second["job_id"]
    assert second["dataset"]["version_number"] == "2"
    for prefix in ("/felix/datasets", "/datasets"):
        listing = served.call("GET", f"{prefix}/topics").json()
        assert listing["success"]
        assert listing["count"] == 2
        assert [(v["version_number"], v["size"]) for v in listing["versions"]] == [("2", 16), ("1", 8)]
        assert [v["id"] for v in listing["versions"]] == [second["job_id"], first["job_id"]]
    one = served.call("GET", "/datasets/topics/1/download").text.splitlines()
    two = served.call("GET", "/datasets/topics/latest/download?format=jsonl").text.splitlines()
    assert [json.loads(line) for line in one] == first["data"]
    assert [json.loads(line) for line in two] == first["data"] + second["data"]
    assert not {row["text"] for row in first["data"]} & {row["text"] for row in second["data"]}
    preview = served.call("GET", "/datasets/topics/2/preview?limit=3").json()
    assert preview == {"rows": first["data"][:3], "total_rows": 16}
    cells = list(csv.DictReader(io.StringIO(served.call("GET", "/datasets/topics/1/download?format=csv").text)))
    assert [dict(row) for row in cells] == first["data"]


def test_removing(engine: Callable[..., Any]) -> None:
    served = engine()
    served.wait(served.generate(**TOPICS))
    served.wait(served.generate(**TOPICS))
    assert served.call("DELETE", "/datasets/topics/1").status_code == 200
    assert served.call("GET", "/datasets/topics/1").status_code == 404
    assert served.call("GET", "/datasets/topics/2").json()["size"] == 8
    assert served.call("DELETE", "/datasets/topics").json()["count"] == 1
    assert served.call("GET", "/datasets/topics").status_code == 404
    # numbers are not used again, so ids stay unique
    assert served.wait(served.generate(**TOPICS))["dataset"]["version_number"] == "3"


def test_a_dataset_in_use_is_not_removed(engine: Callable[..., Any]) -> None:
    served = engine(latency=60)
    served.generate(**TOPICS)
    assert served.call("DELETE", "/datasets/topics").status_code == 409
    assert served.call("GET", "/datasets/topics/1/download").status_code == 409


def test_a_version_has_three_names(engine: Callable[..., Any]) -> None:
    served = engine()
    job = served.wait(served.generate(**TOPICS))
    shown = [served.call("GET", f"/datasets/topics/{name}").json() for name in ("1", "latest", job["job_id"])]
    assert shown[0] == shown[1] == shown[2] == job["dataset"]
    missing = served.call("GET", "/datasets/topics/2")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Dataset version not found"})


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "", "1e3", "١", "0000000010"])
def test_previews_that_are_refused(engine: Callable[..., Any], limit: str) -> None:
    served = engine()
    served.wait(served.generate(**TOPICS))
    answer = served.call("GET", "/datasets/topics/1/preview", params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "limit"]
    assert answer.json()["detail"] == "limit: must be a whole number between 1 and 1000"


def test_downloads(engine: Callable[..., Any]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    served = engine()
    rows = served.wait(served.generate(**TOPICS))["data"]
    whole = served.call("GET", "/datasets/topics/1/download?format=parquet")
    assert parquet.read_table(io.BytesIO(whole.content)).to_pylist() == rows
    assert whole.headers["Content-Disposition"] == 'attachment; filename="topics-1.parquet"'
    refused = served.call("GET", "/datasets/topics/1/download?format=xml")
    assert refused.status_code == 422
    assert refused.json()["detail"] == "format: must be one of jsonl, csv, parquet"


def test_a_format_whose_library_is_missing(engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    served = engine()
    served.wait(served.generate(**TOPICS))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = served.call("GET", "/datasets/topics/1/download?format=parquet")
    assert answer.status_code == 422
    assert "pyarrow" in answer.json()["detail"]
