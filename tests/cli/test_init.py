"""`init`: what it writes is valid, it never overwrites, and the key of a call is never kept."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.parse import parse_files
from tests.fakes.chat_server import ChatServer
from tests.operations.init.calls import CALL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def test_an_empty_folder_becomes_a_valid_project(cli: Callable[..., object], folder: Path) -> None:
    assert cli("init").code == 0
    assert cli("validate").out == "4 datasets in 3 files: valid\n"
    assert "4 requests for 126 examples" in cli("plan").out
    for spec in (folder / "specs").glob("*.yaml"):
        schema = spec.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
        assert json.loads((spec.parent / schema).read_bytes())["title"] == "A dataset of pioneer-build"


def test_a_second_run_changes_nothing(cli: Callable[..., object], folder: Path) -> None:
    cli("init")
    before = _files(folder)
    ran = cli("init")
    assert (ran.code, _files(folder)) == (0, before)
    assert "is already a project; nothing was written" in ran.out


def test_nothing_that_is_there_is_overwritten(cli: Callable[..., object], folder: Path) -> None:
    (folder / "specs").mkdir()
    mine = {
        "specs/mine.yaml": b"dataset_name: mine\ntask_type: decoder\nnum_examples: 1\n",
        ".gitignore": b"*.tmp",
        "pioneer.yaml": b"version: 1\n",
    }
    for name, data in mine.items():
        (folder / name).write_bytes(data)
    assert cli("init").code == 0
    after = _files(folder)
    assert after["specs/mine.yaml"] == mine["specs/mine.yaml"]
    assert after["pioneer.yaml"] == mine["pioneer.yaml"]
    assert after[".gitignore"].startswith(b"*.tmp\n# pioneer-build")
    assert [name for name in after if name.startswith("specs/")] == ["specs/mine.yaml"]


def test_the_setting_of_the_specs_folder_is_kept(cli: Callable[..., object], folder: Path) -> None:
    (folder / "pioneer.yaml").write_text("version: 1\nspecs: data/sets\nbackend: local\n")
    cli("init")
    assert (folder / "data/sets/support-intents.yaml").exists()
    assert "$schema=../../.pioneer/spec" in (folder / "data/sets/support-intents.yaml").read_text()
    assert cli("validate").code == 0


def test_the_merge_driver_is_set_up(cli: Callable[..., object], folder: Path) -> None:
    subprocess.run(["git", "init", "-q", folder], check=True)
    assert "dataset by dataset" in cli("init").out
    said = subprocess.run(
        ["git", "config", "merge.pioneer-lock.driver"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    assert "pioneer-build merge-lock %O %A %B" in said
    value = json.loads(cli("init", "--format", "json").out)
    assert value["merge_driver"] is True
    assert value["new"] == []


def test_a_folder_that_is_not_there_is_made(cli: Callable[..., object], folder: Path) -> None:
    assert cli("-C", str(folder / "a/b"), "init").code == 0
    assert (folder / "a/b/pioneer.yaml").exists()


def test_calls_become_specs_and_the_key_is_dropped(cli: Callable[..., object], folder: Path) -> None:
    (folder / "call.sh").write_text(CALL)
    ran = cli("init", "--from", "call.sh")
    assert ran.code == 0
    assert "'multi_label'" in ran.err
    (folder / "call.sh").unlink()
    found = parse_files(sorted((folder / "specs").glob("*.yaml")), folder)
    assert found.problems == ()
    label, ner = found.specs
    assert (ner.dataset_name, ner.labels, ner.num_examples) == ("my-ner-dataset", ("person", "company", "no"), 100)
    assert ner.domain_description == "Tech news: it's new"
    assert (label.dataset_name, label.task_type) == ("call", "ner")
    assert label.inputs is not None
    assert not any(b"not_to_be_kept" in data for data in _files(folder).values())
    assert "not_to_be_kept" not in ran.out + ran.err


def test_many_texts_go_into_a_file(cli: Callable[..., object], folder: Path) -> None:
    texts = [f"text {number}\nof two lines" for number in range(30)]
    body = {"task_type": "ner", "dataset_name": "mine", "labels": ["a"], "inputs": texts}
    (folder / "body.json").write_text(json.dumps(body))
    assert cli("init", "--from", "body.json").code == 0
    assert "30 texts" in cli("plan").out


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("hello", "neither a JSON object nor a curl command"),
        ("curl -d @body.json https://api.pioneer.ai/generate", "reads its body from 'body.json'"),
        ("curl -d '{\"a\": 1' u", "is not JSON"),
        ("curl -d '{", "never closed"),
        ("curl https://api.pioneer.ai/generate/jobs/x", "none of the curl commands has a body"),
        ('{"task_type": "ner", "dataset_name": "x", "labels": ["a"], "num_examples": "5"}', "whole number"),
        ('{"labels": ["a"], "inputs": ["b"]}', "doesn't contain the task type"),
        ("[1]", "a JSON object"),
        ("{" * 100_000, "JSON"),
    ],
)
def test_what_is_no_request_is_refused_and_nothing_written(
    cli: Callable[..., object], folder: Path, text: str, word: str
) -> None:
    (folder / "it").write_text(text)
    ran = cli("init", "--from", "it")
    assert ran.code == 1
    assert word in ran.err
    assert list(_files(folder)) == ["it"]


def test_a_name_that_is_taken_is_refused(cli: Callable[..., object], folder: Path) -> None:
    (folder / "call.sh").write_text(CALL)
    cli("init", "--from", "call.sh")
    assert "there is already a dataset 'my-ner-dataset'" in cli("init", "--from", "call.sh").err


@pytest.mark.parametrize("arguments", [("init", "--backend", "model"), ("--backend", "model", "init")])
def test_a_project_for_a_language_model(cli: Callable[..., object], folder: Path, arguments: tuple[str, ...]) -> None:
    """It is valid with and without its comments, and builds as it is."""
    assert cli(*arguments).code == 0
    assert cli("validate").out == "4 datasets in 3 files: valid\n"
    settings = (folder / "pioneer.yaml").read_text()
    assert "api_key_env" in settings
    specs = {path.stem: path.read_text() for path in (folder / "specs").glob("*.yaml")}
    assert "  refund: The customer wants money back\n" in specs["support-intents"]
    assert "ner_examples:" in specs["support-mail"]
    assert "classified_examples:" in specs["reviews"]
    with ChatServer() as chat:
        uncommented = re.sub(r"^  # ([a-z_]+: )", r"  \1", settings, flags=re.MULTILINE)
        (folder / "pioneer.yaml").write_text(uncommented)
        assert cli("validate").code == 0
        (folder / "pioneer.yaml").write_text(settings.replace("http://127.0.0.1:8000/v1\n", f"{chat.url}\n"))
        ran = cli("apply", "--yes")
        assert ran.code == 0, ran.err
        assert cli("check").code == 0
        assert any("The customer wants money back" in call.system for call in chat.calls)
    before = _files(folder)
    ran = cli(*arguments)
    assert (ran.code, _files(folder)) == (0, before)
    assert "kept as it is" not in ran.err


def test_settings_that_are_there_are_kept_and_named(cli: Callable[..., object], folder: Path) -> None:
    (folder / "pioneer.yaml").write_text("version: 1\nbackend: local\n")
    ran = cli("init", "--backend", "model")
    assert ran.code == 0
    assert "pioneer.yaml is kept as it is" in ran.err
    assert (folder / "pioneer.yaml").read_text() == "version: 1\nbackend: local\n"


def test_the_variable_chooses_a_language_model_as_the_option_does(
    cli: Callable[..., object], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIONEER_BACKEND", "model")
    ran = cli("init")
    assert ran.code == 0, ran.err
    by_variable = _files(folder)
    for name in by_variable:
        (folder / name).unlink()
    monkeypatch.delenv("PIONEER_BACKEND")
    assert cli("init", "--backend", "model").code == 0
    assert by_variable == _files(folder)
    assert b"api_key_env" in by_variable["pioneer.yaml"]


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
def test_nothing_is_added_to_a_file_of_git(cli: Callable[..., Any], folder: Path, name: str) -> None:
    """A repository may bring such a link; with another line in its settings, git runs what they name, or nothing."""
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / name).symlink_to(".git/config")
    before = (folder / ".git" / "config").read_bytes()
    ran = cli("init")
    assert ran.code == 1
    assert "is in a folder of git" in ran.err
    assert "remove the link" in ran.err
    assert (folder / ".git" / "config").read_bytes() == before
    (folder / name).unlink()
    (folder / "specs").symlink_to(".git/specs")
    assert cli("init").code == 1
    assert not (folder / ".git" / "specs").exists()
