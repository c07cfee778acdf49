"""Facts about the texts of label specs; unchanged files are not read again."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from pioneer_build.cache.project_cache import KnownInputs
from pioneer_build.errors import Problem, Problems
from pioneer_build.lock.pending_renames import entry_for
from pioneer_build.paths import cache_folder
from pioneer_build.plan import InputFacts
from pioneer_build.spec.model import InputFiles

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from pioneer_build.inputs import InputsSurvey
    from pioneer_build.lock.model import Entry, Lock
    from pioneer_build.plan import Choices
    from pioneer_build.project.open import Project
    from pioneer_build.spec.declared import Declared
    from pioneer_build.store import Store


def read_input_facts(
    project: Project,
    declared: Sequence[Declared],
    lock: Lock,
    store: Store,
    choices: Choices,
    damaged: Container[str] = (),
) -> tuple[dict[str, InputFacts], dict[str, InputsSurvey]]:
    """The facts about the texts of every label spec, and the surveys of those that had to be read, by dataset.

    Args:
        project: the project; its cache has the facts from the last time.
        declared: all specs; other than label specs are skipped.
        lock: what was labelled.
        store: the annotations.
        choices: the texts of datasets to retry or to label again are read again.
        damaged: the digests of stored rows that don't match them; their texts are read, too.

    Raises:
        Problems: all errors in all inputs.
    """
    facts: dict[str, InputFacts] = {}
    surveys: dict[str, InputsSurvey] = {}
    problems: list[Problem] = []
    for item in declared:
        if not item.spec.is_label:
            continue
        entry, _ = entry_for(item, lock, project.config.backend)
        known = None if item.name in choices.retry | choices.relabel else _unchanged(project, item, entry, store)
        if entry is not None and entry.labelling is not None and entry.labelling.content in damaged:
            known = None
        try:
            if known is None:
                surveys[item.name] = _survey(project, item)
                known = _facts_of(surveys[item.name], item, project.config.backend, store, choices)
            facts[item.name] = known
        except Problems as error:
            problems += error.problems
    if problems:
        raise Problems(problems)
    return facts, surveys


def _unchanged(project: Project, item: Declared, entry: Entry | None, store: Store) -> InputFacts | None:
    """The facts without reading a file, if inputs, definition and content are those of the lock."""
    known = project.cache.inputs(item.name)
    labelling = entry.labelling if entry is not None else None
    if known is None or labelling is None or not _is_same(project, item, known):
        return None
    if (labelling.inputs, labelling.fingerprint) != (known.digest, item.fingerprint):
        return None
    if entry is None or entry.num_examples is not None or entry.forgotten or entry.rejection is not None:
        return None
    if not store.has(labelling.content):
        return None
    return InputFacts(
        digest=labelling.inputs,
        texts=labelling.texts,
        distinct=labelling.distinct,
        new=0,
        quarantined=labelling.quarantined,
        held=labelling.annotated,
    )


def _is_same(project: Project, item: Declared, known: KnownInputs) -> bool:
    """Whether the spec has the same inputs as before, and their files are unchanged."""
    if known.source != _source(item):
        return False
    if not isinstance(item.spec.inputs, InputFiles):
        return True
    from pioneer_build.inputs.freshness import unchanged  # only where label specs have files

    return unchanged(item.spec.inputs, known.files, project_root=project.root, spec_path=item.spec.path)


def _source(item: Declared) -> str:
    return sha256(repr((item.spec.path, item.spec.inputs)).encode("utf-8", "surrogateescape")).hexdigest()


def _survey(project: Project, item: Declared) -> InputsSurvey:
    """Reads the inputs, and caches the facts about them."""
    from pioneer_build.inputs import SurveyCache, survey  # numpy and diskcache: only where inputs changed

    assert item.spec.inputs is not None
    with SurveyCache(cache_folder() / "inputs") as cache:
        found = survey(
            item.spec.inputs,
            project_root=project.root,
            spec_path=item.spec.path,
            at=item.spec.place("inputs"),
            cache=cache,
        )
    project.cache.put_inputs(item.name, KnownInputs(found.digest, _source(item), found.files))
    return found


def _facts_of(found: InputsSurvey, item: Declared, backend: str, store: Store, choices: Choices) -> InputFacts:
    annotations = store.annotations(backend, item.fingerprint)
    to_label = annotations.missing(found.digests)
    missing = len(to_label) // 16
    given_up = annotations.quarantined()
    quarantined = 0
    if given_up:
        from pioneer_build.inputs import split  # for the reason above

        aside = given_up.keys() & set(split(found.digests))
        quarantined = len(aside)
        if item.name in choices.retry:
            to_label += b"".join(aside)
    return InputFacts(
        digest=found.digest,
        texts=found.rows,
        distinct=found.distinct,
        new=missing,
        quarantined=quarantined,
        held=annotations.count() + len(given_up),
        warnings=found.warnings if missing else (),
        unanswered=annotations.claims().unanswered(to_label),
    )
