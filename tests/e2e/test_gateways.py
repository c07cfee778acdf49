"""Gateways that say "not accepted" for jobs that were made: what is sent is counted, and nothing is bought twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pioneer_build.apply import busy_wait
from tests.e2e.conftest import NER, Answer, Cli
from tests.e2e.scripted import Scripted, running
from tests.fakes.server import Fault

MOODS = "dataset_name: moods\ntask_type: classification\nlabels: [a, b]\ninputs: [one text, another text]\n"


@pytest.fixture
def one(one: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(busy_wait, "_FIRST", 0.01)
    return one


def apply(cli: Cli, service: Scripted, *more: str) -> Answer:
    return cli("--backend", service.url, "apply", "--yes", *more)


def sent(service: Scripted) -> int:
    return len(service.asked())


@pytest.mark.parametrize("status", [425, 429, 503])
@pytest.mark.parametrize("datasets", [None, "/datasets"])
@pytest.mark.parametrize("wait", [None, "0"])
def test_every_send_counts_against_the_budget(one: Path, cli: Cli, status: int, datasets: Any, wait: Any) -> None:
    """The service makes each job, and something in front of it says that it is busy."""
    headers = (("Retry-After", wait),) if wait else ()
    with running(Scripted(datasets=datasets)) as service:
        service.always("POST /generate", Fault(status=status, headers=headers, do=True))
        assert apply(cli, service, "--max-requests", "1").code == 3
        assert (sent(service), len(service.jobs)) == (1, 1)


@pytest.mark.parametrize("status", [425, 429, 503])
def test_where_versions_are_listed_the_job_is_found(one: Path, cli: Cli, status: int) -> None:
    with running(Scripted(datasets="/datasets")) as service:
        service.always("POST /generate", Fault(status=status, do=True))
        answer = apply(cli, service)
        assert (answer.code, sent(service)) == (3, 1)
        assert "version 1 of 'people' is new" in answer.out
        assert apply(cli, service).code == 0
        assert (sent(service), len(service.jobs)) == (1, 1)
        assert cli("--backend", service.url, "check").code == 0


@dataclass
class ListingLate(Scripted):
    """Lists a version only when it is complete; with the id of its job, or without."""

    ids: bool = True
    complete: bool = False

    def _poll(self, job_id: str) -> tuple[int, dict[str, str], bytes]:
        self.complete = True
        return super()._poll(job_id)

    def _dataset(self, method: str, parts: list[str]) -> tuple[int, dict[str, str], bytes]:
        if not self.complete:
            return 404, {}, json.dumps(self.unknown_dataset).encode()
        status, headers, body = super()._dataset(method, parts)
        if not self.ids and len(parts) == 1:
            value = json.loads(body)
            value["versions"] = [{**version, "id": None} for version in value["versions"]]
            body = json.dumps(value).encode()
        return status, headers, body


@pytest.mark.parametrize("status", [425, 429, 503])
@pytest.mark.parametrize(("ids", "named"), [(True, "version 1 of 'people'"), (False, "a version of 'people'")])
def test_a_version_that_is_listed_late_is_named(one: Path, cli: Cli, status: int, ids: bool, named: str) -> None:
    with running(ListingLate(datasets="/datasets", ids=ids)) as service:
        service.fail("POST /generate", Fault(status=status, do=True))
        answer = apply(cli, service)
        assert (answer.code, sent(service)) == (0, 2)
        version = "1" if ids else "VERSION"
        assert f"{named} was also made" in answer.err
        assert f"pioneer-build adopt people --version {version}" in answer.err
        assert "was also made" not in apply(cli, service).err


@pytest.mark.parametrize("status", [425, 429, 503])
def test_a_service_that_is_really_busy_is_asked_again(one: Path, cli: Cli, status: int) -> None:
    with running(Scripted(datasets="/datasets")) as service:
        service.fail("POST /generate", *[Fault(status=status)] * 2)
        answer = cli("--backend", service.url, "apply", "--yes", "--format", "json")
        assert answer.code == 0
        assert (sent(service), len(service.jobs), answer.json()["requests"]) == (3, 1, 3)
        assert "was also made" not in answer.err


def test_elsewhere_a_503_is_unknown_whatever_it_asks_for(one: Path, cli: Cli) -> None:
    with running(Scripted(vocabulary="seed", give="nothing")) as service:
        service.always("POST /generate", Fault(status=503, headers=(("Retry-After", "0"),), do=True))
        answer = apply(cli, service)
        assert (answer.code, sent(service)) == (3, 1)
        assert "unknown" in answer.out
        assert apply(cli, service).code == 3
        assert sent(service) == 1


@pytest.mark.parametrize(
    "refusal",
    [
        Fault(status=503, body={"detail": "full", "accepted": False}),
        Fault(status=503, body={"error": {"code": "not_accepted", "message": "full"}}),
        Fault(status=503, headers=(("X-RateLimit-Scope", "jobs_in_flight"),)),
        Fault(status=429),
        Fault(status=425),
    ],
    ids=str,
)
def test_elsewhere_what_says_that_it_was_refused_is_sent_again_within_the_budget(
    one: Path, cli: Cli, refusal: Fault
) -> None:
    with running(Scripted(vocabulary="seed", give="nothing")) as service:
        service.fail("POST /generate", refusal)
        assert apply(cli, service).code == 0
        assert (sent(service), len(service.jobs)) == (2, 1)
    (one / "pioneer.lock").unlink()
    with running(Scripted(vocabulary="seed", give="nothing")) as service:
        service.fail("POST /generate", refusal)
        answer = apply(cli, service, "--max-requests", "1")
        assert (answer.code, sent(service)) == (3, 1)
        assert "the budget is used up" in answer.out


def test_a_listing_that_fails_between_tries_leaves_it_unknown(one: Path, cli: Cli) -> None:
    with running(Scripted(datasets="/datasets")) as service:
        service.fail("POST /generate", Fault(status=429, do=True))
        service.fail("GET /datasets/people", Fault(status=404, body={"success": False}), Fault(status=403))
        answer = apply(cli, service)
        assert (answer.code, sent(service), "unknown" in answer.out) == (3, 1, True)
        assert apply(cli, service).code == 0
        assert sent(service) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 402, 403, 404, 405, 408, 409, 410, 422])
@pytest.mark.parametrize("listed", [False, True])
def test_a_refusal_counts_for_what_was_sent(one: Path, cli: Cli, status: int, listed: bool) -> None:
    """Whoever says so, and whatever became of the request."""
    with running(Scripted(datasets="/datasets") if listed else Scripted(vocabulary="seed", give="nothing")) as service:
        service.always("POST /generate", Fault(status=status, do=True))
        answer = cli("--backend", service.url, "apply", "--yes", "--max-requests", "1", "--format", "json")
        assert (sent(service), len(service.jobs)) == (1, 1)
        assert (answer.json()["requests"], answer.json()["examples"]) == (1, 20)
        unknown = status < 400 or (listed and status in (401, 402, 403, 404, 405))
        assert answer.json()["refused"]["requests"] == (0 if unknown else 1)
        assert unknown is (answer.json()["datasets"][0]["result"] == "unknown")


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 402, 403, 404, 405])
def test_where_versions_are_listed_a_refusal_is_believed_only_without_a_new_one(
    one: Path, cli: Cli, status: int
) -> None:
    with running(Scripted(datasets="/datasets")) as service:
        service.always("POST /generate", Fault(status=status))
        answer = apply(cli, service)
        assert answer.code == 1
        assert "Sent 1 request for 20 examples, refused by the service." in answer.out
        service.always("POST /generate", Fault(status=status, do=True))
        answer = apply(cli, service)
        assert (answer.code, sent(service), len(service.jobs)) == (3, 2, 1)
        assert "version 1 of 'people' is new" in answer.out
        service.always("POST /generate", None)
        assert apply(cli, service).code == 0
        assert (sent(service), len(service.jobs)) == (2, 1), "it was found, and not bought again"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_elsewhere_a_redirect_is_unknown(one: Path, cli: Cli, status: int) -> None:
    to = (("Location", "http://other.example/generate"),)
    with running(Scripted(vocabulary="seed", give="nothing")) as service:
        service.always("POST /generate", Fault(status=status, headers=to, do=True))
        for _ in range(3):
            answer = apply(cli, service, "--max-requests", "1")
            assert (answer.code, sent(service), len(service.jobs)) == (3, 1, 1)
        assert "unknown" in answer.out


def test_a_wrong_address_that_redirects_everything_is_asked_once_and_blocks_nothing(one: Path, cli: Cli) -> None:
    with running(Scripted()) as wrong, running(Scripted()) as right:
        wrong.always("", Fault(status=308, headers=(("Location", right.url),)))
        answer = apply(cli, wrong)
        assert (answer.code, sent(wrong), sent(right)) == (3, 1, 0)
        assert f"redirects to {right.url} (308)" in answer.out
        assert "set the base URL to it" in answer.out
        assert apply(cli, right).code == 0
        assert (sent(wrong), sent(right)) == (1, 1)
        assert cli("--backend", right.url, "check").code == 0


def test_a_label_request_that_is_refused_counts(one: Path, cli: Cli) -> None:
    (one / "specs" / "people.yaml").write_text(MOODS)
    with running(Scripted()) as service:
        service.always("POST", Fault(status=400, do=True))
        answer = cli("--backend", service.url, "apply", "--yes", "--max-requests", "2", "--format", "json")
        assert (answer.code, len(service.seen)) == (3, 2)
        assert (answer.json()["requests"], answer.json()["refused"]["requests"]) == (2, 2)


def test_a_label_request_that_is_sent_again_counts_too(one: Path, cli: Cli) -> None:
    (one / "specs" / "people.yaml").write_text(MOODS)
    with running(Scripted()) as service:
        service.always("POST", Fault(status=429, do=True))
        assert apply(cli, service, "--max-requests", "2").code == 3
        assert len(service.seen) == 2
        service.always("POST", None)
        service.fail("POST", Fault(status=429), Fault(status=425))
        answer = cli("--backend", service.url, "apply", "--yes", "--format", "json")
        assert (answer.code, answer.json()["requests"]) == (0, 3)


@pytest.mark.parametrize("spec", [NER, MOODS])
def test_a_pause_that_is_too_long_ends_the_wait_with_a_word_for_later_runs_too(one: Path, cli: Cli, spec: str) -> None:
    (one / "specs" / "people.yaml").write_text(spec)
    with running(Scripted()) as service:
        service.fail("POST", Fault(status=429, headers=(("Retry-After", "2000"),)))
        answer = apply(cli, service)
        posts = [seen for seen in service.seen if seen.method == "POST"]
        assert (answer.code, len(posts)) == (3, 1)
        assert "it asks for a pause of 33 min, which is not waited for" in answer.out
        answer = apply(cli, service)
        assert answer.code in (1, 3)
        assert "asked for no requests for another 33 min" in answer.out
        assert [seen for seen in service.seen if seen.method == "POST"] == posts, "nothing was sent"
