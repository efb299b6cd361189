"""What a reader of the page does and sees, in a tab of a real browser."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)
# WCAG 2.2, relative luminance and contrast ratio, of each text on the first background behind it that is not clear.
_CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const paint = (colours) => {
  canvas.clearRect(0, 0, 1, 1);
  for (const each of colours) { canvas.fillStyle = each; canvas.fillRect(0, 0, 1, 1); }
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const light = (rgb) => rgb.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const found = new Map();
for (const element of document.querySelectorAll('body *')) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || !element.checkVisibility() || element.closest('.sr, .how, script, .skip')) continue;
  const style = getComputedStyle(element), behind = [];
  for (let at = element; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
  const back = paint(['white', ...behind]), ink = paint([`rgb(${back})`, style.color]);
  const [low, high] = [light(back), light(ink)].sort((a, b) => a - b);
  const ratio = (high + 0.05) / (low + 0.05);
  const key = `${element.className} ${style.color}`;
  if (!found.has(key) || found.get(key)[0] > ratio) found.set(key, [ratio, element.textContent.slice(0, 40)]);
}
return [...found.values()];
"""


@dataclass
class Browser:
    """One tab."""

    driver: webdriver.Chrome
    url: str = ""

    def start(self) -> None:
        """As on a new day: light, wide, nothing remembered."""
        self.driver.get("about:blank")
        self._log("browser")
        self._log("performance")
        self.look()

    def _log(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return found

    def look(self, theme: str = "light", width: int = 1440, height: int = 1000) -> None:
        """With a system that is dark or light, in a window of that size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, page: Path, address: str = "") -> None:
        """Open a page anew; *address* begins with #."""
        self.url = page.as_uri() + address
        self.driver.get("about:blank")
        self.driver.get(self.url)

    def run(self, script: str) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script)

    def one(self, selector: str) -> WebElement:
        """The element of a CSS selector."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """The texts of all visible elements of a CSS selector."""
        script = "return [...document.querySelectorAll(arguments[0])].filter((e) => e.checkVisibility())"
        return list(self.driver.execute_script(f"{script}.map((e) => e.textContent.trim())", selector))

    def hosts(self) -> list[str]:
        """The hosts that are shown, in their order."""
        return self.texts("#matrix > tbody > tr:first-child > th")

    def column(self, title: str) -> list[str]:
        """The cells of a column, of the hosts that have one."""
        number = self.texts("#matrix > thead th").index(title) + 1
        return self.texts(f"#matrix > tbody > tr:first-child > :nth-child({number}):not([colspan])")

    def click(self, selector: str) -> None:
        """A click."""
        self.one(selector).click()

    def type(self, text: str) -> None:
        """Type into the filter, in place of what was there."""
        box = self.one("#filter")
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(text or Keys.DELETE)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def address(self) -> str:
        """What is behind the # of the address, as it would be shared."""
        return str(self.run("return decodeURIComponent(location.hash)"))

    def contrasts(self) -> list[tuple[float, str]]:
        """(ratio, text) of the visible texts, the worst of each kind."""
        return list(map(tuple, self.run(_CONTRAST)))

    def screenshot(self, path: Path) -> None:
        """What the window shows."""
        path.parent.mkdir(parents=True, exist_ok=True)
        assert self.driver.save_screenshot(str(path))

    def pdf(self, path: Path) -> None:
        """What a printer gets."""
        options = {"preferCSSPageSize": True, "printBackground": True}
        path.write_bytes(base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", options)["data"]))

    def complaints(self) -> list[str]:
        """What the console says since the start, of any level."""
        return [str(each["message"]) for each in self._log("browser")]

    def requests(self) -> list[str]:
        """The addresses that were asked for since the start, but for the page itself."""
        messages = [json.loads(each["message"])["message"] for each in self._log("performance")]
        sent = (each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent")
        return [url for url in sent if not url.startswith(("file:///", "about:", "data:"))]


def started() -> webdriver.Chrome | None:
    """Headless Chromium, to be ended with `quit()`; None where it is not installed."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        return None
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))
