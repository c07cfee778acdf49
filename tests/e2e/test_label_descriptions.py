"""What labels mean, from a spec to the rows: sent in one form, bought once, and only where it can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.scripted import Scripted, running

HEAD = "dataset_name: mail\ntask_type: classification\n"
GENERATED = HEAD + "num_examples: 6\ndomain_description: Messages to a shop\n"
FIRST = "labels:\n  refund: Money back\n  billing: Charges and invoices\n"
REORDERED = "labels: {billing: 'Charges  and invoices', refund: Money back}\n"
OTHER = "labels: {billing: Charges, refund: Money back}\n"
LABELLED = HEAD + "inputs: [The team won the match., Shares fell on Monday.]\n"
MEANING = "labels: {qx: 'sports, matches and players', zv: 'business, banks and markets'}\n"


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "p" / "specs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "p")
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "1000000")
    return tmp_path / "p" / "specs" / "mail.yaml"


def _classified(request: dict[str, Any], number: int) -> list[dict[str, Any]]:
    labels = request["labels"]
    return [
        {"text": f"Message {i} of job {number}", "label": labels[i % len(labels)]}
        for i in range(request["num_examples"])
    ]


def test_a_service_is_told_once_and_a_new_order_buys_nothing(spec: Path, cli: Cli) -> None:
    with running(Scripted(rows=_classified)) as service:
        spec.write_text(GENERATED + FIRST)
        assert cli("--backend", service.url, "apply", "--yes").code == 0
        sent = [seen.json() for seen in service.seen if seen.method == "POST"]
        assert [one["labels"] for one in sent] == [["refund", "billing"]]
        described = 'Messages to a shop\nLabels: {"billing": "Charges and invoices", "refund": "Money back"}'
        assert sent[0]["domain_description"] == described
        assert "label_descriptions" not in sent[0]
        spec.write_text(GENERATED + REORDERED)
        assert cli("--backend", service.url, "plan", "--detailed-exitcode").code == 0
        spec.write_text(GENERATED + OTHER)
        plan = json.loads(cli("--backend", service.url, "plan", "--format", "json").out)
        (step,) = plan["steps"]
        assert (step["action"], step["requests"]) == ("replace", 1)
        assert [(reason["field"], reason["text"]) for reason in step["reasons"]] == [
            ("labels", 'described as "billing": "Charges and invoices" → "Charges"')
        ]
        shown = cli("--backend", service.url, "show", "mail").out
        assert "label descriptions:" in shown
        assert "billing: Charges and invoices" in shown


def test_labelling_follows_what_labels_mean_where_the_backend_reads_it(spec: Path, cli: Cli) -> None:
    spec.write_text(LABELLED + MEANING)
    assert cli("--backend", "local", "apply", "--yes").code == 0
    rows = [json.loads(line) for line in cli("--backend", "local", "export", "mail").out.splitlines()]
    assert [row["label"] for row in rows] == ["qx", "zv"]
    with running(Scripted()) as service:
        answer = cli("--backend", service.url, "apply", "--yes")
        assert answer.code == 1
        assert "specs/mail.yaml:4:9: error: this backend can't use descriptions of labels" in answer.err
        assert not service.seen
