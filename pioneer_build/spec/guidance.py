"""What guides a backend besides labels and a domain, and which backends can be told.

The service of the API document has fields for `classified_examples` in generation, and for none of it in labelling. A
language model and the local engine read all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.spec.model import Spec


#: How the names of the backends begin, in the lock, that are language models.
MODEL: Final = "model/"


class Unusable(NamedTuple):
    """A key of a spec that a backend can't be told, and in words what of it, and what to do."""

    key: str
    message: str
    hint: str


def is_model(backend: str) -> bool:
    """Whether a backend is a language model: its work ends with the process, and its answers are in the store.

    Args:
        backend: its name in the lock.
    """
    return backend.startswith(MODEL)


def reads_guidance(backend: str) -> bool:
    """Whether a backend reads descriptions of labels, and examples, in every request.

    Args:
        backend: its name in the lock.
    """
    return backend == "local" or is_model(backend)


def unusable(spec: Spec) -> Iterator[Unusable]:
    """The keys of a spec that can't be sent to a service that reads no guidance."""
    elsewhere = "only the backends `model` and `local` can"
    if spec.ner_examples:
        yield Unusable("ner_examples", f"this backend can't use 'ner_examples'; {elsewhere}", "remove the key")
    if not spec.is_label:
        return
    if spec.classified_examples:
        text = f"this backend can't use 'classified_examples' for labelling your own texts; {elsewhere}"
        yield Unusable("classified_examples", text, "remove the key")
    if spec.label_descriptions:
        text = f"this backend can't use descriptions of labels for labelling your own texts; {elsewhere}"
        yield Unusable("labels", text, "write a list of labels")
