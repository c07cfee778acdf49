"""The rows of a label spec, where the inputs are not what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.apply.labelling import Project, result

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize("change", ["grow", "shrink", "edit", "remove"])
def test_inputs_that_change_meanwhile(project: Project, change: str) -> None:
    project.file = project.root / "texts.txt"
    lines = [f"text {number}" for number in range(3000)]
    project.file.write_text("\n".join(lines) + "\n")
    count = 0

    def meddle(texts: Sequence[str]) -> bool:
        nonlocal count
        count += 1
        if count == 1:
            assert project.file is not None
            match change:
                case "grow":
                    project.file.write_text("\n".join([*lines, "more"]) + "\n")
                case "shrink":
                    project.file.write_text("\n".join(lines[:1500]) + "\n")
                case "edit":
                    project.file.write_text("\n".join(["other", *lines[1:-1], "else"]) + "\n")
                case "remove":
                    project.file.unlink()
        return False

    project.service.refuse = meddle
    report = project.apply()
    assert result(report) == "stopped"
    assert report.stopped is None  # other datasets go on
    assert project.entry().labelling is None
    project.service.refuse = lambda texts: False
    if change == "remove":
        project.file.write_text("\n".join(lines) + "\n")
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}
