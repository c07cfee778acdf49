"""No dataset is built until its rows were seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import pioneer_build
from tests.e2e.conftest import Answer, Cli
from tests.e2e.scripted import Row, Scripted, running

NER = "dataset_name: people\ntask_type: ner\nlabels: [person, company]\nnum_examples: 20\n"


def named(count: int, start: int = 0) -> list[Row]:
    return [{"text": f"Ada met customer {i}.", "entities": [["Ada", "person"]]} for i in range(start, start + count)]


FAULTS = {
    "no text": ([{"entities": []}] * 19, "have no text"),
    "spans elsewhere": ([{"text": f"Row {i}.", "entities": [["Bob", "person"]]} for i in range(20)], "not in the text"),
    "undeclared": ([{"text": f"Ada {i}", "entities": [["Ada", "robot"]]} for i in range(20)], "not declared"),
    "alike": (named(5) + named(1) * 15, "15 of 20 rows are duplicates"),
    "few": (named(15), "only 15 received"),
    "no entity": ([{"text": f"Row {i}.", "entities": []} for i in range(20)], "none of 20 rows has an entity"),
    "no rows": ([], "no rows were received"),
}


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "one"
    (root / "specs").mkdir(parents=True)
    (root / "specs" / "people.yaml").write_text(NER)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "100000")
    return root


def people(cli: Cli, service: Scripted) -> Any:
    return cli("--backend", service.url, "show", "people", "--format", "json").json()


def apply(cli: Cli, service: Scripted, *more: str) -> Answer:
    return cli("--backend", service.url, "apply", "--yes", *more)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_recorded_fault_is_rejected_and_named(one: Path, cli: Cli, fault: str) -> None:
    rows, said = FAULTS[fault]
    with running(Scripted(rows=lambda *_: rows)) as service:
        answer = apply(cli, service)
        assert answer.code == 3
        assert said in answer.out
        assert people(cli, service)["state"] == "rejected"
        assert cli("--backend", service.url, "export", "people").code == 1
        again = apply(cli, service)
        assert again.code == 3  # blocked
        assert service.asked() == [20], "nothing is bought again"
        service.rows = lambda *_: named(20)
        assert apply(cli, service, "--retry", "people").code == 0
        assert service.asked() == [20, 20]
        assert people(cli, service)["state"] == "ready"


def test_the_last_good_content_stays(one: Path, cli: Cli) -> None:
    with running(Scripted(rows=lambda *_: named(20))) as service:
        assert apply(cli, service).code == 0
        good = cli("--backend", service.url, "export", "people").out
        service.rows = lambda *_: [{"entities": []}] * 20
        (one / "specs" / "people.yaml").write_text(NER + "domain_description: Letters to the editor\n")
        assert apply(cli, service).code == 3
        assert people(cli, service)["state"] == "rejected"
        refused = cli("--backend", service.url, "export", "people")
        assert (refused.code, refused.out) == (1, ""), "nobody gets rows of another definition unawares"
        assert cli("--backend", service.url, "export", "people", "--allow-stale").out == good
        assert people(cli, service)["examples"] == 20


def test_bad_rows_are_set_aside_and_shown(one: Path, cli: Cli) -> None:
    rows = [*named(17), {"text": "x", "entities": [["Bob", "person"]]}, {"nothing": 1}, named(1)[0]]
    with running(Scripted(rows=lambda *_: rows)) as service:
        assert apply(cli, service).code == 0
        shown = cli("--backend", service.url, "show", "people", "--rejected", "--format", "json").json()
        assert sorted(bad["cause"] for bad in shown["rejected"]) == ["duplicate", "no-text", "span-not-in-text"]
        assert [bad["number"] for bad in shown["rejected"]] == [18, 19, 20]
        assert shown["examples"] == 17
        assert shown["training"] is None, "the version holds rows that the dataset doesn't"
        text = cli("--backend", service.url, "show", "people", "--rejected").out
        assert "span-not-in-text" in text
        assert "[Ada](person) met" in cli("--backend", service.url, "show", "people").out


def test_changed_checks_judge_again_without_buying(one: Path, cli: Cli) -> None:
    with running(Scripted(rows=lambda *_: named(15))) as service:
        assert apply(cli, service).code == 3
        spec = one / "specs" / "people.yaml"
        spec.write_text(NER + "checks: {min_accepted: 0.7}\n")
        step = cli("--backend", service.url, "plan", "--format", "json").json()["steps"][0]
        assert (step["action"], step["requests"]) == ("update", 0)
        assert apply(cli, service).code == 0
        assert people(cli, service)["state"] == "ready"
        assert people(cli, service)["examples"] == 15
        assert cli("--backend", service.url, "plan", "--detailed-exitcode").code == 0
        spec.write_text(NER + "checks: {min_accepted: 0.9}\n")
        good = cli("--backend", service.url, "export", "people").out
        for _ in range(2):
            assert apply(cli, service).code == 3
        assert people(cli, service)["state"] == "changed"
        assert cli("--backend", service.url, "export", "people").out == good, "good rows are not lost"
        assert service.asked() == [20]


def test_missing_rows_are_topped_up(one: Path, cli: Cli) -> None:
    (one / "specs" / "people.yaml").write_text(NER + "top_up: true\n")
    with running(Scripted(rows=lambda request, n: named(max(1, request["num_examples"] - 5), 100 * n))) as service:
        assert apply(cli, service).code == 0
        assert service.asked() == [20, 5, 4, 3]
        shown = people(cli, service)
        assert (shown["state"], shown["examples"]) == ("ready", 18)
        assert cli("--backend", service.url, "plan", "--detailed-exitcode").code == 0
        assert apply(cli, service).code == 0
        assert len(service.asked()) == 4


@pytest.mark.parametrize("root", ["/datasets", "/felix/datasets"])
@pytest.mark.parametrize("cumulative", [False, True])
def test_rows_come_from_the_download_of_the_version(one: Path, cli: Cli, root: str, cumulative: bool) -> None:
    with running(Scripted(give="download", datasets=root, cumulative=cumulative)) as service:
        assert apply(cli, service).code == 0
        spec = one / "specs" / "people.yaml"
        spec.write_text(NER.replace("20", "30"))
        assert apply(cli, service).code == 0
        shown = people(cli, service)
        assert (shown["examples"], shown["verified"]) == (30, True)
        assert [job["accepted"] for job in shown["jobs"]] == [20, 10]
        assert [job["version"] for job in shown["jobs"]] == ["1", "2"]
        assert shown["training"] is None, "the lock doesn't say which kind of service this is"


@pytest.mark.parametrize("datasets", [None, "/datasets"])
def test_rows_that_cannot_be_had_are_not_verified(one: Path, cli: Cli, datasets: str | None) -> None:
    with running(Scripted(give="nothing", named=False, datasets=datasets)) as service:
        assert apply(cli, service).code == 0
        job = people(cli, service)["jobs"][0]
        assert job["version"] == "1"
        assert job["inferred"] is (datasets is None)
        assert people(cli, service)["verified"] is (datasets is not None)
        assert cli("--backend", service.url, "check").code == 0
        assert cli("--backend", service.url, "check", "--strict").code == (1 if datasets is None else 0)


LABEL = """\
dataset_name: people
task_type: ner
labels: [person]
inputs: [Ada spoke., Bob left., Eve came., Dan sat., Zoe ran.]
"""


def test_no_annotation_is_no_negative(one: Path, cli: Cli) -> None:
    (one / "specs" / "people.yaml").write_text(LABEL)
    with running(Scripted(items=lambda texts: [{} for _ in texts])) as service:
        answer = apply(cli, service)
        assert answer.code == 3
        assert "0 of 5 texts were annotated" in answer.out
        assert people(cli, service)["state"] == "rejected"
        sent = len(service.seen)
        assert apply(cli, service).code == 3
        assert len(service.seen) == sent, "nothing is bought again"
        service.items = lambda texts: [{"text": text, "entities": []} for text in texts]
        assert apply(cli, service, "--retry", "people").code == 0
        assert people(cli, service)["examples"] == 5


def test_a_text_without_annotation_is_quarantined(one: Path, cli: Cli) -> None:
    (one / "specs" / "people.yaml").write_text(LABEL)

    def items(texts: list[str]) -> list[Any]:
        return [
            {} if text.startswith("Eve") else {"text": text, "entities": [[text.split()[0], "person"]]}
            for text in texts
        ]

    with running(Scripted(items=items)) as service:
        answer = apply(cli, service)
        assert answer.code == 3
        assert "specs/people.yaml:4" in answer.err
        assert people(cli, service)["examples"] == 4
        assert cli("--backend", service.url, "plan", "--detailed-exitcode").code == 0
        shown = cli("--backend", service.url, "show", "people", "--rejected", "--format", "json").json()
        assert [bad["cause"] for bad in shown["rejected"]] == ["no-annotation"]


def test_annotations_that_do_not_meet_changed_checks_stay(one: Path, cli: Cli) -> None:
    spec = one / "specs" / "people.yaml"
    spec.write_text(LABEL)
    bad = {"Eve"}

    def items(texts: list[str]) -> list[Any]:
        return [{} if text.split()[0] in bad else {"text": text, "entities": []} for text in texts]

    with running(Scripted(items=items)) as service:
        assert apply(cli, service).code == 3
        good, sent = cli("--backend", service.url, "export", "people").out, len(service.seen)
        spec.write_text(LABEL + "checks: {min_accepted: 0.9}\n")
        for _ in range(2):
            step = cli("--backend", service.url, "plan", "--format", "json").json()["steps"][0]
            assert (step["action"], step["requests"]) == ("blocked", 0)
            assert "4 of 5 texts were annotated (at least 5 required)" in step["reasons"][0]["text"]
            assert apply(cli, service).code == 3
            assert cli("--backend", service.url, "check").code == 2
        assert cli("--backend", service.url, "export", "people").out == good
        assert len(service.seen) == sent
        bad.clear()
        assert apply(cli, service, "--retry", "people").code == 0
        assert people(cli, service)["examples"] == 5
        assert cli("--backend", service.url, "check").code == 0


def test_a_rejection_is_not_planned_again_and_again(one: Path, cli: Cli) -> None:
    spec = one / "specs" / "people.yaml"
    spec.write_text(LABEL)

    def items(texts: list[str]) -> list[Any]:
        return [{} if text.startswith("Eve") else {"text": text, "entities": []} for text in texts]

    with running(Scripted(items=items)) as service:
        assert apply(cli, service).code == 3
        spec.write_text(LABEL.replace("Zoe ran.", "Zoe ran., Kim ate.") + "checks: {min_accepted: 0.9}\n")
        assert apply(cli, service).code == 3
        sent = len(service.seen)
        step = cli("--backend", service.url, "plan", "--format", "json").json()["steps"][0]
        assert (step["action"], step["requests"]) == ("blocked", 0), "the new checks were applied already"
        assert people(cli, service)["examples"] == 4
        spec.write_text(LABEL.replace("Zoe ran.", "Zoe ran., Kim ate.") + "checks: {min_accepted: 0.8}\n")
        assert apply(cli, service).code == 0
        assert people(cli, service)["examples"] == 5
        assert len(service.seen) == sent


def test_load_gives_locked_rows_and_notices_damage(one: Path, cli: Cli, home: Path) -> None:
    with running(Scripted(rows=lambda *_: named(20))) as service:
        assert apply(cli, service).code == 0
        dataset = pioneer_build.load("people", backend=service.url)
        assert len(dataset) == 20
        assert dataset[0] == {
            "text": "Ada met customer 0.",
            "entities": [{"text": "Ada", "label": "person", "start": 0, "end": 3}],
        }
        assert [row["text"] for row in dataset][-1] == dataset[-1]["text"]
        with pytest.raises(pioneer_build.PioneerError) as caught:
            pioneer_build.load("peopel", backend=service.url)
        assert caught.value.hint == "did you mean 'people'?"
        file = next((home / "data").rglob("rows/**/*.jsonl"))
        file.chmod(0o600)
        file.write_bytes(file.read_bytes().replace(b"customer 3", b"customer 4"))
        with pytest.raises(pioneer_build.PioneerError):
            list(pioneer_build.load("people", backend=service.url))
        assert cli("--backend", service.url, "check").code == 1


def test_splits_never_move_a_row(one: Path, cli: Cli) -> None:
    with running(Scripted()) as service:
        assert apply(cli, service).code == 0
        split = ("--split", "train=0.7,test=0.3", "--to")
        assert cli("--backend", service.url, "export", "people", *split, "first").code == 0
        (one / "specs" / "people.yaml").write_text(NER.replace("20", "60"))
        assert apply(cli, service).code == 0
        assert cli("--backend", service.url, "export", "people", *split, "second").code == 0
        for side in ("train", "test"):
            before = (one / "first" / f"{side}.jsonl").read_text().splitlines()
            assert set(before) <= set((one / "second" / f"{side}.jsonl").read_text().splitlines())
        lines = [
            line for side in ("train", "test") for line in (one / "second" / f"{side}.jsonl").read_text().splitlines()
        ]
        rows = [json.loads(line) for line in lines]
        assert len(rows) == 60
