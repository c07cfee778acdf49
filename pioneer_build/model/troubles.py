"""What goes wrong with a call to a model, and what it means for other calls. docs/outcomes.md has a table of them."""

from __future__ import annotations


class CallFailed(Exception):
    """A call has no usable answer, after asking again as often as that could help.

    Args:
        message: one sentence for people, without the key; of limited length.
        cause: what calls with this fault are counted under.
    """

    def __init__(self, message: str, cause: str = "no answer") -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause


class TooLong(CallFailed):
    """The prompt doesn't fit into the model's context: fewer texts may."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "too long for the model's context")


class NoUse(CallFailed):
    """Every other call would fail as well: a wrong key, an unknown model, no credits. `status` is the server's."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, "the server refused")
        self.status = status


class Outage(CallFailed):
    """No server has answered any call for as long as anything waits for one."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "no server answered")


class Unreached(Outage):
    """No server could be connected to, several times, and none has ever answered: nothing was sent."""


class Stopped(Exception):
    """The application is closing."""
