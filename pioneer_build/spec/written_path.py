"""Paths as people write them in settings and on the command line, and what in them would be misread.

A file system takes nearly every text as a relative path: `s3://bucket`, `~/rows`, `$DATA/rows` and `C:\\rows` would be
folders in a checkout.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

#: What a text is that is no path here: a store on other machines, another URL, the home of another user, something with
#: a variable, a path of Windows, or one of its network shares.
PathFault: TypeAlias = Literal["remote", "url", "user", "variable", "windows", "share"]

#: Also without slashes, as in rclone, and as scp and rsync have it: `user@host:/path`.
_REMOTE: Final = re.compile(r"(?:s3|s3a|gs|gcs|az|abfss?|adl|wasbs?|hf):|[^/@]+@[^/@:]+:", re.IGNORECASE)
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_WINDOWS: Final = re.compile(r"[A-Za-z]:(?:[\\/]|$)|.*\\")
_DRIVE: Final = re.compile(r"([A-Za-z]):[\\/]*(.*)", re.DOTALL)
_SHARE: Final = re.compile(r"\\\\|//[^/]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
#: What begins a path that can't be read as anything else.
_CLEARLY_A_PATH: Final = ("/", "./", "../", "~/")
#: What in a path is there to be replaced: by a shell, or by who copies an example.
_PLACEHOLDER: Final = re.compile(r"`|<[^/<>]*>")
#: What means something other than a name to a shell, or in the address of a machine, a drive or a URL.
_NOT_IN_NAMES: Final = re.compile(r"""[:@$%\\`<>{}*?"'|&;!#^()\[\]]""")
_VARIABLE: Final = re.compile(r".*(?:\$[A-Za-z_{(]|%[A-Za-z_]+%|\{\{)")


def path_fault(text: str) -> PathFault | None:
    """What `text` is, if it isn't a path; `None` for a path, which may begin with `~/`."""
    if _REMOTE.match(text):
        return "remote"
    if _URL.match(text):
        return "url"
    if _SHARE.match(text):
        return "share"
    if _WINDOWS.match(text):
        return "windows"
    if text.startswith("~") and text != "~" and not text.startswith("~/"):
        return "user"
    return "variable" if _VARIABLE.match(text) else None


def is_in_home(text: str) -> bool:
    """Whether a path begins with `~/`: in the home of the user who runs this."""
    return text == "~" or text.startswith("~/")


def what_is_wrong(fault: PathFault, text: str) -> tuple[str, str]:
    """What is wrong with a text that is no path, and what to do.

    Args:
        fault: as `path_fault` returns it.
        text: as written.
    """
    match fault:
        case "remote":
            return "this version of pioneer-build can only use folders, not remote stores", "write the path of a folder"
        case "url" if text.lower().startswith("file:"):
            plain = re.sub(r"^file:/*(?:localhost(?=/))?/*", "/", text, flags=re.IGNORECASE)
            return "this is a URL, not a path", f"write {plain}"
        case "url":
            return "this is a URL, not a path", "write the path of a file or folder"
        case "user":
            return "only the home of the user who runs this can be written with ~", "write ~/… or the whole path"
        case "variable":
            return "variables are not replaced in paths", "write the path itself; ~/… is in the home of each user"
        case "share":
            return "this is a network share", f"mount it, and write the path of the mount{_one_slash(text)}"
    slashes = text.replace("\\", "/")
    if found := _DRIVE.match(slashes):
        return (
            "this is a path of Windows",
            f"write the path that it has here: in WSL /mnt/{found[1].lower()}/{found[2]}",
        )
    return "this is a path of Windows", f"write {slashes}"


def _one_slash(text: str) -> str:
    return f"; for a folder of this machine: /{text.lstrip('/')}" if text.startswith("/") else ""


def misplaced_stars(pattern: str) -> tuple[str, str] | None:
    """What is wrong with a glob that has `**` as a part of a name, and what to do; `None` if it hasn't."""
    for part in pattern.split("/"):
        if "**" in part and part != "**":
            folders, one = re.sub(r"\*\*+", "**/*", part, count=1), re.sub(r"\*\*+", "*", part)
            instead = f"write {one} for one folder" + (f", or {folders} for all below it" if part[:2] == "**" else "")
            return "'**' must be a whole part of a path, between slashes", instead
    return None


def wrong_store_folder(text: str) -> tuple[str, str] | None:
    """Why `text` can't be the folder of the store, and what to do; `None` if it can.

    It is a path if it begins as one, or if it has nothing but plain names: the rest may be meant for another place, and
    would be a folder in the checkout.
    """
    fault = path_fault(text)
    if fault is not None:
        return what_is_wrong(fault, text)
    if text != text.strip() or not _CONTROL.sub("", text).isprintable():  # control characters are refused in any text
        return "it has white space at an end, or a character that can't be seen", "write the path without it"
    if _PLACEHOLDER.search(text):
        return "nothing is replaced in paths", "write the path itself; ~/… is in the home of each user"
    if text == "~" or text.startswith(_CLEARLY_A_PATH):
        return None
    odd = _NOT_IN_NAMES.search(text)
    if odd is None and not text.startswith("-") and "//" not in text:
        return None
    what = f"with {odd[0]!r}" if odd is not None else "with '//'" if "//" in text else "that begins with '-'"
    return (
        f"a path {what} must begin with /, ~/ or ./",
        f"write ./{text} for a folder in the project, or the whole path",
    )


def wrong_specs_folder(text: str) -> tuple[str, str] | None:
    """Why `text` can't be the folder of the specs, and what to do; `None` if it can."""
    fault = path_fault(text)
    if fault is not None:
        return what_is_wrong(fault, text)
    outside = text.startswith(("/", "~"))
    depth = 0
    for part in text.split("/"):
        depth += {"": 0, ".": 0, "..": -1}.get(part, 1)
        outside = outside or depth < 0
    if outside:
        return "the specs must be in the project's folder", "write a path relative to pioneer.yaml, such as specs"
    return None
