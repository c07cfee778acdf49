"""Rows that are there but couldn't be had once: they stay owed until they are here, or gone for good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pioneer_build.paths import state_folder
from tests.e2e.conftest import NER, Answer, Cli, move_home
from tests.e2e.scripted import Scripted, running
from tests.fakes.server import Fault

DOWNLOAD = "GET /datasets/people/1/download"


def hosted(**more: Any) -> Scripted:
    return Scripted(give="download", datasets="/datasets", **more)


def apply(cli: Cli, service: Scripted, *more: str) -> Answer:
    return cli("--backend", service.url, "apply", "--yes", *more)


def check(cli: Cli, service: Scripted) -> Answer:
    return cli("--backend", service.url, "check")


def job_in(root: Path) -> dict[str, Any]:
    (entry,) = json.loads((root / "pioneer.lock").read_text())["datasets"]["people"].values()
    (job,) = entry["jobs"]
    found: dict[str, Any] = job
    return found


def assert_all_is_well(cli: Cli, service: Scripted, root: Path) -> None:
    job = job_in(root)
    assert (job["state"], job["got"], job["verified"], "owed" in job) == ("ready", 20, True, False)
    assert check(cli, service).code == 0
    assert cli("--backend", service.url, "export", "people").out.count("\n") == 20
    assert service.asked() == [20]


@pytest.mark.parametrize(
    "statuses", [(302,), (400,), (401,), (403,), (404,), (405,), (409,), (410,), (502, 503, 409)], ids=str
)
def test_one_bad_answer_to_a_download_loses_nothing(one: Path, cli: Cli, statuses: tuple[int, ...]) -> None:
    """The last one may come late, after others that are tried again."""
    with running(hosted()) as service:
        service.fail(DOWNLOAD, *(Fault(status=status, body={"detail": "not now"}) for status in statuses))
        answer = apply(cli, service)
        assert (answer.code, service.asked()) == (3, [20])
        assert "they are owed" in answer.out
        job = job_in(one)
        assert (job["state"], job["owed"], job["rows"], job["verified"]) == ("ready", True, None, False)
        assert json.loads((one / "pioneer.lock").read_text())["lock_version"] == 2
        found = check(cli, service)
        assert found.code == 2
        assert "the rows of job job-1 were never received" in found.out
        plan = cli("--backend", service.url, "plan", "--format", "json").json()
        assert [(step["action"], step["requests"]) for step in plan["steps"]] == [("fetch", 0)]
        refused = cli("--backend", service.url, "export", "people")
        assert refused.code == 1
        assert "pioneer-build apply --select people" in refused.err
        assert apply(cli, service).code == 0
        assert_all_is_well(cli, service, one)


@pytest.mark.parametrize("status", [400, 403, 409])
def test_a_listing_that_is_refused_once_loses_nothing(one: Path, cli: Cli, status: int) -> None:
    with running(hosted(named=False)) as service:
        assert apply(cli, service, "--no-wait").code == 0
        for root in ("/datasets", "/felix/datasets"):
            service.fail(f"GET {root}/people", Fault(status=status, body={"detail": "not now"}))
        assert apply(cli, service).code == 3
        assert job_in(one)["owed"] is True
        assert check(cli, service).code == 2
        assert apply(cli, service).code == 0
        assert_all_is_well(cli, service, one)


def test_a_version_that_is_listed_late_is_waited_for(one: Path, cli: Cli) -> None:
    with running(hosted(named=False)) as service:
        assert apply(cli, service, "--no-wait").code == 0
        service.fail("GET /datasets/people", Fault(status=404, body={"success": False, "error": "Dataset not found"}))
        assert apply(cli, service).code == 3
        assert job_in(one)["owed"] is True
        assert apply(cli, service).code == 0
        assert_all_is_well(cli, service, one)


def test_rows_stay_owed_as_long_as_the_version_is_there(one: Path, cli: Cli) -> None:
    with running(hosted()) as service:
        service.always(DOWNLOAD, Fault(status=404, body={"success": False}))
        for _ in range(3):
            assert apply(cli, service).code == 3
            assert job_in(one)["owed"] is True
        service.always(DOWNLOAD, None)
        assert apply(cli, service).code == 0
        assert_all_is_well(cli, service, one)


@pytest.mark.parametrize("how", ["410", "deleted"])
def test_rows_that_are_gone_for_good_are_asked_for_no_more(one: Path, cli: Cli, how: str) -> None:
    with running(hosted()) as service:
        service.always(DOWNLOAD, Fault(status=410 if how == "410" else 404, body={"success": False, "error": "gone"}))
        assert apply(cli, service).code == 3
        assert job_in(one)["state"] == "ready"
        if how == "deleted":
            service.always("GET /datasets/people", Fault(status=404, body={"success": False}))
        answer = apply(cli, service)
        assert answer.code == 3
        assert "its rows are gone from the service" in answer.out
        assert "pioneer-build apply --retry people  (pays for new rows)" in answer.out
        assert (job_in(one)["state"], service.asked()) == ("failed", [20])
        found = check(cli, service)
        assert (found.code, "its rows are gone" in found.out) == (2, True)
        assert apply(cli, service).code == 3
        assert service.asked() == [20], "nobody buys again unasked"
        service.always(DOWNLOAD, None)
        service.always("GET /datasets/people", None)
        assert apply(cli, service, "--retry", "people").code == 0
        assert service.asked() == [20, 20]
        assert check(cli, service).code == 0


def test_a_service_that_never_hands_out_rows_owes_none(one: Path, cli: Cli) -> None:
    with running(Scripted(give="nothing", vocabulary="seed")) as service:
        assert apply(cli, service).code == 0
        assert "owed" not in job_in(one)
        assert check(cli, service).code == 0
    with running(hosted()) as service:
        service.always(DOWNLOAD, Fault(status=501))
        assert apply(cli, service).code == 0
        assert check(cli, service).code == 0


def test_who_lost_the_lock_gets_them_too(one: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(hosted()) as service:
        service.fail(DOWNLOAD, Fault(status=403))
        assert apply(cli, service).code == 3
        kept = (one / "pioneer.lock").read_bytes()
        (one / "pioneer.lock").unlink()
        assert apply(cli, service).code == 0
        assert_all_is_well(cli, service, one)
        # and another machine, which has the lock and no journal
        (one / "pioneer.lock").write_bytes(kept)
        move_home(monkeypatch, one.parent / "another")
        assert not (state_folder() / "journal").exists()
        assert check(cli, service).code == 2
        assert apply(cli, service).code == 0
        assert_all_is_well(cli, service, one)


def test_rows_that_are_merely_elsewhere_are_not_owed(one: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(hosted()) as service:
        assert apply(cli, service).code == 0
        move_home(monkeypatch, one.parent / "another")
        assert check(cli, service).code == 0


def test_owed_rows_are_judged_when_they_come(one: Path, cli: Cli) -> None:
    bad = [{"text": f"Row {i}.", "entities": [["Bob", "person"]]} for i in range(20)]
    with running(hosted(rows=lambda *_: bad)) as service:
        service.fail(DOWNLOAD, Fault(status=409))
        assert apply(cli, service).code == 3
        answer = apply(cli, service)
        assert (answer.code, job_in(one)["state"]) == (3, "rejected")
        assert "not in the text" in answer.out


def test_an_adopted_job_may_owe_its_rows(one: Path, cli: Cli) -> None:
    with running(hosted()) as service:
        service.fail("POST /generate", Fault("drop", do=True))
        assert apply(cli, service).code == 3
        service.fail(DOWNLOAD, Fault(status=403))
        adopted = cli("--backend", service.url, "adopt", "people", "job-1")
        assert "they are owed" in adopted.out + adopted.err
        assert job_in(one)["owed"] is True
        assert apply(cli, service).code == 0
        assert_all_is_well(cli, service, one)


def test_nothing_more_is_bought_while_rows_are_owed(one: Path, cli: Cli) -> None:
    with running(hosted()) as service:
        service.always(DOWNLOAD, Fault(status=403))
        assert apply(cli, service).code == 3
        (one / "specs" / "people.yaml").write_text(NER.replace("20", "25"))
        for _ in range(2):
            assert apply(cli, service).code == 3
            assert service.asked() == [20], "rows that are owed come before new ones"
        service.always(DOWNLOAD, None)
        assert apply(cli, service).code == 0
        assert cli("--backend", service.url, "export", "people").out.count("\n") == 25
        assert service.asked() == [20, 5]
