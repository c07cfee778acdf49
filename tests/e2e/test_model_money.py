"""What a language model costs, from the plan to what was spent, through the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from tests.e2e.conftest import Cli
from tests.fakes.chat_server import ChatServer, good, reply

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "plan.schema.json").read_text())
PRICES = "  prices: {input: 1000, output: 2000}\n  currency: EUR\n"
ROWS = """\
dataset_name: chats
task_type: decoder
prompt: Answer politely.
num_examples: NUMBER
"""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as started:
        yield started


def use(root: Path, server: ChatServer, examples: int = 10, prices: str = PRICES) -> None:
    (root / "pioneer.yaml").write_text(
        f"version: 1\nbackend: model\nmodel:\n  base_url: {server.url}\n  name: small\n{prices}"
    )
    for spec in (root / "specs").glob("*.yaml"):
        spec.unlink()
    (root / "specs" / "chats.yaml").write_text(ROWS.replace("NUMBER", str(examples)))


def test_the_plan_estimates_and_then_knows_from_its_own_jobs(cli: Cli, project: Path, server: ChatServer) -> None:
    use(project, server)
    plan = cli("plan", "--format", "json").json()
    jsonschema.Draft202012Validator(SCHEMA).validate(plan)
    assert plan["summary"]["tokens"]["basis"] == plan["summary"]["cost"]["basis"] == "estimate"
    assert "going by the length of the prompts" in " ".join(cli("plan").out.split())
    assert cli("apply", "--yes").code == 0
    spent = cli("status", "--format", "json").json()["spent"]
    tokens = spent["tokens"]
    assert spent["cost"] == {"amount": (tokens["input"] + 2 * tokens["output"]) / 1000, "currency": "EUR"}
    assert tokens["input"] > 0
    assert f"Spent so far: {tokens['input']:,} tokens in" in cli("status").out
    lock = json.loads((project / "pioneer.lock").read_text())
    assert lock["lock_version"] == 2
    (job,) = lock["datasets"]["chats"]["model/small"]["jobs"]
    assert job["tokens"] == tokens
    use(project, server, 20)
    plan = cli("plan", "--format", "json").json()
    assert plan["summary"]["tokens"]["basis"] == plan["summary"]["cost"]["basis"] == "history"
    assert plan["summary"]["tokens"]["input"] == tokens["input"], "as many rows as were made before"


def test_a_plan_beyond_the_budget_is_refused_and_nothing_is_sent(cli: Cli, project: Path, server: ChatServer) -> None:
    use(project, server)
    cost = cli("plan", "--format", "json").json()["summary"]["cost"]["amount"]
    refused = cli("apply", "--yes", "--max-cost", str(cost * 0.9))
    assert refused.code == 1
    assert "the plan costs about" in refused.err
    assert not server.calls
    assert cli("apply", "--yes", "--max-cost", str(cost * 100)).code == 0


def test_without_prices_there_are_tokens_and_no_budget(cli: Cli, project: Path, server: ChatServer) -> None:
    use(project, server, prices="")
    assert cli("plan", "--format", "json").json()["summary"]["cost"] is None
    refused = cli("apply", "--yes", "--max-cost", "5")
    assert refused.code == 1
    assert "there are no prices for model/small" in refused.err
    assert not server.calls
    assert cli("apply", "--yes").code == 0
    assert cli("status", "--format", "json").json()["spent"]["cost"] is None


def test_labelling_counts_as_well(cli: Cli, project: Path, server: ChatServer) -> None:
    use(project, server)
    text = "dataset_name: t\ntask_type: classification\nlabels: {a: first, b: second}\ninputs: [one, two]\n"
    (project / "specs" / "chats.yaml").write_text(text + "classified_examples: [{text: three, label: a}]\n")
    assert cli("apply", "--yes").code == 0
    lock = json.loads((project / "pioneer.lock").read_text())
    entry = lock["datasets"]["t"]["model/small"]
    assert entry["tokens"].keys() == {entry["fingerprint"]}
    spent = cli("status", "--format", "json").json()["spent"]
    assert [spent["tokens"]] == list(entry["tokens"].values())
    said = json.dumps(server.calls, default=str)
    assert "second" in said
    assert "three" in said


def test_plan_and_apply_say_who_has_it_sent_and_with_which_variable(
    cli: Cli, project: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository chooses both."""
    monkeypatch.setenv("SMALL_API_KEY", "sk-of-the-small-model-123")
    other = "  api_key_env: SMALL_API_KEY\n  judge: {name: big, base_url: 'http://127.0.0.1:1/v1'}\n"
    use(project, server, prices=other)
    plan = cli("plan", "--format", "json").json()
    jsonschema.Draft202012Validator(SCHEMA).validate(plan)
    assert plan["sends_to"] == [
        {"address": server.url, "key_variable": "SMALL_API_KEY"},
        {"address": "http://127.0.0.1:1/v1", "key_variable": None},
    ]
    said = f"Sent to {server.url} (with the value of SMALL_API_KEY), http://127.0.0.1:1/v1 (without a key)."
    assert said in " ".join(cli("plan").out.split())
    assert server.calls == []
    asked = cli("apply")
    assert asked.code != 0
    assert said in " ".join(asked.err.split())
    assert server.calls == []


FORMS = [
    ("-q", "apply"),
    ("apply", "--format", "json"),
    ("--log-format", "json", "apply"),
    ("-q", "apply", "--format", "json"),
]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_apply_says_who_has_it_sent_before_it_is(
    cli: Cli, project: Path, server: ChatServer, form: tuple[str, ...]
) -> None:
    use(project, server)
    said = f"Sent to {server.url} (without a key)."
    asked = cli(*form)
    assert (asked.code, server.calls) == (1, [])
    assert said in asked.err
    done = cli(*form, "--yes")
    assert done.code == 0, done.err
    assert said in done.err
    if "--format" in form:
        assert done.json()["sends_to"] == [{"address": server.url, "key_variable": None}]
    again = cli(*form, "--yes")
    assert "Sent to" not in again.err, "nothing is sent"


def test_a_job_that_is_gone_on_with_is_sent_somewhere_too(cli: Cli, project: Path, server: ChatServer) -> None:
    (project / "specs" / "all.yaml").write_text(ROWS)
    use(project, server)
    server.script = lambda call: reply(401) if call.number > 3 else good(call)
    assert cli("apply", "--yes").code != 0
    plan = cli("plan", "--format", "json").json()
    assert {step["action"] for step in plan["steps"]} == {"resume"}
    assert plan["sends_to"] == [{"address": server.url, "key_variable": None}]


def test_a_saved_plan_sends_only_to_those_that_it_says(
    cli: Cli, project: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pioneer_build.keys._named", set())
    monkeypatch.setenv("SMALL_API_KEY", "sk-of-the-small-model-123")
    use(project, server)
    assert cli("plan", "--out", "saved.json").code == 0
    assert f"Sent to {server.url} (without a key)." in " ".join(cli("show", "--plan", "saved.json").out.split())
    with ChatServer() as other:
        for more in ("  api_key_env: SMALL_API_KEY\n", f"  judge: {{name: big, base_url: '{other.url}'}}\n"):
            use(project, server, prices=more)
            refused = cli("apply", "saved.json")
            assert refused.code == 1
            assert "the saved plan doesn't say that requests are sent to" in refused.err
        assert other.calls == []
        use(project, other)
        assert cli("apply", "saved.json").code == 1
        assert other.calls == []
    assert server.calls == []
    use(project, server)
    done = cli("apply", "saved.json")
    assert done.code == 0, done.err
    assert server.calls
