"""Plans as text, JSON and Markdown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.plan import Action, Choices, Plan, Reason, Step
from pioneer_build.plan.json import plan_value
from pioneer_build.render.colours import ACTION_SYMBOLS
from pioneer_build.render.markdown_limit import MARKDOWN_LIMIT
from pioneer_build.render.plan import plan_text, summary_text
from pioneer_build.render.plan_markdown import plan_markdown
from pioneer_build.spec.declared import Declared
from tests.planning import PROPERTY, World, declared, generate_spec, projects

SCHEMA = json.loads((Path(__file__).parent.parent.parent / "docs" / "plan.schema.json").read_text())
JUDGE = jsonschema.Draft202012Validator(SCHEMA)
WORDS = st.one_of(
    st.text("ab`|<>*_@&\n\x1b\u202eé ", max_size=20),
    st.sampled_from(("`|`", "</details>", "@someone", "\x1b[31m", "a\nb", "*x*")),
)


def of_steps(*steps: Step, **more: Any) -> Plan:
    return Plan("pioneer", steps, **more)


def test_the_schema_is_one_and_knows_every_action() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["$defs"]["action"]["enum"]) == set(get_args(Action)) == set(ACTION_SYMBOLS)


@PROPERTY
@given(st.lists(projects(), min_size=1, max_size=3), st.booleans())
def test_every_plan_is_as_the_schema_says(walk: list[list[Declared]], delete: bool) -> None:
    world = World()
    for specs in walk[:-1]:
        world.apply(specs)
    world.rows.clear()
    plan = world.plan(walk[-1], Choices(delete_remote=delete), requests_per_minute=120)
    value = json.loads(json.dumps(plan_value(plan)))
    JUDGE.validate(value)
    summary = value["summary"]
    done = [step for step in value["steps"] if "refused" not in step]
    assert summary["requests"] == sum(step["requests"] for step in done)
    assert summary["examples"] == sum(step["examples"] for step in done)
    assert value["changes"] == any(step["action"] not in ("none", "fetch") for step in value["steps"])
    assert sum(summary.get(action, 0) for action in get_args(Action)) == len(value["steps"])
    assert {item.name for item in walk[-1]} <= {step["dataset_name"] for step in value["steps"]}


def test_another_key_is_another_format() -> None:
    value = plan_value(of_steps(Step("a", "none")))
    for broken in (
        {**value, "extra": 1},
        {**value, "format": 2},
        {**value, "steps": [{**value["steps"][0], "why": ""}]},
        {**value, "steps": [{**value["steps"][0], "action": "explode"}]},
        {**value, "steps": [{**value["steps"][0], "requests": -1}]},
        {**value, "summary": {**value["summary"], "explode": 1}},
    ):
        assert not JUDGE.is_valid(broken)


EXAMPLE = of_steps(
    Step("gone", "forget", (Reason("dataset_name", "spec removed"),), protected=True, refused="protected"),
    Step("people", "none", total=100),
    Step("support", "replace", (Reason("labels", '+ "x"', [], ["x"]),), 1, 500, 500, "support-0badcafe"),
    Step("tickets", "label", (Reason("inputs", "1 new text"),), 1, 1, 1_000_000, "tickets", command="do this"),
    requests_per_minute=120,
)


def test_as_text() -> None:
    assert plan_text(EXAMPLE) == (
        "- gone     forget   no requests\n"
        "    spec removed\n"
        "    will be refused: protected\n"
        "± support  replace  500 examples, 1 request\n"
        '    labels: + "x"\n'
        "    remote name: support-0badcafe\n"
        "+ tickets  label    1 of 1,000,000 texts, 1 request\n"
        "    inputs: 1 new text\n"
        "    help: do this\n"
        "\n"
        "Plan (pioneer): 1 to label, 1 to replace, 1 refused, 1 unchanged. 2 requests for\n"
        "501 examples."
    )
    assert "= people   none     100 rows" in plan_text(EXAMPLE, all_steps=True)
    coloured = plan_text(EXAMPLE, colour=True)
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plan_text(EXAMPLE)
    assert coloured != plan_text(EXAMPLE)


def test_the_worst_case_is_in_the_summary() -> None:
    label = Step("t", "label", (), 2, 1001, 1001, "t", requests_at_most=46, examples_at_most=6006)
    plan = of_steps(label, Step("a", "create", requests=1, examples=10))
    assert summary_text(plan).endswith(
        " 3 requests for 1,011 examples. Texts whose response is missing are sent again: 47 requests for 6,016 examples"
        " at most."
    )
    assert "Texts whose response is missing are sent again" in plan_markdown(plan)
    value = plan_value(plan)
    JUDGE.validate(value)
    assert (value["summary"]["requests_at_most"], value["summary"]["examples_at_most"]) == (47, 6016)
    assert summary_text(of_steps(replace(label, refused="no"))).endswith("Nothing will be submitted.")


def test_what_is_deleted_is_listed() -> None:
    plan = of_steps(Step("gone", "delete", (), deletes=("gone", "gone-0badcafe")))
    assert "    deletes on the service, with all versions: gone, gone-0badcafe" in plan_text(plan).splitlines()
    assert "- deletes on the service, with all versions: `gone`, `gone-0badcafe`" in plan_markdown(plan)
    JUDGE.validate(plan_value(plan))
    assert plan.deletes == ("gone", "gone-0badcafe")


def test_what_can_not_be_done_is_no_verb() -> None:
    plan = of_steps(Step("a", "blocked"), Step("b", "create"), Step("c", "reconcile"), Step("d", "resume"))
    assert summary_text(plan).startswith(
        "Plan (pioneer): 1 blocked, 1 to create, 1 with unknown outcome, 1 waiting for an open job."
    )


def test_what_is_unchanged_is_a_number() -> None:
    assert plan_text(of_steps(Step("a", "none"), Step("b", "none"))) == "Nothing to do: 2 datasets up to date."
    assert plan_text(of_steps(Step("a", "none"))) == "Nothing to do: 1 dataset up to date."
    assert plan_text(of_steps()) == "No datasets."
    assert summary_text(of_steps(Step("a", "shrink"))).endswith("Nothing will be submitted.")
    slow = of_steps(*(Step(f"d{n:04}", "create", requests=1, examples=1) for n in range(121)), requests_per_minute=120)
    assert "at least 1 min at 120 requests per minute" in summary_text(slow)


@PROPERTY
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=4), st.integers(20, 100))
def test_no_word_steers_a_terminal_or_a_page(words: list[tuple[str, str, str]], width: int) -> None:
    steps = [Step(f"d{number}", "replace", (Reason(a, b),), refused=c) for number, (a, b, c) in enumerate(words)]
    plan = of_steps(*steps)
    text, page = plan_text(plan, width=width), plan_markdown(plan)
    for shown in (text, page):
        assert all(char.isprintable() for char in shown.replace("\n", ""))
    prose = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", page)
    assert prose.count("<details>") == prose.count("</details>") <= 1
    prose = re.sub("<code>.*?</code>", "", prose)
    assert "@" not in prose.replace("@&#8203;", "")
    table = [line for line in page.split("\n") if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} <= {7}


def test_as_markdown() -> None:
    page = plan_markdown(EXAMPLE)
    assert page.startswith("### pioneer-build plan\n\nPlan (pioneer): 1 to label,")
    assert "| ± | `support` | replace | 1 | 500 | 500 |" in page
    assert "| - | `gone` | forget (refused) | 0 | 0 | 0 |" in page
    assert "people" not in page
    assert page.index("| ±") < page.index("<details><summary>Details</summary>") < page.index("**`support`** replace")
    assert '- `labels`: + "x"' in page
    assert "\n- spec removed\n- will be refused: protected\n" in page
    assert "- help: do this" in page
    command = plan_markdown(of_steps(Step("a", "blocked", command="pioneer-build apply --retry a")))
    assert "- help: `pioneer-build apply --retry a`" in command
    assert "`a_b-c.d`" in plan_markdown(of_steps(Step("a_b-c.d", "create")))
    assert plan_markdown(of_steps(Step("a", "none"))) == (
        "### pioneer-build plan\n\nNothing to do: 1 dataset up to date.\n"
    )


@pytest.mark.parametrize(("count", "size"), [(50, 100), (400, 900), (3000, 10), (40, 20_000), (20_000, 0)])
def test_a_large_plan_is_cut_by_whole_rows_and_datasets(count: int, size: int) -> None:
    steps = [
        Step(f"dataset-{number:05}", "create", (Reason("labels", "x" * size),), 1, 10, 10) for number in range(count)
    ]
    page = plan_markdown(of_steps(*steps))
    assert len(page) < MARKDOWN_LIMIT
    rows = page.count("| + | `dataset-")
    blocks = page.count("**`dataset-")
    assert 0 < rows <= count
    assert blocks <= rows
    if rows < count:
        assert f"and {count - rows:,} more datasets" in page
    if blocks < rows:
        assert f"the details of {rows - blocks:,} datasets are left out" in page
    assert page.count("<details>") == page.count("</details>")
    assert f"{count:,} to create" in page
    assert re.findall(r"\| \+ \|.*", page)[-1].endswith("| 1 | 10 | 10 |")


def test_a_long_reason_is_cut_short_in_a_page() -> None:
    page = plan_markdown(of_steps(Step("a", "create", (Reason("labels", "x" * 5000),), 1, 1, 1)))
    assert "… (3,500 more characters)" in page
    assert len(plan_text(World().plan([declared(generate_spec("a"))]))) < 500
