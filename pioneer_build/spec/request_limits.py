"""Limits of requests to the service, in one place for all that plan, send and wait for them."""

from __future__ import annotations

from typing import Final

#: The API document, "Auto-label text for NER": "Accepts between 1 and 1,000 strings per request."
TEXTS_PER_REQUEST: Final = 1_000
#: Bytes of the texts in one label request, as JSON. A plan counts requests by texts alone, so this is far above what a
#: thousand texts take as a rule; a service that refuses so large a body (413) is sent the halves.
TEXT_BYTES_PER_REQUEST: Final = 8_000_000
#: How many times a text may be sent, counting all label requests that hold it whose response never came.
SENDS_PER_TEXT: Final = 6
#: Seconds. If a service asks to wait longer, or is busy for longer altogether, nothing waits for it any more: the run
#: says so and ends.
LONGEST_WAIT: Final = 900.0
#: The API document: "Generate endpoints are rate-limited to 120 requests per minute per user".
REQUESTS_PER_MINUTE: Final = 120
#: Texts that are labelled in one call of a language model, and their characters: few, so that a lost call is a small
#: loss; many, to share the instructions.
TEXTS_PER_CALL: Final = 16
CHARACTERS_PER_CALL: Final = 4_000
#: Calls of a language model at a time, if the settings don't say.
CALLS_AT_A_TIME: Final = 32
#: Label requests at a time: to a service, and to a language model at most.
LABEL_REQUESTS_AT_A_TIME: Final = 8
_MODEL_LABEL_REQUESTS_AT_MOST: Final = 32
#: Rows that a response is expected to have at most if it is not known how many were requested.
ROWS_UNKNOWN: Final = 1_000
#: Bytes of one row in the store, as a line. What a job's row makes larger than this is quarantined. The row of a label
#: spec is the text of an input, its id and its annotation, each bounded as it stands in that line: together they fit.
LONGEST_ROW: Final = 32 << 20
#: Bytes of the text of an input as JSON. Control characters take six there, quotes, backslashes and tabs two.
LONGEST_TEXT: Final = 16 << 20
#: Bytes of the id of a text as JSON.
LONGEST_ID: Final = 1 << 20
#: Bytes of an annotation as a line; a longer one is quarantined.
LONGEST_ANNOTATION: Final = 14 << 20


def label_requests_at_most(texts: int) -> int:
    """How many label requests a batch of this many texts may take if responses don't come: see `SENDS_PER_TEXT`.

    Three for the batch as a whole, and then, in a search for up to two texts that make it fail, two for each of their
    halves, quarters and so on.
    """
    return 3 + 4 * max(texts - 1, 0).bit_length()


def label_requests_at_a_time(calls: int | None) -> int:
    """How many label requests keep this many calls of a language model under way: texts for twice as many.

    Args:
        calls: the setting `max_in_flight`.
    """
    calls_a_request = -(-TEXTS_PER_REQUEST // TEXTS_PER_CALL)
    wanted = -(-2 * (calls or CALLS_AT_A_TIME) // calls_a_request)
    return min(max(LABEL_REQUESTS_AT_A_TIME, wanted), _MODEL_LABEL_REQUESTS_AT_MOST)
