"""Decides whether an answer that was cut off is asked for again with more tokens: as long as that comes to something.

A model that repeats itself never ends, however many tokens it may have. So the tokens of longer answers that were cut
off as well are never more than those of all whole answers, and a fixed number to begin with.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

#: Tokens that may come to nothing before there is any whole answer: the longest answer to one prompt for a row.
FREE: Final = 32_768


class LongerAnswers:
    """The tokens of one model's longer answers. Belongs to one event loop."""

    def __init__(self) -> None:
        self._whole = 0
        self._lost = 0
        self._reserved = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def turn(self, tokens: int) -> AsyncIterator[bool]:
        """In this context, an answer of up to this many tokens may be asked for, if this is true.

        It waits for others whose end decides that.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: not self._reserved or self._fits(tokens) or self._is_over(tokens))
            fits = self._fits(tokens)
            if fits:
                self._reserved += tokens
        try:
            yield fits
        finally:
            if fits:
                async with self._changed:
                    self._reserved -= tokens
                    self._changed.notify_all()

    def count(self, written: int, *, whole: bool, longer: bool) -> None:
        """Counts an answer.

        Args:
            written: its tokens.
            whole: whether it came to its end.
            longer: whether it was asked for with more tokens than at first.
        """
        if whole:
            self._whole += written
        elif longer:
            self._lost += written

    def _fits(self, tokens: int) -> bool:
        return self._lost + self._reserved + tokens <= FREE + self._whole

    def _is_over(self, tokens: int) -> bool:
        """Whether it would be too much whatever becomes of the others."""
        return self._lost + tokens > FREE + self._whole + self._reserved
