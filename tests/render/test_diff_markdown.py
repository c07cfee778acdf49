"""What changed, as Markdown: nothing in it formats, links or mentions, and it fits a comment."""

from __future__ import annotations

from pioneer_build.diff.locks import LockDiff, diff_locks
from pioneer_build.render.diff_markdown import diff_markdown
from pioneer_build.render.markdown_limit import MARKDOWN_LIMIT
from pioneer_build.results.diff import DiffResult
from tests.diff.made import DEFINITION, NOW, THEN, entry, job, lines, lock, not_here, said, two_rows


def shown(diff: LockDiff) -> str:
    return diff_markdown(DiffResult(diff, NOW, NOW))


def test_the_page() -> None:
    diff = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1), job(2))), two_rows, samples=1)
    assert diff_markdown(DiffResult(diff, THEN, NOW)) == (
        "### pioneer-build diff\n"
        "\n"
        "main (0123456789ab) → working tree: 1 dataset changed.\n"
        "\n"
        "- main (0123456789ab) has no pioneer.lock: treated as empty\n"
        "\n"
        "| | dataset | change | rows | added | removed | relabelled |\n"
        "|---|---|---|---:|---:|---:|---:|\n"
        "| ~ | d | changed | 2 → 4 | 2 | 0 | 0 |\n"
        "\n"
        "<details><summary>Details</summary>\n"
        "\n"
        "**d** changed\n"
        "\n"
        "- num\\_examples: 2 → 4\n"
        "- version: 1 → 2\n"
        "- \\+ job j2, ready, 2 of 2 rows, version 2\n"
        "- rows: 2 added, 0 removed, 0 relabelled\n"
        '  - `+ "j2-0": x`\n'
        "\n"
        "</details>\n"
    )
    assert shown(diff_locks(lock(), lock(), not_here)).endswith(": No datasets.\n")


HOSTILE = "@everyone <img src=x> | [x](http://evil) #1 `a` www.evil\n# head \x1b[31m ~~x~~"


def test_markdown_formats_links_and_mentions_nothing() -> None:
    old = entry("d", job(1), definition={**DEFINITION, "domain_description": "plain"})
    new = entry("d", job(2), definition={**DEFINITION, "domain_description": HOSTILE})
    text = shown(diff_locks(lock(old), lock(new), lambda found: lines([said(HOSTILE, found.jobs[0].job_id or "")])))
    outside = "\n".join(line for line in text.splitlines() if not line.startswith("  - `"))
    for piece in ("@everyone", "<img", "http://", "www.evil", "\x1b", "\n# head", "[x]"):
        assert piece not in outside
    assert all(line.count("`") >= 2 for line in text.splitlines() if line.startswith("  - `"))


def test_a_comment_is_never_too_long() -> None:
    many = [
        entry(f"dataset-{i:04}", job(i, 3000), definition={**DEFINITION, "domain_description": "x" * 500})
        for i in range(1500)
    ]
    text = shown(diff_locks(lock(), lock(*many), not_here))
    assert len(text) < MARKDOWN_LIMIT + 1000
    assert "more datasets: run `pioneer-build diff`" in text
    few = many[:40]
    long = lambda found: lines([said(f"{found.dataset_name} {i} " + "y" * 200, "x") for i in range(300)])  # noqa: E731
    text = shown(diff_locks(lock(), lock(*few), long, samples=300))
    assert len(text) < MARKDOWN_LIMIT + 1000
