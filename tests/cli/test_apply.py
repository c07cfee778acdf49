"""`apply`: what it refuses before it sends anything, what it asks, and the code it ends with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.cli import apply as module
from pioneer_build.errors import PioneerError
from pioneer_build.plan import Plan, Step
from tests.built import home, write_spec
from tests.e2e.scripted import Scripted, running
from tests.made import Made, classes, spec_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    with running(Scripted()) as service:
        monkeypatch.setenv("PIONEER_BACKEND", service.url)
        yield service


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "specs").mkdir()
    (folder / "specs" / "people.yaml").write_text(spec_text("people", "ner", labels=["person"], num_examples=2))
    return folder


def sent(service: Scripted) -> int:
    return len([seen for seen in service.seen if seen.target.endswith("/generate")])


# -- before anything is sent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("plan.json", "--select", "people"), 64, "a saved plan can't be combined with --select, --exclude, --resub"),
        (("plan.json", "--retry", "people"), 64, "a saved plan can't be combined with --select, --exclude, --resub"),
        (("people",), 64, "for one dataset: pioneer-build apply --select people"),
        (("no/plan.json",), 64, "no saved plan 'no/plan.json'\n  help: pioneer-build plan --out FILE saves a plan\n"),
        (("--max-requests", "0"), 1, "the plan needs 1 request, but the budget is 0; nothing was sent"),
        (("--yes", "--max-examples", "1"), 1, "the plan needs 2 examples, but the budget is 1; nothing was sent"),
        (("--retry", "poeple"), 1, "there is no dataset 'poeple'"),
        (
            (),
            1,
            (
                "confirmation needed: this would send 1 paid request, but stdin is not a terminal\n"
                "  help: pass --yes or a plan file; nothing was sent"
            ),
        ),
    ],
)  # fmt: skip
def test_refused(cli: Any, project: Path, service: Scripted, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = cli("apply", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert service.seen == []
    assert not (project / "pioneer.lock").exists()


def test_limits_of_the_project_hold_where_no_flag_says_otherwise(cli: Any, project: Path, service: Scripted) -> None:
    (project / "pioneer.yaml").write_text("version: 1\nlimits: {max_examples: 1}\n")
    assert "the budget is 1" in cli("apply", "--yes").err
    assert service.seen == []
    assert cli("apply", "--yes", "--max-examples", "2").code == 0


@pytest.mark.parametrize("answer", [True, False])
def test_a_terminal_is_asked(
    cli: Any, project: Path, service: Scripted, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    asked = []

    def confirm(question: str, **more: Any) -> bool:
        asked.append((question, more))
        return answer

    monkeypatch.setattr(module.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(module.click, "confirm", confirm)
    ran = cli("apply")
    assert asked == [("Submit?", {"default": False, "err": True})]
    assert "+ people  create  2 examples, 1 request" in ran.err, "the plan is shown before the question"
    assert (ran.code, sent(service)) == ((0, 1) if answer else (1, 0))
    assert ("not confirmed; nothing was sent" in ran.err) is not answer


def test_only_what_costs_or_deletes_is_asked_about() -> None:
    assert module._needs_consent(Plan("x", (Step("a", "create", requests=1),)))
    delete = Plan("x", (Step("a", "delete", deletes=("a", "a-0badcafe")),))
    assert module._needs_consent(delete)
    assert not module._needs_consent(Plan("x", (Step("a", "delete"),))), "all of it stays for other datasets"
    assert not module._needs_consent(
        Plan("x", (Step("a", "create", requests=1, refused="no"), Step("b", "resume"), Step("c", "label")))
    )
    message = "this would delete on the service: a, a-0badcafe, but stdin is not a terminal"
    with pytest.raises(PioneerError, match=message):
        module._ask(delete)
    both = Plan("x", (*delete.steps, Step("b", "create", requests=1)))
    with pytest.raises(PioneerError, match="this would send 1 paid request and delete on the service: a, a-0badcafe"):
        module._ask(both)


# -- what is done --------------------------------------------------------------------------------------------------


def test_a_plan_is_shown_and_done(cli: Any, project: Path, service: Scripted) -> None:
    ran = cli("apply", "--yes")
    assert (ran.code, sent(service)) == (0, 1)
    assert ran.err.startswith("+ people  create  2 examples, 1 request\n")
    assert "\npeople: job " in ran.err
    assert ran.out.startswith("✓ people  done")
    assert "Sent 1 request for 2 examples. pioneer.lock was written" in " ".join(ran.out.split())
    again = cli("apply", "--yes")
    assert (again.code, again.out, again.err) == (0, "Nothing to do: 1 dataset up to date.\n", "")
    assert cli("-q", "apply", "--yes").out == ""
    assert sent(service) == 1


def test_as_json(cli: Any, project: Path, service: Scripted) -> None:
    ran = cli("apply", "--yes", "--format", "json")
    value = json.loads(ran.out)
    assert (ran.code, value["good"], value["requests"], value["examples"]) == (0, True, 1, 2)
    assert [(one["dataset_name"], one["result"]) for one in value["datasets"]] == [("people", "done")]
    assert "create  2 examples" not in ran.err, "the plan is for people"


def test_quiet_says_job_ids_and_what_went_wrong(cli: Any, project: Path, service: Scripted) -> None:
    service.rows = lambda *_: []
    ran = cli("-q", "apply", "--yes")
    assert ran.code == 3
    assert ran.err.startswith("people: ")
    assert ran.err.count("\n") == 1
    assert ran.out.startswith("✗ people  rejected")


def test_a_saved_plan_needs_no_consent(cli: Any, project: Path, service: Scripted) -> None:
    assert cli("plan", "--out", str(project / "plan.json")).code == 0
    assert cli("apply", str(project / "plan.json")).code == 0
    assert sent(service) == 1


def test_an_engine_in_this_process_is_waited_for(cli: Any, folder: Path, tmp_path: Path) -> None:
    made = Made(folder.resolve(), tmp_path / "store")
    classes(made, "one", 2)
    made.write_lock()
    ran = cli("apply", "--no-wait")
    assert (ran.code, ran.out) == (64, "")
    assert "--no-wait can't be used with the backend local: its work ends with this process" in ran.err


def test_a_dataset_that_the_settings_name_is_not_compared_with_itself(
    cli: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home(folder, monkeypatch)
    settings = "version: 1\nbackend: local\nchecks: {no_overlap_with: [gold], min_accepted: 0.1%s}\n"
    (folder / "pioneer.yaml").write_text(settings % "")
    write_spec(folder, "gold.yaml", spec_text("gold", "classification", labels=["x", "y"], num_examples=4))
    assert cli("apply", "--yes").code == 0
    assert cli("check", "--strict").code == 0
    (folder / "pioneer.yaml").write_text(settings % ", min_chars: 1")
    ran = cli("apply", "--yes")
    assert ran.code == 0, ran.err
    ran = cli("plan", "--retry", "gold")
    assert "Nothing to do" in ran.out, ran.out
    assert cli("check", "--strict").code == 0
