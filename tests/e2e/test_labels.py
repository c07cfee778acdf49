"""Texts to label: only what is new goes out, and nothing is lost whatever dies."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Answer, Cli, process
from tests.e2e.scripted import Scripted, running
from tests.fakes.server import Fault

SPEC = "dataset_name: tickets\ntask_type: ner\nlabels: [word]\ninputs: {path: PATH, field: body, id: key}\n"
DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def tickets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "tickets"
    (root / "specs" / "data").mkdir(parents=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "1000000")
    return root


def declare(root: Path, path: str) -> None:
    (root / "specs" / "tickets.yaml").write_text(SPEC.replace("PATH", json.dumps(path)))


def write(root: Path, count: int, start: int = 0, name: str = "t.jsonl") -> None:
    lines = [json.dumps({"key": i, "body": f"word{i} stands here"}) for i in range(start, start + count)]
    (root / "specs" / "data" / name).write_text("".join(f"{line}\n" for line in lines))


def batches(service: Scripted) -> list[int]:
    """The number of texts of each label request."""
    return [len(seen.json()["inputs"]) for seen in service.seen if seen.target.endswith("label-existing")]


def apply(cli: Cli, service: Scripted, *more: str) -> Answer:
    return cli("--backend", service.url, "apply", "--yes", "--format", "json", *more)


def rows(cli: Cli, service: Scripted) -> list[dict[str, Any]]:
    return [json.loads(line) for line in cli("--backend", service.url, "export", "tickets").out.splitlines()]


def test_full_batches_across_files_and_then_only_what_is_new(tickets: Path, cli: Cli) -> None:
    write(tickets, 700, 0, "a.jsonl")
    write(tickets, 800, 700, "b.jsonl")
    declare(tickets, "data/*.jsonl")
    with running(Scripted()) as service:
        assert apply(cli, service).code == 0
        assert sorted(batches(service)) == [500, 1000]
        assert [row["id"] for row in rows(cli, service)] == list(range(1500))
        assert apply(cli, service).json()["requests"] == 0
        # one changed text: one request with one input
        file = tickets / "specs" / "data" / "b.jsonl"
        file.write_text(file.read_text().replace("word900 stands", "word900 stood"))
        plan = cli("--backend", service.url, "plan", "--format", "json").json()["steps"][0]
        assert (plan["action"], plan["requests"], plan["examples"], plan["total"]) == ("label", 1, 1, 1500)
        assert apply(cli, service).json()["examples"] == 1
        assert batches(service)[-1] == 1
        # removed, reordered, duplicated: nothing goes out, and the rows follow
        lines = file.read_text().splitlines()
        file.write_text("\n".join([*reversed(lines[1:]), '{"key": "again", "body": "word1 stands here"}']) + "\n")
        assert apply(cli, service).json()["requests"] == 0
        assert [row["id"] for row in rows(cli, service)] == [*range(700), *range(1499, 700, -1), "again"]
        # back again: free
        assert cli("--backend", service.url, "plan", "--detailed-exitcode").code == 0


def test_every_format_gives_the_same_rows(tickets: Path, cli: Cli) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("zstandard")
    import pyarrow
    import pyarrow.parquet
    import zstandard

    texts = ['word, with a comma and a "quote"', "word\nover two lines", "wörd 🎈 end"]
    data = tickets / "specs" / "data"
    jsonl = "".join(json.dumps({"key": i, "body": text}) + "\n" for i, text in enumerate(texts)).encode()
    quoted = [text.replace('"', '""') for text in texts]
    cells = "".join(f'{i},"{text}"\r\n' for i, text in enumerate(quoted))
    files = {
        "t.jsonl": jsonl,
        "t.jsonl.gz": gzip.compress(jsonl),
        "t.jsonl.zst": zstandard.compress(jsonl),
        "t.json": json.dumps([{"key": i, "body": text} for i, text in enumerate(texts)]).encode(),
        "t.csv": b"\xef\xbb\xbf" + f"key,body\r\n{cells}".encode(),
        "t.tsv": cells.replace(',"', '\t"').replace("\r\n", "\n").join(["key\tbody\n", ""]).encode(),
    }
    with running(Scripted()) as service:
        for name, content in files.items():
            (data / name).write_bytes(content)
            declare(tickets, f"data/{name}")
            assert apply(cli, service).code == 0, name
            assert [row["text"] for row in rows(cli, service)] == texts, name
        pyarrow.parquet.write_table(pyarrow.table({"key": [0, 1, 2], "body": texts}), data / "t.parquet")
        declare(tickets, "data/t.parquet")
        assert apply(cli, service).code == 0
        assert [row["text"] for row in rows(cli, service)] == texts
        assert batches(service) == [3], "a text is the same in whatever file it stands"


def test_bad_rows_are_all_named_before_anything_is_sent(tickets: Path, cli: Cli) -> None:
    (tickets / "specs" / "data" / "t.jsonl").write_text(
        '{"key": 1, "body": "fine"}\n{"key": 2, "body": ""}\n{"key": 1, "body": "again"}\n'
        '{"key": 4, "bdy": "x"}\n{oops\n'
    )
    declare(tickets, "data/t.jsonl")
    with running(Scripted()) as service:
        answer = cli("--backend", service.url, "apply", "--yes")
        assert answer.code == 1
        for line in (2, 4, 5):
            assert f"specs/data/t.jsonl:{line}" in answer.err, line
        assert not service.seen


def test_a_poisonous_text_is_found_and_named(tickets: Path, cli: Cli) -> None:
    write(tickets, 1200)
    declare(tickets, "data/t.jsonl")

    class Picky(Scripted):
        def _label(self, task: str, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
            if any(text.startswith("word77 ") for text in request["inputs"]):
                return 422, {}, json.dumps({"detail": "inputs: one is not allowed", "errors": ["inputs.0"]}).encode()
            return super()._label(task, request)

    with running(Picky()) as service:
        answer = cli("--backend", service.url, "apply", "--yes")
        assert answer.code == 3
        assert "specs/data/t.jsonl:78" in answer.err
        assert len(batches(service)) < 30
        assert len(rows(cli, service)) == 1199
        sent = len(batches(service))
        assert cli("--backend", service.url, "plan", "--detailed-exitcode").code == 0
        assert apply(cli, service).json()["requests"] == 0
        assert len(batches(service)) == sent
        # with --retry it is tried again
        service.__class__ = Scripted
        assert apply(cli, service, "--retry", "tickets").code == 0
        assert batches(service)[-1] == 1
        assert len(rows(cli, service)) == 1200


def test_an_outage_is_not_multiplied(tickets: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tickets, 5000)
    declare(tickets, "data/t.jsonl")
    with running(Scripted()) as service:
        service.always("POST /generate/ner/label-existing", Fault(status=500, body={"error": "x", "message": "down"}))
        answer = apply(cli, service)
        assert answer.code == 3
        assert len(batches(service)) <= 8
        service.always("POST /generate/ner/label-existing", None)
        assert apply(cli, service).json()["examples"] == 5000


def _trim(text: str) -> str:
    return text.strip()


def _decompose(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize("echo", [_trim, _decompose, lambda text: _decompose(_trim(text))])
def test_an_echo_that_is_trimmed_or_normalised_is_aligned_and_spans_are_the_authors(
    tickets: Path, cli: Cli, echo: Callable[[str], str]
) -> None:
    texts = [f"  Zoë{i} lives in Köln. " if i % 2 else f"Nobody{i} lives in Rom." for i in range(200)]
    (tickets / "specs" / "data" / "t.jsonl").write_text(
        "".join(json.dumps({"key": i, "body": text}) + "\n" for i, text in enumerate(texts))
    )
    declare(tickets, "data/t.jsonl")

    def items(sent: list[str]) -> list[Any]:
        found = []
        for said in map(echo, sent):
            start = said.index(" in ") + 4
            span = said[start : said.index(".")]
            found.append(
                {"text": said, "entities": [{"text": span, "label": "word", "start": start, "end": start + len(span)}]}
            )
        return found

    with running(Scripted(items=items)) as service:
        answer = apply(cli, service)
        assert (answer.code, answer.json()["requests"], batches(service)) == (0, 1, [200])
        for text, row in zip(texts, rows(cli, service), strict=True):
            (entity,) = row["entities"]
            assert row["text"] == text
            assert entity["text"] == text[entity["start"] : entity["end"]] == ("Köln" if "Köln" in text else "Rom")


def test_a_few_echoes_of_other_texts_spoil_nothing(tickets: Path, cli: Cli) -> None:
    write(tickets, 200)
    declare(tickets, "data/t.jsonl")

    def items(sent: list[str]) -> list[Any]:
        return [{"text": text.upper() if text.startswith("word7 ") else text, "entities": []} for text in sent]

    with running(Scripted(items=items)) as service:
        answer = apply(cli, service)
        assert (answer.code, batches(service)) == (3, [200])
        assert "1 text got no usable annotation" in answer.json()["datasets"][0]["message"]
        assert len(rows(cli, service)) == 199
        assert apply(cli, service).json()["requests"] == 0


def test_a_service_that_answers_for_other_texts_is_asked_once(tickets: Path, cli: Cli) -> None:
    write(tickets, 3000)
    declare(tickets, "data/t.jsonl")
    with running(Scripted(items=lambda sent: [{"text": "other", "entities": []} for _ in sent])) as service:
        assert apply(cli, service).code == 3
        assert apply(cli, service).code == 3
        assert batches(service) == [1000]


@pytest.mark.parametrize("answer", [[], [{"text": "other", "entities": []}] * 2, {"results": "no"}])
def test_what_cannot_be_aligned_is_an_error_and_no_guess(tickets: Path, cli: Cli, answer: Any) -> None:
    write(tickets, 2)
    declare(tickets, "data/t.jsonl")
    with running(Scripted()) as service:
        service.always("POST /generate/ner/label-existing", Fault(status=200, body=answer))
        assert apply(cli, service).code == 3
        assert cli("--backend", service.url, "export", "tickets").code == 1


def test_killed_the_next_run_sends_only_what_was_in_flight(tickets: Path, cli: Cli) -> None:
    write(tickets, 20_000)
    declare(tickets, "data/t.jsonl")
    with running(Scripted()) as service:
        running_apply = process("-v", "--backend", service.url, "apply", "--yes", cwd=tickets)
        assert running_apply.stderr is not None
        for line in running_apply.stderr:
            found = re.search(r"([\d,]+) of 20,000 texts", line)
            if found and int(found[1].replace(",", "")) >= 4000:
                break
        os.kill(running_apply.pid, signal.SIGKILL)
        running_apply.communicate()
        step = cli("--backend", service.url, "plan", "--format", "json").json()["steps"][0]
        assert step["examples"] <= 16_000
        finished = apply(cli, service)
        assert (finished.code, finished.json()["examples"]) == (0, step["examples"])
        assert sum(batches(service)) <= 20_000 + 8 * 1000, "no more than what was in flight went out again"
        assert len(rows(cli, service)) == 20_000


def test_lost_annotations_are_not_bought_again_silently(
    tickets: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(tickets, 30)
    declare(tickets, "data/t.jsonl")
    with running(Scripted()) as service:
        assert apply(cli, service).code == 0
        for variable in ("STATE", "DATA", "CACHE"):
            monkeypatch.setenv(f"XDG_{variable}_HOME", str(tmp_path / "elsewhere" / variable))
        plan = cli("--backend", service.url, "plan", "--format", "json").json()
        assert plan["summary"]["requests"] == 0
        assert "--relabel tickets" in plan["steps"][0]["command"]
        assert apply(cli, service).code == 3
        assert batches(service) == [30]
        assert apply(cli, service, "--relabel", "tickets").code == 0
        assert batches(service) == [30, 30]


@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not beside this checkout")
@pytest.mark.parametrize("name", ["banking77_train", "sms_spam", "wikigold_sample"])
def test_real_text_goes_through_whole(tickets: Path, cli: Cli, name: str) -> None:
    source = (DATA / f"{name}.jsonl").read_text()
    (tickets / "specs" / "data" / "real.jsonl").write_text(source)
    (tickets / "specs" / "tickets.yaml").write_text(
        "dataset_name: tickets\ntask_type: ner\nlabels: [word]\ninputs: data/real.jsonl\n"
    )
    with running(Scripted(items=lambda texts: [{"text": text, "entities": []} for text in texts])) as service:
        assert apply(cli, service).code == 0
        texts = [json.loads(line)["text"] for line in source.splitlines()]
        assert [row["text"] for row in rows(cli, service)] == texts
        assert sum(batches(service)) == len(set(texts))
