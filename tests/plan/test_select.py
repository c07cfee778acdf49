"""`--select` and `--exclude`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import PioneerError
from pioneer_build.plan.select import STATES, Selectable, select
from tests.planning import PROPERTY

DATASETS = (
    Selectable("support-intents", ("prod", "router"), "ready"),
    Selectable("support-tone", ("prod",), "open"),
    Selectable("people", (), "ready"),
)


def picked(*chosen: str, but: tuple[str, ...] = ()) -> list[str]:
    return sorted(select(DATASETS, chosen, but))


def test_all_where_nothing_is_selected() -> None:
    assert picked() == ["people", "support-intents", "support-tone"]
    assert select((), (), ()) == set()


def test_names_globs_tags_and_states() -> None:
    assert picked("people") == ["people"]
    assert picked("support-*") == ["support-intents", "support-tone"]
    assert picked("p?ople", "*tone") == ["people", "support-tone"]
    assert picked("tag:router") == ["support-intents"]
    assert picked("tag:pr*") == ["support-intents", "support-tone"]
    assert picked("state:open") == ["support-tone"]
    assert picked("state:ready", but=("people",)) == ["support-intents"]
    assert picked(but=("tag:prod",)) == ["people"]
    assert picked("people", but=("people",)) == []


@pytest.mark.parametrize(
    ("selector", "said", "hint"),
    [
        ("suport-tone", "'suport-tone' matches no dataset", "did you mean 'support-tone'?"),
        ("People", "'People' matches no dataset", "did you mean 'people'?"),
        ("zzz", "'zzz' matches no dataset", "available: people, support-intents, support-tone"),
        ("tag:prd", "'tag:prd' matches no dataset", "did you mean 'tag:prod'?"),
        ("tag:zzzzzz", "'tag:zzzzzz' matches no dataset", "available: tag:prod, tag:router"),
        ("state:redy", "unknown state 'redy'", "did you mean 'state:ready'?"),
        ("state:failed", "'state:failed' matches no dataset", "available: state:open, state:ready"),
        ("status:ready", "'status:ready' is not a valid selector", "use a name, a glob, `tag:x` or `state:x`"),
        ("", "'' matches no dataset", "available: people, support-intents, support-tone"),
    ],
)
def test_a_selector_that_matches_nothing_suggests(selector: str, said: str, hint: str) -> None:
    for chosen, left_out, flag in (((selector,), (), "--select"), ((), (selector,), "--exclude")):
        with pytest.raises(PioneerError) as caught:
            select(DATASETS, chosen, left_out)
        assert caught.value.message == f"{flag}: {said}"
        assert caught.value.hint == hint


def test_many_names_are_cut_short_and_none_are_said() -> None:
    many = [Selectable(f"dataset-{number:03}", (), "ready") for number in range(20)]
    with pytest.raises(PioneerError) as caught:
        select(many, ("qqqqqqqqqq",), ())
    assert str(caught.value.hint).endswith("dataset-007, …")
    with pytest.raises(PioneerError) as caught:
        select((), ("a",), ())
    assert caught.value.hint == "`pioneer-build status` lists the datasets"


@PROPERTY
@given(
    st.lists(
        st.builds(Selectable, st.sampled_from("abcd"), st.sampled_from(((), ("x",))), st.sampled_from(STATES)),
        min_size=1,
        unique_by=lambda one: one.dataset_name,
    ),
    st.data(),
)
def test_what_is_picked_is_there(datasets: list[Selectable], data: st.DataObject) -> None:
    names = [one.dataset_name for one in datasets]
    chosen = data.draw(st.lists(st.sampled_from([*names, "*", f"state:{datasets[0].state}"]), max_size=3))
    left_out = data.draw(st.lists(st.sampled_from(names), max_size=2))
    found = select(datasets, chosen, left_out)
    assert found == select(list(reversed(datasets)), reversed(chosen), left_out)
    assert found <= set(names) - set(left_out)
    assert found == select(datasets, chosen, ()) - set(left_out)
