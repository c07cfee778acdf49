"""Keeps a model that can't label the texts of a definition at all from being asked again and again about all of them.

Several requests with texts of one definition may be under way. Until one text has got a label, one of them alone asks
again about texts without one; the others wait for it. If it ends without any label, so do they.
"""

from __future__ import annotations

import asyncio


class AskingAgain:
    """Whether a model labels the texts of one definition. Shared by the requests with its texts; of one event loop."""

    def __init__(self) -> None:
        self._is_over = False
        self._asking: object | None = None
        self._in_vain = 0
        self._changed = asyncio.Condition()

    async def is_worth_asking_again(self, request: object) -> bool:
        """Whether a request should ask again about texts that an answer left without a label. May wait for others.

        Args:
            request: whatever stands for it.
        """
        before = self._in_vain
        async with self._changed:
            await self._changed.wait_for(lambda: self._may_ask(request) or self._in_vain > before)
            if not self._may_ask(request) or (self._in_vain > before and not self._is_over):
                return False
            if not self._is_over:
                self._asking = request
        return True

    async def labelled(self) -> None:
        """A text has a label."""
        if not self._is_over:
            async with self._changed:
                self._is_over = True
                self._changed.notify_all()

    async def ended(self, request: object, *, telling: bool) -> None:
        """A request has ended.

        Args:
            request: which.
            telling: whether it asked about enough texts that others need not try if none of them got a label.
        """
        if self._asking is request:
            async with self._changed:
                self._asking = None
                self._in_vain += telling and not self._is_over
                self._changed.notify_all()

    def _may_ask(self, request: object) -> bool:
        return self._is_over or self._asking is None or self._asking is request
