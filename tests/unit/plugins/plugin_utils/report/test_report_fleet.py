"""The fleet as a whole, and what the page says of it."""

from __future__ import annotations

import cProfile
import functools
import json
import re
import urllib.parse
from collections.abc import Callable
from dataclasses import asdict, replace
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.report import cells, page
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.attention import attention
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.compile import host_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.fleet import cache_of, report_on
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import Host, Inherit, Native, Report

from tests.browser import fleets
from tests.tools import report_schema

FIVE = fleets.five()


def test_totals() -> None:
    totals = FIVE.totals
    assert (totals.hosts, totals.ok, totals.drift, totals.failed, totals.unreachable) == (5, 1, 1, 2, 1)
    assert (totals.restart, totals.never_proven, totals.certificates) == (1, 0, 1)
    assert totals.oldest_proof == min(host.build_proof.time for host in FIVE.hosts if host.build_proof)


def test_a_certificate_is_told_once_for_each_purpose_with_the_hosts_that_have_it() -> None:
    first = FIVE.certificates[0]
    assert (first.certificate.registry, first.certificate.days_left) == ("harbor.lab.test", 12)
    assert first.hosts == ("ci-1.example.com",)
    assert [each.certificate.days_left for each in FIVE.certificates] == sorted(
        each.certificate.days_left for each in FIVE.certificates
    )


def test_the_host_that_wants_the_earliest_warning_is_heard() -> None:
    early, late = fleets.survey(), fleets.survey()
    early["ca_warn_days"] = 400
    report = report_on([host_of("late", late), host_of("early", early)], fleets.NOW)
    assert {each.certificate.ends for each in report.certificates} == {"soon"}


def test_registries_by_outcome() -> None:
    found = {each.registry: (each.optional, dict(each.outcomes)) for each in FIVE.registries}
    assert found["harbor.lab.test"] == (
        False,
        {"trusted": ("ci-1.example.com", "ci-2.example.com"), "unknown authority": ("ci-10.example.com",)},
    )
    assert found["docker.io"][0] is True


def test_an_empty_fleet_and_one_that_nobody_reached() -> None:
    for hosts in ([], [host_of("a", fleets.UNREACHABLE)]):
        report = report_on(hosts, fleets.NOW)
        assert report.totals.oldest_proof is None
        assert "Builder fleet" in page.as_html(report)


@pytest.mark.parametrize("report", [FIVE, fleets.many(40), report_on([], fleets.NOW)], ids=["five", "many", "none"])
def test_the_data_has_the_shape_that_is_documented(report: object) -> None:
    schema = json.loads(report_schema.TARGET.read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads(page.as_json(report)))  # type: ignore[arg-type]


def test_a_size_that_nobody_knows() -> None:
    assert (cells.size(None), cells.size(17_240_000)) == (cells.NOTHING, "17.2 MB")


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-11-21T12:00:00Z", "now"),
        ("2026-11-21T11:55:00Z", "5 min"),
        ("2026-11-21T09:01:00Z", "2 h"),
        ("2026-11-09T12:00:00Z", "12 d"),
        ("2026-11-21T12:05:00Z", "now"),
        ("yesterday", "yesterday"),
        ("2026-11-21", "2026-11-21"),
    ],
    ids=["now", "minutes", "hours", "days", "a clock that is ahead", "no time", "without a zone"],
)
def test_ages(time: str, words: str) -> None:
    assert cells.age(time, "2026-11-21T12:00:00Z") == words


@pytest.mark.parametrize(
    ("own", "caches", "size"),
    [
        pytest.param(0, [5, 7], 12, id="builders"),
        pytest.param(3, [5, None], 8, id="one that does not tell"),
        pytest.param(3, [None], None, id="no builder tells"),
        pytest.param(3, [], 3, id="dockerd alone"),
        pytest.param(None, [], None, id="nobody"),
    ],
)
def test_the_cache_of_a_host(own: int | None, caches: list[int | None], size: int | None) -> None:
    host = host_of("h", fleets.survey())
    assert host.engine
    builders = tuple(replace(host.builders[0], cache=each) for each in caches)
    assert cache_of(replace(host, engine=replace(host.engine, cache=own), builders=builders)) == size


def test_names_with_numbers_come_in_the_order_of_people() -> None:
    hosts = [host_of(name, fleets.survey()) for name in ("ci-10", "ci-9", "b", "ci-9a", "10")]
    assert [host.name for host in cells.ordered(hosts)] == ["10", "b", "ci-9", "ci-9a", "ci-10"]


def test_what_needs_attention_the_gravest_first() -> None:
    items = attention(FIVE)
    assert [item.grave for item in items] == sorted((item.grave for item in items), reverse=True)
    assert attention(report_on([host_of("h", fleets.survey())], fleets.NOW)) == []
    many = [item.words for item in attention(fleets.many())]
    assert "and 1 more failed" in many
    assert "5 hosts cannot be reached" in many


def finds(link: str, report: Report) -> list[str]:
    """The hosts that a link's filter finds, as page.js reads it."""
    query = urllib.parse.parse_qs(link.removeprefix("#"))["q"][0]
    assert query[0] == query[-1] == '"'
    natives = cells.elsewhere(report)
    texts = {host.name: cells.search_text(host, natives.get(host.name, {})).split("\n") for host in report.hosts}
    return [name for name, lines in texts.items() if query[1:-1].lower() in lines]


def test_links_lead_to_the_hosts_that_they_count_and_no_others() -> None:
    guard = {**dict.fromkeys(("last_heal", "limited", "failure", "metrics", "sweep", "last_sweep", "sweep_failure"))}
    guard |= {"running": True, "heals": 0, "healed": [], "removed": 0, "freed": 0, "swept": []}
    changes: dict[str, dict[str, Any]] = {
        "ci-1": {"platforms": [missing("linux/mips64")]},
        "ci-10": {"platforms": [missing("linux/mips64le")], "failures": [fleets.failure("binfmt", "no")]},
        "ci-1 2": {"facts": {"engine": {"docker": "28.1", "buildx": "0.1"}, "guard": {**guard, "failure": "no"}}},
        "ci-3": {"facts": {"engine": {"docker": "28.10", "buildx": "0.10"}, "guard": {**guard, "sweep_failure": "no"}}},
        "ci-4": {"failures": [fleets.failure("binfmt", "docker:28.1 is missing:linux/mips64")]},
    }
    report = report_on([host_of(name, fleets.survey() | each) for name, each in changes.items()], fleets.NOW)
    found = {item.words: finds(item.link, report) for item in attention(report)}
    assert found == {
        "ci-4: binfmt: docker:28.1 is missing:linux/mips64": ["ci-4"],
        "ci-10: binfmt: no": ["ci-10"],
        "linux/mips64 is missing on 1 host": ["ci-1"],
        "linux/mips64le is missing on 1 host": ["ci-10"],
        "the guard could not remove what jobs left on 1 host": ["ci-3"],
        "the guard cannot keep the handlers on 1 host": ["ci-1 2"],
    }
    links = re.findall(r'<a href="(#q=[^"]*)">Docker 28.1</a>', page.as_html(report))
    assert [finds(link, report) for link in links] == [["ci-1 2"]]


def missing(name: str) -> dict[str, Any]:
    return {**with_nothing(), "platform": name, "how": "missing", "why": "no handler"}


def with_nothing() -> dict[str, None]:
    return dict.fromkeys(("handler", "interpreter", "qemu", "pinned", "why"))


def test_a_large_fleet_takes_no_square_of_its_time() -> None:
    """Each host emulates what another one runs; the names of those are made into text once."""

    def made(count: int) -> Report:
        halves = [with_platform(f"h{number}", ("native", "emulated")[number % 2]) for number in range(count)]
        return report_on(halves, fleets.NOW)

    few, many = (calls_of(functools.partial(page.as_html, made(count))) for count in (20, 80))
    assert many < few * 6


def calls_of(function: Callable[[], object]) -> int:
    """How many calls of Python functions it makes."""
    counted = cProfile.Profile()
    counted.runcall(function)
    return sum(each.callcount for each in counted.getstats())


class _Page(HTMLParser):
    """Tags that are no void ones, and the addresses that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: set[str] = set()
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "input", "rect"):
            self.open.append(tag)
        self.scripts += tag == "script"
        assert tag not in ("img", "link", "iframe", "object"), "nothing from elsewhere"
        for name, value in attrs:
            assert not name.startswith("on"), "no script in attributes"
            assert name != "style", "the policy would refuse it"
            if name in ("href", "src", "action"):
                self.addresses.add(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert tag == "rect" or self.open.pop() == tag


def test_the_page_is_whole_and_leads_nowhere_but_to_itself_and_its_data() -> None:
    found = _Page()
    found.feed(page.as_html(FIVE))
    assert found.open == []
    assert found.scripts == 1
    assert {each for each in found.addresses if not each.startswith("#")} == {"builders.json"}


@pytest.mark.parametrize(
    ("trace", "shown"),
    [
        pytest.param(
            {"time": "2026-11-21T11:20:13Z", "why": ""},
            'unchanged since the full plan of <time datetime="2026-11-21T11:20:13Z">2026-11-21 11:20:13 UTC</time>',
            id="unchanged",
        ),
        pytest.param({"time": None, "why": "there is no trace"}, "full plan: there is no trace", id="a full plan"),
    ],
)
def test_the_page_tells_of_the_next_run(trace: dict[str, str | None], shown: str) -> None:
    report = report_on([host_of("h", fleets.survey() | {"trace": trace})], fleets.NOW)
    assert f"<dt>Next run</dt><dd>{shown}</dd>" in page.as_html(report)


def with_platform(name: str, how: str) -> Host:
    platform = {**with_nothing(), "platform": "linux/arm64", "how": how}
    return host_of(name, fleets.survey() | {"platforms": [platform]})


@pytest.mark.parametrize(
    ("hosts", "found"),
    [
        pytest.param({"a": "emulated", "arm-1": "native", "arm-2": "native"}, [("arm-1", "arm-2"), ("a",)], id="both"),
        pytest.param({"a": "emulated", "b": "missing"}, None, id="native nowhere"),
        pytest.param({"arm-1": "native", "b": "missing"}, None, id="emulated nowhere"),
    ],
)
def test_what_is_emulated_though_another_host_runs_it(
    hosts: dict[str, str], found: list[tuple[str, ...]] | None
) -> None:
    report = report_on([with_platform(name, how) for name, how in hosts.items()], fleets.NOW)
    assert report.native_elsewhere == ((Native("linux/arm64", *found),) if found else ())
    words = "native on arm-[1:2]"
    assert (words in page.as_html(report)) is (found is not None)
    texts = [cells.search_text(host, cells.elsewhere(report).get(host.name, {})) for host in report.hosts]
    assert ["elsewhere:linux/arm64" in text for text in texts] == [bool(found) and name == "a" for name in hosts]


@pytest.mark.parametrize(
    ("proof", "shown"),
    [
        pytest.param({"passed": True}, ["amd64, linux/386, linux/s390x"], id="passed"),
        pytest.param(
            {"passed": False, "failures": ["s390x: no"], "unproven": ["linux/s390x"]},
            ['class="bad">linux/s390x</span>', "proven: linux/amd64, linux/386<"],
            id="one of three failed",
        ),
        pytest.param({"passed": False, "failures": ["all"]}, [], id="who knows which"),
    ],
)
def test_each_platform_of_a_proof_is_shown_for_itself(proof: dict[str, object], shown: list[str]) -> None:
    survey = fleets.survey()
    build = {"time": "2026-11-21T11:00:00Z", "failures": [], "platforms": ["linux/amd64", "linux/386", "linux/s390x"]}
    survey["proofs"] = {"build_proof": {**build, **proof}, "registry_proof": None}
    html = page.as_html(report_on([host_of("h", survey)], fleets.NOW))
    section = html.partition("<dt>Builds</dt>")[2].partition("<dt>Trust</dt>")[0]
    assert [each for each in shown if each not in section] == []
    assert ("linux/386" in section) is bool(shown)


@pytest.mark.parametrize(
    ("concern", "told"),
    [
        ("engine", "docker upgrade pending"),
        ("trust", "logins pending"),
        ("daemon", "docker pending"),
        ("contexts", "contexts pending"),
        ("buildx", "builders pending"),
        ("serve", "serve pending"),
    ],
)
def test_what_waits_is_told_of_every_concern(concern: str, told: str) -> None:
    survey = fleets.survey()
    survey["notes"] = [{"concern": concern, "kind": "waits", "text": "it waits"}]
    host = host_of("h", survey)
    assert (host.state, cells.summary(host)) == ("drift", told)


def test_a_proof_that_is_due_is_something_to_do() -> None:
    survey = fleets.survey()
    survey["notes"] = [{"concern": "", "kind": "unproven", "text": "builds: not proven yet: linux/arm/v6"}]
    host = host_of("h", survey)
    assert (host.state, cells.summary(host)) == ("ok", "proof pending")
    assert "proof:due" in cells.search_text(host)
    html = page.as_html(report_on([host], fleets.NOW))
    assert "<h4>proof</h4><ul><li>builds: not proven yet: linux/arm/v6</li></ul>" in html
    assert "proof pending" in html


def test_markup_in_any_text_of_the_data_is_escaped() -> None:
    mark = "<b a=\"b\" c='d'>&"

    def spoil(value: object) -> object:
        if isinstance(value, dict):
            return {key: spoil(each) for key, each in value.items()}
        if isinstance(value, list):
            return [spoil(each) for each in value]
        fixed = ("server", "ca", "emulated", "native", "linux/amd64")
        return f"{value}{mark}" if isinstance(value, str) and value not in fixed else value

    spoiled = spoil(fleets.drifted(fleets.survey()))
    assert isinstance(spoiled, dict)
    report = report_on([host_of(f"h{mark}", spoiled)], fleets.NOW)
    html = page.as_html(report)
    assert mark not in html
    assert "<b " not in html
    assert html.count("&lt;b ") > 50
    assert json.loads(page.as_json(report)) == json.loads(json.dumps(asdict(report)))


@pytest.mark.parametrize(
    ("inherit", "shown"),
    [
        pytest.param(None, [], id="not asked for"),
        pytest.param(Inherit(("ci",), (), (), (), ()), ["those of ci</p>"], id="no builders yet"),
        pytest.param(
            Inherit((), ("ci", "jane"), ("late0",), ("own0",), ("x0",)),
            [
                "those of no user; not those of ci, jane</p>",
                '<td>late0</td><td><span class="good">current</span>',
                '<td>own0</td><td><span class="bad">former</span>',
                '<td>x0</td><td><span class="dim">none from here</span>',
            ],
            id="all kinds",
        ),
    ],
)
def test_builders_that_users_make(inherit: Inherit | None, shown: list[str]) -> None:
    html = page.as_html(report_on([replace(host_of("h", fleets.survey()), inherit=inherit)], fleets.NOW))
    assert ("Builders that users make" in html) is (inherit is not None)
    assert [words for words in shown if words not in html] == []
