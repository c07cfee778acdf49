"""Every row of the table of changes, black box: specs in, `plan` and `apply` of the local backend, lock out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.plan_project import SUPPORT, TICKETS, PlanProject, folders

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("onnxruntime", reason="the extra 'local' is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlanProject:
    folders(tmp_path, monkeypatch)
    return PlanProject(tmp_path / "project")


def test_the_life_of_a_generate_spec(project: PlanProject) -> None:
    project.spec("support", SUPPORT)
    step = project.plan()["support"]
    assert (step["action"], step["requests"], step["examples"], step["total"]) == ("create", 1, 4, 4)
    assert step["remote_name"] == "support"
    assert project.apply()["requests"] == 1
    assert project.action("support") == "none"
    assert project.run("plan", "--detailed-exitcode").out.startswith("Nothing to do")
    first = project.lock("support")

    # cosmetic: nothing
    project.edit("support", "[billing, refund]", "[refund, billing]  # an order for people")
    project.edit("support", "num_examples: 4", "num_examples: 4\nowner: me\ntags: [prod]")
    (project.root / "specs" / "moved").mkdir()
    (project.root / "specs" / "support.yaml").rename(project.root / "specs" / "moved" / "support.yaml")
    assert project.action("support") == "none"
    project.remove("moved/support")
    project.spec("support", SUPPORT)

    # shrink, and grow again within what was bought
    project.edit("support", "num_examples: 4", "num_examples: 2")
    step = project.plan()["support"]
    assert (step["action"], step["requests"], step["total"]) == ("shrink", 0, 2)
    assert step["reasons"] == [
        {"field": "num_examples", "text": "4 → 2; the store keeps all rows", "old": 4, "new": 2}
    ]  # fmt: skip
    assert project.apply()["requests"] == 0
    assert project.lock("support")["examples"] == 2
    assert project.action("support") == "none"
    project.edit("support", "num_examples: 2", "num_examples: 3")
    step = project.plan()["support"]
    assert (step["action"], step["requests"]) == ("extend", 0)
    assert project.apply()["requests"] == 0

    # extend
    project.edit("support", "num_examples: 3", "num_examples: 6")
    step = project.plan()["support"]
    assert (step["action"], step["requests"], step["examples"], step["remote_name"]) == ("extend", 1, 2, "support")
    assert project.apply()["requests"] == 1
    extended = project.lock("support")
    assert [job["asked"] for job in extended["jobs"]] == [4, 2]
    assert extended["jobs"][0] == first["jobs"][0]

    # replace, shown with old and new
    project.edit("support", "[billing, refund]", "[billing, other]")
    step = project.plan()["support"]
    assert (step["action"], step["requests"], step["examples"]) == ("replace", 1, 6)
    assert step["reasons"] == [
        {"field": "labels", "text": '+ "other", - "refund"', "old": ["refund"], "new": ["other"]}
    ]  # fmt: skip
    assert step["remote_name"].startswith("support-")
    assert len(step["remote_name"]) == len("support-") + 8
    assert project.run("plan", "--detailed-exitcode", code=2).code == 2
    project.apply()
    replaced = project.lock("support")
    assert replaced["fingerprint"][4:12] == step["remote_name"][8:]
    assert [job["remote_name"] for job in replaced["jobs"]] == ["support", "support", step["remote_name"]]

    # restore, and back
    project.edit("support", "[billing, other]", "[billing, refund]")
    step = project.plan()["support"]
    assert (step["action"], step["requests"]) == ("restore", 0)
    assert project.apply()["requests"] == 0
    assert project.lock("support")["content"] == extended["content"]
    project.edit("support", "[billing, refund]", "[other, billing]")
    assert project.apply()["requests"] == 0
    project.edit("support", "[other, billing]", "[billing, refund]")
    project.edit("support", "num_examples: 6", "num_examples: 7")
    step = project.plan()["support"]
    assert (step["action"], step["requests"], step["examples"]) == ("restore", 1, 1)
    project.apply()
    assert project.lock("support")["examples"] == 7

    # update
    project.edit("support", "num_examples: 7", "num_examples: 7\nprotect: true")
    step = project.plan()["support"]
    assert (step["action"], step["requests"]) == ("update", 0)
    project.apply()
    assert project.lock("support")["protect"] is True
    assert project.action("support") == "none"


def test_forget_and_come_back(project: PlanProject) -> None:
    project.spec("support", SUPPORT)
    project.spec("tickets", TICKETS)
    project.spec("third", SUPPORT.replace("support", "third").replace("refund", "praise"))
    project.apply()
    before = project.lock("support"), project.lock("tickets")
    project.remove("support")
    project.remove("tickets")
    steps = project.plan()
    assert {name: step["action"] for name, step in steps.items()} == {
        "support": "forget", "tickets": "forget", "third": "none"
    }  # fmt: skip
    assert project.apply()["requests"] == 0
    assert project.lock("support")["state"] == project.lock("tickets")["state"] == "forgotten"
    assert not [step for step in project.plan().values() if step["action"] != "none"]

    project.spec("support", SUPPORT)
    project.spec("tickets", TICKETS)
    steps = project.plan()
    assert {steps[name]["action"] for name in ("support", "tickets")} == {"restore"}
    assert {steps[name]["requests"] for name in ("support", "tickets")} == {0}
    assert project.apply()["requests"] == 0
    assert (project.lock("support"), project.lock("tickets")) == before

    # gone for good: asked for by a flag, and only where there is something on the service
    project.remove("support")
    project.remove("tickets")
    steps = project.plan("--delete-remote")
    assert {name: step["action"] for name, step in steps.items()} == {
        "support": "delete", "tickets": "forget", "third": "none"
    }  # fmt: skip
    names = list(dict.fromkeys(job["remote_name"] for job in project.lock("support")["jobs"]))
    assert steps["support"]["deletes"] == names
    listed = f"deletes on the service, with all versions: {', '.join(names)}"
    assert listed in " ".join(project.run("plan", "--delete-remote").out.split())
    page = project.run("plan", "--delete-remote", "--format", "markdown").out
    assert f"- deletes on the service, with all versions: {', '.join(f'`{name}`' for name in names)}" in page
    assert project.run("apply", code=None).code == 0, "forgetting needs no consent"
    asked = project.run("apply", "--delete-remote", code=1).err
    assert "stdin is not a terminal" in asked
    assert f"this would delete on the service: {', '.join(names)}" in " ".join(asked.split())
    (done,) = [one for one in project.apply("--delete-remote")["datasets"] if one["dataset_name"] == "support"]
    assert done["deleted"] == names
    assert f"deleted on the service: {', '.join(names)};" in done["message"]
    assert all(job["deleted"] for job in project.lock("support")["jobs"])
    assert not [step for step in project.plan("--delete-remote").values() if step["action"] != "none"]

    # what was deleted there is still in the store
    project.spec("support", SUPPORT)
    step = project.plan()["support"]
    assert (step["action"], step["requests"]) == ("restore", 0)
    project.apply()
    assert project.lock("support")["examples"] == 4


def test_renames(project: PlanProject) -> None:
    project.spec("a", SUPPORT)
    project.apply()
    before = project.lock("support")

    # without a word it is another dataset, and the plan gives a hint
    project.edit("a", "dataset_name: support", "dataset_name: helpdesk")
    steps = project.plan()
    assert (steps["helpdesk"]["action"], steps["support"]["action"]) == ("create", "forget")
    assert "`renamed_from: support`" in steps["helpdesk"]["reasons"][0]["text"]
    assert any(reason["field"] == "renamed_from" for reason in steps["support"]["reasons"])

    project.edit("a", "version: 1\n", "version: 1\nrenamed_from: support\n")
    step = project.plan()["helpdesk"]
    assert (step["action"], step["requests"], step["remote_name"]) == ("rename", 0, "support")
    assert list(project.plan()) == ["helpdesk"]
    assert project.apply()["requests"] == 0
    assert project.names() == ["helpdesk"]
    after = project.lock("helpdesk")
    assert after.pop("digest") != before.pop("digest")
    assert after == before
    assert project.action("helpdesk") == "none", "already applied"

    # a chain, and a rename together with a change
    project.edit("a", "dataset_name: helpdesk", "dataset_name: desk")
    project.edit("a", "renamed_from: support", "renamed_from: helpdesk")
    project.edit("a", "num_examples: 4", "num_examples: 5")
    step = project.plan()["desk"]
    assert (step["action"], step["requests"], step["examples"]) == ("extend", 1, 1)
    assert [reason["field"] for reason in step["reasons"]] == ["renamed_from", "num_examples"]
    project.apply()
    assert project.names() == ["desk"]
    assert [job["remote_name"] for job in project.lock("desk")["jobs"]] == ["support", "support"]

    project.edit("a", "dataset_name: desk", "dataset_name: last")
    project.edit("a", "renamed_from: helpdesk", "renamed_from: desk")
    project.edit("a", "refund]", "other]")
    step = project.plan()["last"]
    assert (step["action"], step["renamed_from"]) == ("replace", "desk")
    assert step["remote_name"].startswith("support-")
    project.apply()
    assert project.names() == ["last"]

    # a new dataset under the old name doesn't go where the old one is
    project.spec("b", SUPPORT)
    step = project.plan()["support"]
    assert step["action"] == "create"
    assert step["remote_name"] not in {job["remote_name"] for job in project.lock("last")["jobs"]}

    # one that lives can't be taken over, so names can't be swapped in one go
    project.edit("b", "version: 1\n", "version: 1\nrenamed_from: last\n")
    ran = project.run("plan", code=1)
    assert "still has a spec" in ran.err


def test_label_specs(project: PlanProject) -> None:
    project.spec("tickets", TICKETS)
    step = project.plan()["tickets"]
    assert (step["action"], step["requests"], step["examples"], step["total"]) == ("label", 1, 2, 2)
    assert project.apply()["requests"] == 1
    first = project.lock("tickets")

    # one more text, and a duplicate
    project.edit("tickets", '"the invoice is wrong"]', '"the invoice is wrong", "hello", "hello"]')
    step = project.plan()["tickets"]
    assert (step["action"], step["requests"], step["examples"], step["total"]) == ("label", 1, 1, 4)
    text = "1 new text; 2 → 4 rows; of 4 texts, 1 is a duplicate, 2 are already labelled"
    assert step["reasons"] == [{"field": "inputs", "text": text, "old": 2, "new": 4}]
    project.apply()
    assert project.lock("tickets")["examples"] == 4

    # another order
    project.edit("tickets", '["I want my money back", "the invoice is wrong", "hello", "hello"]',
                 '["hello", "the invoice is wrong", "I want my money back", "hello"]')  # fmt: skip
    step = project.plan()["tickets"]
    assert (step["action"], step["requests"], step["total"]) == ("label", 0, 4)
    assert project.apply()["requests"] == 0
    assert project.action("tickets") == "none"

    # the first texts again
    project.spec("tickets", TICKETS)
    step = project.plan()["tickets"]
    assert (step["action"], step["requests"]) == ("label", 0)
    assert project.apply()["requests"] == 0
    again = project.lock("tickets")
    assert again["labelling"] == first["labelling"]

    # another definition, and back
    project.edit("tickets", "[billing, refund]", "[billing, refund, other]")
    step = project.plan()["tickets"]
    assert (step["action"], step["requests"], step["examples"]) == ("label", 1, 2)
    assert [reason["field"] for reason in step["reasons"]] == ["labels", "inputs"]
    project.apply()
    project.edit("tickets", "[billing, refund, other]", "[refund, billing]")
    step = project.plan()["tickets"]
    assert (step["action"], step["requests"]) == ("label", 0)
    assert project.apply()["requests"] == 0
    assert project.lock("tickets")["labelling"] == first["labelling"]

    # a label spec that becomes a generate spec, and back
    project.spec("tickets", SUPPORT.replace("support", "tickets"))
    assert project.action("tickets") == "replace"
    project.apply()
    project.spec("tickets", TICKETS)
    step = project.plan()["tickets"]
    assert (step["action"], step["requests"]) == ("label", 0)
    assert project.apply()["requests"] == 0
    project.spec("tickets", SUPPORT.replace("support", "tickets"))
    step = project.plan()["tickets"]
    assert (step["action"], step["requests"]) == ("restore", 0)


def test_a_label_spec_is_renamed(project: PlanProject) -> None:
    project.spec("tickets", TICKETS)
    project.apply()
    before = project.lock("tickets")
    project.edit("tickets", "dataset_name: tickets", "dataset_name: mails\nrenamed_from: tickets")
    step = project.plan()["mails"]
    assert (step["action"], step["requests"], step["total"]) == ("rename", 0, 2)
    assert project.apply()["requests"] == 0
    assert project.names() == ["mails"]
    assert project.lock("mails")["labelling"] == before["labelling"]
    assert project.action("mails") == "none"
    project.edit("tickets", "dataset_name: mails\nrenamed_from: tickets", "dataset_name: post\nrenamed_from: mails")
    project.edit("tickets", '"the invoice is wrong"]', '"the invoice is wrong", "hello"]')
    step = project.plan()["post"]
    assert (step["action"], step["requests"], step["examples"], step["renamed_from"]) == ("label", 1, 1, "mails")
    assert project.apply()["requests"] == 1
    assert project.names() == ["post"]
    assert project.action("post") == "none"


def test_protection(project: PlanProject) -> None:
    for name in ("one", "two", "three"):
        project.spec(name, SUPPORT.replace("support", name).replace("num_examples", "protect: true\nnum_examples"))
    project.spec("free", SUPPORT.replace("support", "free"))
    project.apply()
    project.edit("one", "refund", "other")
    project.remove("two")
    project.edit("three", "protect: true\n", "")
    project.edit("three", "refund", "praise")
    project.edit("free", "num_examples: 4", "num_examples: 5")
    steps = project.plan()
    assert {name: step["action"] for name, step in steps.items()} == {
        "free": "extend", "one": "replace", "three": "replace", "two": "forget"
    }  # fmt: skip
    for name in ("one", "two", "three"):
        assert "protect" in steps[name]["refused"]
        assert steps[name]["protected"] is True
    report = project.apply(code=3)
    assert report["requests"] == 1, "the rest is done"
    results = {outcome["dataset_name"]: outcome["result"] for outcome in report["datasets"]}
    assert results == {"free": "done", "one": "refused", "three": "refused", "two": "refused"}
    assert project.lock("free")["examples"] == 5
    assert project.lock("two")["state"] == "ready"
    assert project.plan("--delete-remote")["two"]["refused"]
    assert project.apply("--delete-remote", code=3)["requests"] == 1, "and three, whose protection is off by now"
    assert project.lock("three")["definition"]["labels"] == ["billing", "praise"]
    assert project.lock("two")["state"] == "ready"

    # taken off by a plan of its own
    project.edit("one", "other", "refund")
    project.edit("one", "protect: true\n", "")
    assert project.action("one") == "update"
    project.apply(code=3)
    project.edit("one", "refund", "other")
    step = project.plan()["one"]
    assert (step["action"], "refused" in step) == ("replace", False)


def test_rows_that_are_not_here_are_fetched_and_are_no_change(project: PlanProject, tmp_path: Path) -> None:
    project.spec("support", SUPPORT)
    project.spec("tickets", TICKETS)
    project.apply()
    lock = project.lock_path.read_bytes()
    for path in sorted((tmp_path / "data").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    steps = project.plan("--detailed-exitcode")
    assert {step["action"] for step in steps.values()} == {"fetch"}
    assert {step["requests"] for step in steps.values()} == {0}
    project.run("check", code=0)
    report = project.apply()
    assert report["requests"] <= 1, "the local engine's work costs nothing"
    assert project.lock_path.read_bytes() == lock
    assert {step["action"] for step in project.plan().values()} == {"none"}


def test_a_dataset_is_of_one_backend(project: PlanProject, monkeypatch: pytest.MonkeyPatch) -> None:
    project.spec("support", SUPPORT)
    project.apply()
    value = project.run("--backend", "pioneer", "plan", "--format", "json").value
    assert value["backend"] == "pioneer"
    assert value["steps"][0]["action"] == "create"
    assert project.run("--backend", "http://127.0.0.1:9/v1", "plan", "--format", "json").value["changes"]
    assert project.action("support") == "none"


def test_no_spec_at_all_forgets_nothing(project: PlanProject) -> None:
    project.spec("support", SUPPORT)
    project.apply()
    lock = project.lock_path.read_bytes()
    project.remove("support")
    for command in ("plan", "apply", "check"):
        assert "no spec found in" in project.run(command, code=1).err
    assert project.lock_path.read_bytes() == lock


def test_the_spec_of_the_only_dataset_is_removed_and_it_is_protected(project: PlanProject) -> None:
    project.spec("support", f"{SUPPORT}protect: true\n")
    project.apply()
    project.remove("support")
    for command in ("status", "plan", "apply"):
        said = " ".join(project.run(command, code=1).err.split())
        assert "no spec found in specs/, but pioneer.lock has datasets; protected: support" in said
        assert (
            "restore the spec, remove `protect` from it, and run pioneer-build apply; then remove the spec and apply"
            " again; keep at least one spec in the project"
        ) in said
    # that is what helps
    project.spec("support", SUPPORT)
    project.apply()
    project.spec("other", SUPPORT.replace("support", "other"))
    project.remove("support")
    project.apply()
    assert project.action("other") == "none"
    assert "forgotten support" in project.run("status").out


def test_a_job_that_only_the_journal_knows_is_written_down(project: PlanProject) -> None:
    project.spec("support", SUPPORT)
    project.apply()
    lock = project.lock_path.read_bytes()
    project.lock_path.unlink()
    step = project.plan()["support"]
    assert (step["action"], step["requests"]) == ("update", 0)
    project.run("check", code=2)
    assert project.apply()["requests"] == 0
    assert project.lock_path.read_bytes() == lock
    project.run("check", code=0)
