from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.render.report.browser import CHROMEDRIVER, CHROMIUM, MISSING, browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.render.report.browser import Browser


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests; they open pages of their own."""
    if CHROMIUM is None or CHROMEDRIVER is None:
        pytest.skip(MISSING)
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page
