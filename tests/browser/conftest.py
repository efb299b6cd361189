"""A real browser: headless Chromium, driven by WebDriver, on pages from files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.report import page
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import Report
from selenium import webdriver

from tests.browser import fleets
from tests.browser.browser import Browser, started

ARTEFACTS = Path(__file__).parents[2] / ".build/browser"


@pytest.fixture(scope="session")
def _driver() -> Iterator[webdriver.Chrome]:
    chrome = started()
    if not chrome:
        pytest.skip("chromium and chromedriver are missing: as root, make packages")
    yield chrome
    chrome.quit()


@pytest.fixture
def browser(_driver: webdriver.Chrome) -> Iterator[Browser]:
    """A tab, light and 1440 pixels wide. What a page complained of, or asked others for, fails the test."""
    found = Browser(_driver)
    found.start()
    yield found
    assert found.complaints() == []
    assert found.requests() == []


@pytest.fixture(scope="session")
def pages() -> dict[str, Path]:
    """The pages of both fleets, as files."""
    return {name: _written(name, report) for name, report in (("five", fleets.five()), ("many", fleets.many()))}


def _written(name: str, report: Report) -> Path:
    folder = ARTEFACTS / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "builders.html").write_text(page.as_html(report))
    (folder / "builders.json").write_text(page.as_json(report))
    return folder / "builders.html"
