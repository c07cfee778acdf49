"""Rows that are damaged or on another machine, on real sockets: fetched before more are bought, for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Cli, move_home
from tests.e2e.scripted import Scripted, running
from tests.fakes.server import Fault

if TYPE_CHECKING:
    from pathlib import Path

NER = "dataset_name: people\ntask_type: ner\nlabels: [person]\nnum_examples: {}\n{}\n"
DATASETS, JOB_1 = "GET /datasets", "GET /generate/jobs/job-1"
NOT_THERE = Fault(status=404, body={"success": False, "error": "Dataset not found"})

serviced = pytest.mark.parametrize(
    "service",
    [{"give": "data"}, {"give": "download"}, {"give": "download", "cumulative": True}],
    ids=["data", "download", "cumulative"],
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "one"
    (root / "specs").mkdir(parents=True)
    monkeypatch.chdir(root)
    move_home(monkeypatch, tmp_path / "here")
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "100000")
    return root


def spec(root: Path, size: int, checks: str = "") -> None:
    (root / "specs" / "people.yaml").write_text(NER.format(size, checks))


def damage(tmp_path: Path) -> None:
    for path in (tmp_path / "here" / "data").rglob("*.jsonl"):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes().replace(b"Ada", b"Eve"))


def exported(cli: Cli, url: str) -> set[str]:
    return set(cli("--backend", url, "export", "people").out.splitlines())


@serviced
@pytest.mark.parametrize("is_open", [False, True])
def test_damaged_rows_and_more_examples(
    root: Path, tmp_path: Path, cli: Cli, service: dict[str, bool], *, is_open: bool
) -> None:
    with running(Scripted(datasets="/datasets", **service)) as fake:  # type: ignore[arg-type]
        spec(root, 4)
        assert cli("--backend", fake.url, "apply", "--yes").code == 0
        spec(root, 7)
        if is_open:
            assert cli("--backend", fake.url, "apply", "--yes", "--no-wait").code == 0
        damage(tmp_path)
        assert cli("--backend", fake.url, "apply", "--yes").code == 0
        assert fake.asked() == [4, 3]
        assert cli("--backend", fake.url, "check", "--strict").code == 0
        assert len(exported(cli, fake.url)) == 7


@pytest.mark.parametrize("is_open", [False, True])
def test_damaged_rows_that_the_service_lost(root: Path, tmp_path: Path, cli: Cli, *, is_open: bool) -> None:
    with running(Scripted(datasets="/datasets")) as fake:
        spec(root, 4)
        assert cli("--backend", fake.url, "apply", "--yes").code == 0
        spec(root, 7)
        if is_open:
            assert cli("--backend", fake.url, "apply", "--yes", "--no-wait").code == 0
        damage(tmp_path)
        fake.always(DATASETS, NOT_THERE)
        fake.always(JOB_1, Fault(status=404, body={"detail": "Job not found"}))
        sent = [4, 3] if is_open else [4]
        for _ in range(2):
            ended = cli("--backend", fake.url, "apply", "--yes")
            assert ended.code == 3
            assert "the rows of job job-1 are damaged on this machine" in " ".join((ended.out + ended.err).split())
            assert fake.asked() == sent
        fake.always(DATASETS, None)
        assert cli("--backend", fake.url, "apply", "--yes").code == 0
        assert fake.asked() == [4, 3]
        assert len(exported(cli, fake.url)) == 7


def test_rows_that_cant_be_told_from_lost_ones_are_not_mixed_with_them(root: Path, tmp_path: Path, cli: Cli) -> None:
    with running(Scripted(datasets="/datasets", give="download", cumulative=True)) as fake:
        spec(root, 4)
        assert cli("--backend", fake.url, "apply", "--yes").code == 0
        spec(root, 7)
        assert cli("--backend", fake.url, "apply", "--yes", "--no-wait").code == 0
        damage(tmp_path)
        first = "GET /datasets/people/1/download"
        fake.always(first, NOT_THERE)
        ended = cli("--backend", fake.url, "apply", "--yes")
        assert ended.code == 3
        said = " ".join((ended.out + ended.err).split())
        assert "its rows can't be told from those of job job-1, which are missing or damaged on this machine" in said
        fake.always(first, None)
        assert cli("--backend", fake.url, "apply", "--yes").code == 0
        assert fake.asked() == [4, 3]
        assert len(exported(cli, fake.url)) == 7


@serviced
@pytest.mark.parametrize("size", [6, 8, 9])
def test_rejected_rows_on_another_machine(
    root: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, service: dict[str, bool], size: int
) -> None:
    with running(Scripted(datasets="/datasets", **service)) as fake:  # type: ignore[arg-type]
        spec(root, 4)
        assert cli("--backend", fake.url, "apply", "--yes").code == 0
        spec(root, 4, "checks: {min_chars: 300}")
        assert cli("--backend", fake.url, "apply", "--yes", "--retry", "people").code == 3
        spec(root, size)
        move_home(monkeypatch, tmp_path / "elsewhere")
        said = " ".join(cli("--backend", fake.url, "plan").out.split())
        assert "the rows of job job-2, which was rejected, are not on this machine: `apply` fetches and checks" in said
        first = cli("--backend", fake.url, "apply", "--yes")
        assert fake.asked() == [4, 4]
        assert first.code == (3 if size > 8 else 0)
        assert cli("--backend", fake.url, "apply", "--yes").code == 0
        assert fake.asked() == ([4, 4, 1] if size > 8 else [4, 4])
        assert cli("--backend", fake.url, "check", "--strict").code == 0
        assert len(exported(cli, fake.url)) == size
