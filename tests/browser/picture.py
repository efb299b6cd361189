"""The pictures of the documentation: make picture.

docs/report-lab.png is of the report that tests/hosts/test_report.py made of lab hosts, docs/report.png of 500 hosts
that are made up.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.plugin_utils.report import page

from tests.browser import fleets
from tests.browser.browser import Browser, started

ROOT = Path(__file__).parents[2]
LAB = ROOT / ".build/report-lab/builders.html"
MANY = ROOT / ".build/browser/many/builders.html"
WIDTH = 1360


def main() -> None:
    """Write both."""
    MANY.parent.mkdir(parents=True, exist_ok=True)
    MANY.write_text(page.as_html(fleets.many()))
    chrome = started()
    if not chrome:
        sys.exit("chromium and chromedriver are missing: as root, make packages PACKAGES=browser")
    try:
        tab = Browser(chrome)
        for source, name, height in ((LAB, "report-lab", 640), (MANY, "report", 860)):
            tab.look(width=WIDTH, height=height)
            tab.open(source)
            tab.screenshot(ROOT / f"docs/{name}.png")
    finally:
        chrome.quit()


if __name__ == "__main__":
    main()
