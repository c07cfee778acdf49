"""Which files hold the rows that readers get."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pioneer_build.lock.model import Entry, Labelling
from tests.planning import declared, digest, entry, generate_spec, job, label_spec

ASKED = declared(generate_spec("a"))
EARLIER = declared(generate_spec("a", labels=("z",)))
TEXTS = declared(label_spec("a"))
LABELLED = Labelling(TEXTS.fingerprint, digest("texts"), 5, 5, 5, 0, 5, digest("labelled"))


def rows(*numbers: int) -> tuple[str, ...]:
    return tuple(digest("a", number) for number in numbers)


CASES: dict[str, tuple[Entry, tuple[str, ...]]] = {
    "nothing is built": (entry(ASKED), ()),
    "jobs, in order": (entry(ASKED, job(ASKED, 1), job(ASKED, 2)), rows(1, 2)),
    "jobs that are not ready give none": (
        entry(ASKED, job(ASKED, 1), job(ASKED, 2, state="open", rows=None), job(ASKED, 3, state="rejected")),
        rows(1),
    ),
    "the definition in force comes first": (entry(ASKED, job(ASKED, 1), job(EARLIER, 2)), rows(1)),
    "one without a ready job leaves the one before": (
        entry(ASKED, job(EARLIER, 1), job(ASKED, 2, state="open", rows=None)),
        rows(1),
    ),
    "a job whose rows the service does not give": (
        entry(ASKED, job(ASKED, 1, rows=None, verified=False), job(ASKED, 2)),
        rows(2),
    ),
    "two jobs with the same rows count twice": (
        entry(ASKED, job(ASKED, 1), job(ASKED, 2, rows=digest("a", 1))),
        rows(1, 1),
    ),
    "texts": (entry(TEXTS, labelling=LABELLED), (LABELLED.content,)),
    "texts that are not labelled yet": (entry(TEXTS), ()),
    "rows that turned to texts": (entry(TEXTS, job(ASKED, 1), labelling=LABELLED), (LABELLED.content,)),
    "texts that turned to rows": (entry(ASKED, job(ASKED, 1), labelling=LABELLED), rows(1)),
    "texts that turned to rows, none of which are there yet": (
        entry(ASKED, job(ASKED, 1, state="open", rows=None), labelling=LABELLED),
        (),
    ),
    "forgotten": (replace(entry(ASKED, job(ASKED, 1)), forgotten=True), rows(1)),
}


@pytest.mark.parametrize("what", CASES)
def test_the_files_that_readers_get(what: str) -> None:
    found, expected = CASES[what]
    assert found.content_digests == expected


@pytest.mark.parametrize("what", CASES)
def test_they_are_what_the_content_is_a_digest_of(what: str) -> None:
    found, _ = CASES[what]
    unseen = any(one.rows is None for one in found.readable())
    assert (found.content is not None) == bool(found.content_digests and not unseen)
    if len(found.content_digests) == 1 and not unseen:
        assert found.content == found.content_digests[0]
