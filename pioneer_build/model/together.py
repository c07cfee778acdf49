"""Runs coroutines at the same time, and ends them all if one fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable


async def together(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Runs all of them; the first error cancels the others, and is raised by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in coroutines:
                group.create_task(one)
    except BaseExceptionGroup as errors:
        error: BaseException = errors
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
    else:
        return
    raise error
