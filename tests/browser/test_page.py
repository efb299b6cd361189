"""The page in a real browser. Each test also fails if the page complains in the console or asks others for anything."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser import fleets
from tests.browser.browser import Browser
from tests.browser.conftest import ARTEFACTS

Pages = dict[str, Path]
UNKNOWN = "\N{EN DASH}"
STRANGE = f"ci-{fleets.HOSTILE}"
GRAVEST_FIRST = ["ci-10.example.com", STRANGE, "ci-9.example.com", "ci-2.example.com", "ci-1.example.com"]


def test_five_hosts_the_gravest_first_with_what_is_wrong(browser: Browser, pages: Pages) -> None:
    browser.open(pages["five"])
    assert browser.hosts() == GRAVEST_FIRST
    assert browser.texts(".tile") == ["1 ok", "1 drift", "2 failed", "1 unreachable"]
    states = browser.texts("#matrix > tbody > tr:first-child > .state")
    assert states[0].startswith("failed binfmt: the emulator of qemu-s390x does not run")
    assert states[2].startswith("unreachable ssh: connect to host 198.51.100.99 port 22: No route to host")
    assert states[3] == "drift 3 to do, docker restarts"
    assert browser.column("s390x") == ["missing", "emulated", "emulated", "emulated"]
    assert browser.column("Docker") == ["28.5.2", f"28{fleets.HOSTILE}", "26.1.5", "28.5.2"]
    assert browser.column("Nodes") == ["1/1", "1/1", "0/1", "1/1"]
    assert browser.column("Certificate")[-1] == "12 d"
    assert "harbor.lab.test: server certificate expires in 12 days" in browser.texts(".attention li")
    assert browser.texts("#certificates tbody tr:first-child td")[:1] == ["12 d"]


@pytest.mark.parametrize(
    ("column", "first", "last"),
    [
        pytest.param("Host", STRANGE, "ci-10.example.com", id="names, their numbers as numbers"),
        pytest.param("Docker", "26.1.5", f"28{fleets.HOSTILE}", id="versions"),
        pytest.param("s390x", "missing", "emulated", id="what is missing first"),
        pytest.param("Cache", "8.9 GB", UNKNOWN, id="sizes, unknown ones last"),
        pytest.param("Certificate", "12 d", "311 d", id="days"),
    ],
)
def test_every_column_sorts_both_ways(column: str, first: str, last: str, browser: Browser, pages: Pages) -> None:
    browser.open(pages["five"])
    number = browser.texts("#matrix > thead th").index(column) + 1
    header = f"#matrix > thead th:nth-child({number})"
    assert browser.one(header).get_attribute("aria-sort") == "none"
    browser.click(f"{header} button")
    assert browser.one(header).get_attribute("aria-sort") == "ascending"
    assert (browser.column(column)[0], browser.column(column)[-1]) == (first, last)
    unknown = [each for each in browser.column(column) if each == UNKNOWN]
    up = browser.column(column)
    browser.click(f"{header} button")
    assert browser.one(header).get_attribute("aria-sort") == "descending"
    known = [each for each in up if each != UNKNOWN]
    down = browser.column(column)
    assert down[0] == known[-1]
    assert down[len(known) :] == unknown, "what nobody could tell is last, either way"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("ci-1", ["ci-10.example.com", "ci-1.example.com"], id="a name"),
        pytest.param("DOCKER:26", ["ci-2.example.com"], id="a version, case aside"),
        pytest.param("missing:linux/s390x", ["ci-10.example.com"], id="a missing platform"),
        pytest.param("restart:due", ["ci-2.example.com"], id="a restart"),
        pytest.param("node:idle", ["ci-2.example.com"], id="a node that does not run"),
        pytest.param("plan:full", ["ci-2.example.com"], id="a full plan of the next run"),
        pytest.param("no route", ["ci-9.example.com"], id="words of a failure"),
        pytest.param("arch:arm64 os:debian", ["ci-10.example.com"], id="several words all count"),
        pytest.param("<script>", [STRANGE], id="markup is text"),
        pytest.param('"ci-1.example.com"', ["ci-1.example.com"], id="a whole name"),
        pytest.param('"ci-1"', [], id="the beginning of a name is no whole one"),
        pytest.param('"missing:linux/s390"', [], id="nor is that of a platform"),
        pytest.param('state:failed "os:debian gnu/linux 13 (trixie)"', ["ci-10.example.com"], id="with spaces"),
        pytest.param('"ci-1', [], id="a quote that is not closed"),
        pytest.param("nobody", [], id="none"),
    ],
)
def test_the_filter(query: str, found: list[str], browser: Browser, pages: Pages) -> None:
    browser.open(pages["five"])
    browser.type(query)
    assert browser.hosts() == found
    assert browser.texts("#count") == [f"{len(found)} of 5 hosts"]
    assert browser.texts("#nothing") == ([] if found else ["No matching hosts."])
    browser.click("#clear")
    assert len(browser.hosts()) == 5


def test_states_are_filters_and_the_address_keeps_all_that_was_chosen(browser: Browser, pages: Pages) -> None:
    browser.open(pages["five"])
    browser.click(".chip.failed")
    browser.click(".tile.unreachable")
    browser.click("[data-sort='host']")
    browser.click("[data-sort='host']")
    browser.type("ci")
    browser.click("tbody:not([hidden]) .open")
    chosen = ["ci-10.example.com", "ci-9.example.com", STRANGE]
    assert browser.hosts() == chosen
    assert browser.one(".tile.failed").get_attribute("aria-pressed") == "true"
    shared = str(browser.run("return location.href"))
    browser.open(pages["many"])
    browser.open(pages["five"], "#" + shared.partition("#")[2])
    assert browser.hosts() == chosen
    assert browser.one("#filter").get_attribute("value") == "ci"
    assert browser.texts(".detail h3")[0] == "Why failed"
    browser.run("location.hash = 'state=ok'")
    time.sleep(0.1)
    assert browser.hosts() == ["ci-1.example.com"]


def test_a_damaged_address_shows_all(browser: Browser, pages: Pages) -> None:
    browser.open(pages["five"], "#open=100%,ci-2.example.com")
    assert len(browser.hosts()) == 5
    assert browser.texts("#count") == ["5 hosts"]
    assert browser.texts(".detail h3")[:1] == ["What the next run would do"]


def test_lines_that_need_attention_lead_to_their_hosts(browser: Browser, pages: Pages) -> None:
    for words, found in (
        ("linux/s390x is missing on 1 host", ["ci-10.example.com"]),
        ("a docker restart is pending on 1 host", ["ci-2.example.com"]),
        ("1 host cannot be reached", ["ci-9.example.com"]),
        (f"{STRANGE}: engine", [STRANGE]),
    ):
        browser.open(pages["five"])
        link = next(each for each in browser.texts(".attention a") if each.startswith(words))
        browser.driver.find_element("link text", link).click()
        time.sleep(0.1)
        assert browser.hosts() == found, words


def test_details_open_by_keyboard(browser: Browser, pages: Pages) -> None:
    browser.open(pages["five"])
    browser.press("/")
    browser.press("ci-2")
    assert browser.hosts() == ["ci-2.example.com"]
    opener = browser.one("tbody:not([hidden]) .open")
    assert opener.get_attribute("aria-expanded") == "false"
    browser.run("document.querySelector('tbody:not([hidden]) .open').focus()")
    browser.press(Keys.ENTER)
    assert opener.get_attribute("aria-expanded") == "true"
    detail = browser.one(f"#{opener.get_attribute('aria-controls')}")
    assert detail.is_displayed()
    for words in (
        "What the next run would do",
        "restart docker: features.containerd-snapshotter: absent → true (running now: a build in multiarch0)",
        "docker restarts",
        "26.1.5+dfsg1, buildx 0.13.1+ds1",
        "Debian GNU/Linux 13 (trixie)",
        "stopped",
        "handler qemu-arm of somebody else works",
        "ssh://ci@arm",
        "ci-arm",
        "full plan: content /etc/docker/daemon.json has changed",
    ):
        assert words in detail.text
    browser.press(Keys.ENTER)
    assert not detail.is_displayed()


def test_what_hosts_and_registries_say_is_text_and_never_markup(browser: Browser, pages: Pages) -> None:
    browser.open(pages["five"])
    browser.click("#expand")
    assert browser.run("return document.scripts.length") == 1
    assert browser.run("return document.images.length") == 0
    shown = str(browser.run("return document.body.innerText"))
    for words in (
        f"harbor{fleets.HOSTILE}",
        f"28{fleets.HOSTILE}",
        f'"><img src=x onerror=alert(2)>{fleets.HOSTILE}',
        f"CN={fleets.HOSTILE}",
        f"ssh://ci@{fleets.HOSTILE}",
        "\"quoted\" 'too' </textarea></style>",
    ):
        assert words in shown


def test_a_script_that_got_in_would_not_run(browser: Browser, pages: Pages) -> None:
    browser.open(pages["five"])
    browser.run(
        "const s = document.createElement('script'); s.textContent = 'window.got = 1'; document.body.append(s);"
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.got = 2\">');"
    )
    time.sleep(0.2)
    assert browser.run("return window.got") is None
    refused = browser.complaints()
    assert len(refused) >= 2
    assert all("Content Security Policy" in each for each in refused)


def test_dark_and_light_follow_the_system_until_the_button_says_otherwise(browser: Browser, pages: Pages) -> None:
    def ground() -> str:
        return str(browser.run("return getComputedStyle(document.body).backgroundColor"))

    browser.open(pages["five"])
    browser.run("localStorage.clear()")
    browser.open(pages["five"])
    light = ground()
    browser.look("dark")
    dark = ground()
    assert dark != light
    browser.click("#theme")
    assert ground() == light
    browser.open(pages["five"])
    assert ground() == light, "it is remembered"
    assert browser.texts("#theme") == ["Dark"]
    browser.run("localStorage.clear()")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(theme: str, browser: Browser, pages: Pages) -> None:
    browser.look(theme)
    browser.open(pages["five"])
    browser.click("#expand")
    browser.click(".chip.drift")
    browser.click(".chip.failed")
    weak = [(round(ratio, 2), text) for ratio, text in browser.contrasts() if ratio < 4.5]
    assert len(browser.contrasts()) > 20
    assert weak == [], "WCAG AA wants 4.5"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_five_hundred_hosts_sort_and_filter_at_once_below_a_header_that_stays(
    theme: str, browser: Browser, pages: Pages
) -> None:
    browser.look(theme)
    browser.open(pages["many"])
    assert len(browser.hosts()) == 500
    typed = "const f = document.querySelector('#filter'); f.value = 'sin'; f.dispatchEvent(new Event('input'))"
    for action in ("document.querySelector('[data-sort=cache]').click()", typed):
        timed = f"const t = performance.now(); {action}; document.body.offsetHeight; return performance.now() - t"
        took = browser.run(timed)
        assert took < 5000, "a fraction of a second, but on a machine that is busy"
    browser.run("scrollTo(0, 6000)")
    assert browser.run("return document.querySelector('#matrix thead th').getBoundingClientRect().top") < 60
    browser.screenshot(ARTEFACTS / f"many-{theme}-scrolled.png")
    browser.run("scrollTo(0, 0)")
    browser.type("state:drift")
    assert set(browser.texts("#matrix .badge")) == {"drift"}
    assert browser.one("#count").text == "8 of 500 hosts"
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")


def test_no_width_makes_the_page_itself_scroll_sideways(browser: Browser, pages: Pages) -> None:
    browser.open(pages["many"], "#open=ci-ams-62")
    wide = {}
    for width in (1920, 1440, 1280, 1024, 800, 390):
        browser.look(width=width)
        wide[width] = browser.run("return document.documentElement.scrollWidth")
    assert wide == {width: width for width in wide}
    browser.screenshot(ARTEFACTS / "many-narrow.png")


def test_the_tables_are_tables(browser: Browser, pages: Pages) -> None:
    browser.open(pages["five"])
    assert browser.run("return [...document.querySelectorAll('table')].every((e) => e.querySelector('th[scope]'))")
    assert browser.run(
        "return [...document.querySelectorAll('main > * > .scroll > table, .spread')].every((e) => e.caption)"
    )
    assert browser.run(
        "return [...document.querySelectorAll('button, input, a')].every((e) => e.textContent.trim() || e.ariaLabel)"
    )
    assert browser.run("return document.querySelectorAll('h1').length") == 1
    assert browser.run("return document.documentElement.lang") == "en"
    ids = browser.run("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_it_prints_light_and_without_its_buttons(browser: Browser, pages: Pages) -> None:
    browser.look("dark")
    browser.open(pages["many"])
    path = ARTEFACTS / "many.pdf"
    browser.pdf(path)
    assert 12 < len(re.findall(rb"/Type\s*/Page\b", path.read_bytes())) < 24
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.run("return getComputedStyle(document.body).color") == "rgb(22, 26, 32)"
    assert (
        browser.run("return getComputedStyle(document.querySelector('#matrix thead')).display") == "table-header-group"
    )
    assert not browser.one("#tools").is_displayed()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["five", "many"])
def test_screenshots_are_kept(name: str, theme: str, browser: Browser, pages: Pages) -> None:
    browser.look(theme, height=1100)
    browser.open(pages[name], "#open=ci-2.example.com" if name == "five" else "")
    path = ARTEFACTS / f"{name}-{theme}.png"
    browser.screenshot(path)
    assert path.stat().st_size > 30_000


def test_the_file_beside_it_has_the_same_as_data(browser: Browser, pages: Pages) -> None:
    browser.open(pages["five"])
    assert browser.one("nav a").get_attribute("href") == pages["five"].with_suffix(".json").as_uri()
    told = json.loads(pages["five"].with_suffix(".json").read_text())
    assert sorted(each["name"] for each in told["hosts"]) == sorted(browser.hosts())
