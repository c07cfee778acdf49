"""Paths as people write them, and what in them would be misread."""

from __future__ import annotations

import pytest

from pioneer_build.spec.written_path import PathFault, path_fault, what_is_wrong, wrong_specs_folder, wrong_store_folder


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("s3://bucket/rows", "remote"),
        ("GS://bucket", "remote"),
        ("abfss://c@account.dfs.core.windows.net/x", "remote"),
        ("file:///rows", "url"),
        ("file:/rows", "url"),
        ("https://host/rows", "url"),
        ("sftp://host/rows", "url"),
        ("C:\\rows", "windows"),
        ("c:/rows", "windows"),
        ("C:", "windows"),
        ("\\\\server\\rows", "share"),
        ("data\\rows", "windows"),
        ("~other/rows", "user"),
        ("~+", "user"),
        ("$HOME/rows", "variable"),
        ("/data/${USER}", "variable"),
        ("$(pwd)/rows", "variable"),
        ("%APPDATA%/rows", "variable"),
        ("rows", None),
        ("~/rows", None),
        ("~", None),
        ("{{ env }}/rows", "variable"),
        ("user@host:/data/rows", "remote"),
        ("user@host:rows", "remote"),
        ("s3:bucket/x", "remote"),
        ("\\\\srv\\share", "share"),
        ("//srv/share", "share"),
        ("///srv", None),
        ("rows@2:b", "remote"),
        ("rows/a@b:c", None),
        ("{a}/rows", None),
        ("a:b/rows", None),
        ("./s3:/rows", None),
        ("/x/~/y", None),
        ("cost-in-$", None),
        ("100%/50%", None),
        ("a file", None),
        (".", None),
    ],
)
def test_faults(text: str, fault: PathFault | None) -> None:
    assert path_fault(text) == fault
    if fault is not None:
        assert all(what_is_wrong(fault, text))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("file:///big/rows", "write /big/rows"),
        ("file://localhost/big", "write /big"),
        ("FILE:/big", "write /big"),
        ("data\\rows", "write data/rows"),
        ("C:\\my\\rows", "write the path that it has here: in WSL /mnt/c/my/rows"),
        ("C:/rows", "write the path that it has here: in WSL /mnt/c/rows"),
        ("\\\\srv\\share", "mount it, and write the path of the mount"),
        ("//srv/share", "mount it, and write the path of the mount; for a folder of this machine: /srv/share"),
    ],
)
def test_hints_that_have_the_path(text: str, hint: str) -> None:
    fault = path_fault(text)
    assert fault is not None
    assert what_is_wrong(fault, text)[1] == hint


@pytest.mark.parametrize("text", ["/specs", "~/specs", "~", "..", "../specs", "a/../../b", "s3://b", "$X", "C:\\x"])
def test_specs_outside_of_the_project(text: str) -> None:
    assert wrong_specs_folder(text) is not None


@pytest.mark.parametrize("text", ["specs", ".", "./", "a/../b", "a/b/", "..a", "a..b"])
def test_specs_in_the_project(text: str) -> None:
    assert wrong_specs_folder(text) is None


_ODD = "a path with {} must begin with /, ~/ or ./"
_UNSEEN = "it has white space at an end, or a character that can't be seen"
_REPLACED = "nothing is replaced in paths"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (" ~/x", _UNSEEN),
        ("/x ", _UNSEEN),
        ("a\u200bb", _UNSEEN),
        ("nas:store", _ODD.format("':'")),
        ("C:st", _ODD.format("':'")),
        ("https:x", _ODD.format("':'")),
        ("team@nas/store", _ODD.format("'@'")),
        ("s3//x", _ODD.format("'//'")),
        ("a*", _ODD.format("'*'")),
        ("5$", _ODD.format("'$'")),
        ("-rf", "a path that begins with '-' must begin with /, ~/ or ./"),
        ("`pwd`", _REPLACED),
        ("/data/`whoami`", _REPLACED),
        ("<path>", _REPLACED),
        ("/data/<user>/store", _REPLACED),
        ("s3://bucket", "this version of pioneer-build can only use folders, not remote stores"),
        ("./$HOME/x", "variables are not replaced in paths"),
    ],
)
def test_no_folder_of_a_store(text: str, wrong: str) -> None:
    found = wrong_store_folder(text)
    assert found is not None
    assert found[0] == wrong
    assert found[1]


@pytest.mark.parametrize(
    "text",
    ["store", "a b", "a.b/c-d_e,f+g=h~", "строка", "e\u0301", "./nas:st", "../x@y", "/mnt/a:b/(1) $/x", "~/C:st", "~"],
)
def test_folders_of_a_store(text: str) -> None:
    assert wrong_store_folder(text) is None
