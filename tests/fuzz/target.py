"""What is fuzzed: a kind of input, who makes one, and who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Target:
    """One kind of input.

    `make` makes one out of random numbers alone, so that its seed makes it again. `read` does with it what the product
    does, in a folder that isn't emptied between inputs; of what is wrong with it, it may raise a `PioneerError`.
    `share` is how many inputs of a campaign are of this kind, beside those of the others.
    """

    name: str
    make: Callable[[Random], bytes]
    read: Callable[[bytes, Path], None]
    share: int = 10
