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
#: Bytes of one row in the store, as a line. That is more than comes in as a row: a line of a download has at most 4 MiB
#: (`service.bounds.LONGEST_LINE`), and a text of an input 16 MiB (`inputs.records.MAX_RECORD`). What a longer answer of
#: a job makes larger than this is quarantined.
LONGEST_ROW: Final = 32 << 20


def label_requests_at_most(texts: int) -> int:
    """How many label requests a batch of so many texts may take if responses don't come: see `SENDS_PER_TEXT`.

    Three for the batch as a whole, and then, in a search for up to two texts that make it fail, two for each of their
    halves, quarters and so on.
    """
    return 3 + 4 * max(texts - 1, 0).bit_length()
