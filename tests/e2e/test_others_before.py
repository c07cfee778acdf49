"""Rows that were compared with those of a dataset which has changed since, on a machine that has none of them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.apply import recorded_judgement
from tests.e2e.conftest import project_of_a_service
from tests.e2e.scripted import Scripted, running
from tests.e2e.team import Team
from tests.runner import git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Cli


def same_texts(request: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """The first jobs of both datasets get the same texts, of 10 characters or of 20; later ones begin with row 5."""
    labels, first = request["labels"], 0 if number <= 2 else 4
    return [
        {"text": f"{row} ".ljust(20 if row % 2 else 10, "a"), "label": labels[row % len(labels)]}
        for row in range(first, first + request["num_examples"])
    ]


class Pair(Team):
    """The team has the dataset `a` of 16 rows, which is compared with `b`."""

    def rows(self) -> list[str]:
        done = self.run("export", "a", "--to", "/dev/stdout")
        return [json.loads(line)["text"] for line in done.out.splitlines() if line.startswith("{")]

    def move(self) -> bytes:
        """To a machine that has no rows; returns the lock."""
        self.at("second")
        return (self.root / "pioneer.lock").read_bytes()


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[Pair]:
    root = project_of_a_service(tmp_path, monkeypatch)
    with running(Scripted(give="download", datasets="/datasets", rows=same_texts)) as service:
        pair = Pair(root, cli, service, monkeypatch)
        pair.spec("a", 16, "{min_accepted: 0.1, no_overlap_with: [b]}")
        yield pair


#: Half of the rows pass.
LONG = "{min_accepted: 0.1, min_chars: 15}"


def loosened(team: Pair) -> None:
    team.spec("b", 8, LONG)
    team.apply()
    team.spec("b", 8, "{}")


def grown_and_tightened(team: Pair) -> None:
    team.spec("b", 4, "{}")
    team.apply()
    team.spec("b", 8, "{}")
    team.apply()
    team.spec("b", 8, LONG)


def of_another_definition(team: Pair) -> None:
    team.spec("b", 8, LONG)
    team.apply()
    team.spec("b", 2, "{}", labels="x, z")


def loosened_and_of_another_definition(team: Pair) -> None:
    loosened(team)
    team.apply()
    team.spec("b", 2, "{}", labels="x, z")


def renamed(team: Pair) -> None:
    loosened(team)
    team.apply()
    (team.root / "specs" / "b.yaml").unlink()
    team.spec("c", 8, "{}")
    with (team.root / "specs" / "c.yaml").open("a") as file:
        file.write("renamed_from: b\n")
    team.spec("a", 16, "{min_accepted: 0.1, no_overlap_with: [c]}")


CHANGES = (loosened, grown_and_tightened, of_another_definition, loosened_and_of_another_definition, renamed)


@pytest.mark.parametrize("change", CHANGES)
def test_a_fresh_clone_has_the_rows_that_the_lock_has(team: Pair, change: Any) -> None:
    change(team)
    team.apply()
    bought, rows = len(team.service.asked()), team.rows()
    before = team.move()
    assert 0 < len(rows) < 16
    done = team.run("apply", "--yes")
    assert done.code == 0, done.err
    assert (team.rows(), (team.root / "pioneer.lock").read_bytes()) == (rows, before)
    assert "Nothing to do" in team.run("plan").out
    assert len(team.service.asked()) == bought


@pytest.mark.parametrize("circle", [False, True])
def test_a_spec_that_names_no_other_any_more(team: Pair, circle: bool) -> None:
    """The recorded rows were compared with those of `b`, which the same run fetches."""
    team.spec("b", 8, "{min_accepted: 0.1, no_overlap_with: [a]}" if circle else "{}")
    team.service.rows = texts_of_a_chain
    team.apply()
    bought, rows = len(team.service.asked()), team.rows()
    team.move()
    team.spec("a", 16, "{min_accepted: 0.1}")
    done = team.run("apply", "--yes")
    assert done.code == 0, done.out
    assert set(rows) <= set(team.rows())
    assert len(team.rows()) == 16
    assert "Nothing to do" in team.run("plan").out
    assert len(team.service.asked()) == bought


def texts_of_a_chain(request: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """All jobs have two texts in common, of 10 characters."""
    return [
        {"text": f"{number if row % 4 else 0} {row} ".ljust(20 if row % 2 else 10, "a"), "label": request["labels"][0]}
        for row in range(request["num_examples"])
    ]


@pytest.mark.parametrize("circle", [False, True])
@pytest.mark.parametrize("change", ["checks", "labels"])
def test_one_that_was_compared_with_a_third(team: Pair, change: str, circle: bool) -> None:
    team.service.rows = texts_of_a_chain
    third = "no_overlap_with: [c]"
    team.spec("c", 4, "{min_accepted: 0.1, no_overlap_with: [a]}" if circle else "{}")
    team.spec("b", 8, f"{{min_accepted: 0.1, {third}}}")
    team.spec("a", 8, "{min_accepted: 0.1, no_overlap_with: [b]}")
    team.apply()
    if change == "checks":
        team.spec("b", 8, f"{{min_accepted: 0.1, min_chars: 15, {third}}}")
    else:
        team.spec("b", 4, f"{{min_accepted: 0.1, {third}}}", labels="x, z")
    team.apply()
    bought, rows = len(team.service.asked()), team.rows()
    before = team.move()
    done = team.run("apply", "--yes")
    assert done.code == 0, done.out
    assert (team.rows(), (team.root / "pioneer.lock").read_bytes()) == (rows, before)
    assert len(team.service.asked()) == bought


@pytest.mark.parametrize("history", [True, False])
def test_a_dataset_whose_spec_was_removed(team: Pair, history: bool) -> None:
    """No step brings its rows any more; those of the other dataset are told by them all the same."""
    team.spec("b", 8, LONG)
    team.apply()
    kept = team.rows()
    if not history:
        shutil.rmtree(team.root / ".git")
    team.move()
    (team.root / "specs" / "b.yaml").unlink()
    refused = team.run("plan")
    assert (refused.code, "there is no dataset 'b'" in refused.out + refused.err) == (1, True)
    team.spec("a", 16, "{min_accepted: 0.1}")
    steps = team.run("plan", "--format", "json").json()["steps"]
    assert {step["dataset_name"]: step["action"] for step in steps} == {"a": "update", "b": "forget"}
    bought = len(team.service.asked())
    done = team.run("apply", "--yes")
    assert done.code == 0, done.out
    assert set(kept) < set(team.rows())
    assert len(team.rows()) == 16
    assert "Nothing to do" in team.run("plan").out
    assert len(team.service.asked()) == bought


def test_a_label_dataset_that_grew(team: Pair) -> None:
    """Nothing says what it had before; but only rows whose texts it has now can have been left out."""
    texts = team.root / "gold.txt"
    spec = "dataset_name: gold\ntask_type: classification\nlabels: [x, y]\ninputs: ../gold.txt\n"
    (team.root / "specs" / "gold.yaml").write_text(spec)
    texts.write_text("0 aaaaaaaa\nof its own\n")
    team.spec("a", 8, "{min_accepted: 0.1, no_overlap_with: [gold]}")
    team.apply()
    texts.write_text(texts.read_text() + "1 aaaaaaaaaaaaaaaaaa\n2 aaaaaaaa\n")
    team.apply()
    rows, sent = team.rows(), len(team.service.seen)
    before = team.move()
    assert len(rows) == 7
    team.run("apply", "--yes")
    assert (team.rows(), (team.root / "pioneer.lock").read_bytes()) == (rows, before)
    assert not [seen for seen in team.service.seen[sent:] if seen.method == "POST"]


def test_a_clone_that_lacks_earlier_versions_says_so(team: Pair) -> None:
    team.patch.setattr(recorded_judgement, "_MOST_ROWS", 0)  # more texts than can be tried
    loosened(team)
    team.apply()
    team.move()
    whole = team.root.parent / "whole"
    team.root.rename(whole)
    git(team.root.parent, "clone", "-q", "--depth", "1", whole.as_uri(), team.root.name)
    team.patch.chdir(team.root)
    before = (team.root / "pioneer.lock").read_bytes()
    done = team.run("apply", "--yes")
    assert done.code == 3
    assert "git fetch --unshallow" in done.out
    assert (team.root / "pioneer.lock").read_bytes() == before
    git(team.root, "fetch", "-q", "--unshallow")
    assert team.run("apply", "--yes").code == 0
    assert (team.root / "pioneer.lock").read_bytes() == before


def test_rows_that_nothing_explains_are_bought_only_by_retry_and_after_their_price(team: Pair) -> None:
    team.spec("b", 8, "{}")
    team.apply()
    bought = len(team.service.asked())
    before = team.move()
    for made in team.service.jobs.values():
        if made.request["dataset_name"] == "a":
            made.rows = [{**row, "text": f"another {row['text']}"} for row in made.rows]
    done = team.run("apply", "--yes")
    assert (done.code, "--retry a" in done.out) == (3, True), done.out
    assert (team.root / "pioneer.lock").read_bytes() == before
    assert team.run("apply", "--yes", "--retry", "a").code == 3
    assert len(team.service.asked()) == bought
    assert "1 request for 16" in team.run("plan", "--retry", "a").out.replace("\n", " ")
    assert team.run("apply", "--yes", "--retry", "a").code == 0
    assert len(team.service.asked()) == bought + 1
