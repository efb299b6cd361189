"""docs/performance.md, docs/scale.md and the plot say what the files of the benchmarks say."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import goals, page, plot, results, scale, spent, tables
from benchmarks.lines import Line, through
from benchmarks.mirror_log import requests, summary
from benchmarks.results import Measurement, Result, Results


@pytest.mark.parametrize("path", page.files(), ids=lambda path: path.name)
def test_what_was_measured_is_what_is_shown(path: Path) -> None:
    assert path.read_text() == page.files()[path], "run `python -m benchmarks.page`"


def test_every_table_stands_in_a_page() -> None:
    text = "".join(path.read_text() for path in page.files() if path.suffix == ".md")
    assert sorted(found[2] for found in page.PART.finditer(text)) == sorted(page.parts())


def result(hosts: int, contender: str, *walls: float, state: str = "nothing") -> Result:
    """Runs that differ in their wall time alone."""
    return Result(hosts, state, contender, tuple(Measurement(wall, 1.0, 8.0, 100_000_000) for wall in walls))


FLEET = Results(
    {}, (result(8, "ours", 2.0, 9.0, 1.0), result(8, "stock", 19.0), result(32, "ours", 5.0), result(32, "stock", 60.0))
)


def test_the_table_has_medians_and_how_many_times_as_long_as_ours() -> None:
    assert "| nothing to change | 8 | multiarch.builders | 2.00 | 1.00 | 1.00 | 1.00 | 100 | 3 |" in tables.measured(
        FLEET
    )
    assert "| nothing to change | 8 | stock tasks | 19.00 | 9.50 | 1.00 | 1.00 | 100 | 1 |" in tables.measured(FLEET)


@pytest.mark.parametrize(
    ("ours", "pyinfra", "said"),
    [
        pytest.param(3.0, 5.0, "0.60 | yes", id="met, exactly"),
        pytest.param(4.0, 5.0, "0.80 | **no**", id="not met"),
        pytest.param(None, 5.0, "not measured yet | ", id="not measured"),
        pytest.param(3.0, None, "not measured yet | ", id="the other is not measured"),
    ],
)
def test_a_goal_says_whether_it_is_met(ours: float | None, pyinfra: float | None, said: str) -> None:
    walls = {"ours": ours, "pyinfra": pyinfra}
    rows = tuple(result(8, name, wall) for name, wall in walls.items() if wall is not None)
    row = f"| nothing to change | 8 | at most 0.60 times pyinfra | {said} |"
    assert row in goals.table(Results({}, rows), {}).splitlines()


def test_goals_of_proof_memory_and_simulated_hosts_have_their_own_quantities() -> None:
    rows = (
        result(8, "unproven", 9.0, state="ca"),
        result(8, "pyinfra", 10.0, state="ca"),
        result(32, "ours", 1.0),
    )
    runs = [
        {"contender": name, "hosts": 1000, "forks": 50, "serial": "", "wall": wall, "controller": 2 * wall}
        for name, wall in (("ours", 20.0), ("former", 100.0))
    ]
    table = goals.table(Results({}, rows), {"runs": runs})
    assert "| at most 0.90 times pyinfra, without our proof | 0.90 | yes |" in table
    assert "| at most 1.10 times pyinfra, with our proof | not measured yet |  |" in table
    assert "| at most 250 MB of the controller's memory | 100 MB | yes |" in table
    assert "| at most 0.30 times the wall time of multiarch.builders, 35bd917, simulated hosts | 0.20 | yes |" in table


def test_the_page_says_when_it_was_measured() -> None:
    facts = dict.fromkeys(("processor", "memory", "kernel", "python", "ansible-core", "mitogen", "pyinfra"), "1")
    days = [Result(8, "nothing", "ours", (), (), day) for day in ("2026-11-21", "2026-11-30")]
    assert tables.machine(Results(facts, tuple(days))).endswith("Measured from 2026-11-21 to 2026-11-30.")
    assert tables.machine(Results(facts, tuple(days[:1]))).endswith("Measured on 2026-11-21.")


def test_runs_that_failed_are_counted_beside_those_that_count() -> None:
    failed = Result(8, "fresh", "ours", (Measurement(1.0, 1.0, 1.0, 1),), ("no answer",))
    assert tables.measured(Results({}, (failed,))).endswith("| 1, 1 failed |")


def test_one_more_host_is_the_slope_between_two_sizes() -> None:
    assert "| multiarch.builders | 1.00 + 0.125 |" in tables.growth(FLEET)


@pytest.mark.parametrize(
    ("points", "line"),
    [
        pytest.param([(8, 2.0), (32, 5.0)], Line(1.0, 0.125), id="two points: exactly"),
        pytest.param([(0, 0.0), (1, 2.0), (2, 1.0)], Line(0.5, 0.5), id="three: least squares"),
    ],
)
def test_a_line(points: list[tuple[float, float]], line: Line) -> None:
    assert through(points) == line


def test_results_are_kept_beside_others_and_dropped_with_their_machine(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    results.add(file, {"memory": "1 GiB"}, [result(8, "ours", 1.0)])
    results.add(file, {"memory": "1 GiB"}, [result(8, "ours", 2.0), result(8, "stock", 3.0)])
    assert results.load(file).measured == (result(8, "ours", 2.0), result(8, "stock", 3.0))
    results.add(file, {"memory": "2 GiB"}, [result(8, "stock", 4.0)])
    assert results.load(file) == Results({"memory": "2 GiB"}, (result(8, "stock", 4.0),))


def test_the_plot_shows_every_contender_and_stays_in_its_frame() -> None:
    drawn = ElementTree.fromstring(plot.svg(FLEET))
    texts = ["".join(each.itertext()) for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("stock tasks") == 2
    assert "19.0 s9.5\N{MULTIPLICATION SIGN}" in texts
    bars = [each for each in drawn.iter("{http://www.w3.org/2000/svg}rect") if each.get("class") != "page"]
    assert all(plot.LEFT + float(each.get("width", "0")) <= plot.WIDTH - plot.RIGHT for each in bars)


SSH = Results({}, tuple(Result(size, "nothing", "ssh", (Measurement(1.0, size / 50, 0.0, 1),)) for size in (8, 32)))
SIMULATED = {
    "runs": [
        {
            "contender": contender,
            "hosts": size,
            "forks": forks,
            "serial": serial,
            "wall": wall,
            "controller": wall * 2,
            "memory": 1_000_000 * size,
        }
        for contender, size, forks, serial, wall in (
            ("ours", 1, 50, "", 1.5),
            ("ours", 100, 50, "", 11.0),
            ("ours", 1000, 50, "", 101.0),
            ("ours", 1000, 5, "", 400.0),
            ("ours", 1000, 50, "20%", 120.0),
            ("former", 1000, 50, "", 900.0),
            ("former", 1, 50, "", 9.0),
        )
    ]
}


def test_a_larger_fleet_is_extrapolated_and_says_so() -> None:
    table = scale.fleets(SIMULATED, SSH)
    assert "| multiarch.builders | 1,000 | 101 s | 3 min | 20 s | 1.0 | within what was measured |" in table
    assert "| multiarch.builders | 10,000 | 17 min | 33 min | 3 min | 10.0 | extrapolated from 1,000 |" in table
    assert "35bd917" not in table, "a line through one size"


def test_controllers_share_a_fleet() -> None:
    table = scale.controllers(SIMULATED)
    assert "| 10 | 1,000 | 101 s |" in table
    assert table.endswith("| each host its own (pull mode) | 1 | 1.5 s, and 3.0 s of CPU, on each host |")


def test_one_size_makes_no_line() -> None:
    one = {"runs": SIMULATED["runs"][:2]}
    assert scale.fleets(one, SSH) == scale.controllers(one) == tables.NONE


def line(method: str, path: str, agent: str) -> str:
    """A line of a docker-registry's log: 500 bytes went to one host."""
    entry = {
        "remoteaddr": "198.51.100.101:4000",
        "method": method,
        "uri": f"/v2/{path}?ns=docker.io",
        "useragent": agent,
    }
    answer = {"http.response.status": 200, "http.response.written": 500}
    return json.dumps({**{f"http.request.{key}": value for key, value in entry.items()}, **answer})


LOG = [
    "not a line of a request",
    line("HEAD", "moby/buildkit/manifests/sha256:aa", "docker/26.1"),
    line("GET", "moby/buildkit/blobs/sha256:bb", "docker/26.1"),
    line("GET", "moby/buildkit/blobs/sha256:bb", "buildkit/v0.13"),
    line("HEAD", "multiarch-builders/proof-1a/manifests/absent", "docker/26.1"),
]


def test_the_mirror_s_log_is_counted_by_image_and_client() -> None:
    found = summary(list(requests(LOG)))
    assert found["rows"] == [
        {"what": "moby/buildkit", "client": "builder", "requests": 1, "bytes": 500},
        {"what": "moby/buildkit", "client": "dockerd", "requests": 2, "bytes": 500},
        {"what": "proof of trust", "client": "dockerd", "requests": 1, "bytes": 0},
    ]


def test_a_blob_that_a_host_got_twice_is_seen() -> None:
    found = summary(list(requests(LOG)))
    assert found["twice"] == [{"host": "198.51.100.101", "blob": "sha256:bb", "times": 2}]
    assert "| 198.51.100.101 | sha256:bb | 2 |" in scale.twice({"hosts": 1, "states": {"fresh": found}})


def test_what_nobody_named_has_spent_is_the_rest() -> None:
    of_one = {"containerd": 5.0, "dockerd": 2.0, "sessions": 3.0, "all": 12.5}
    assert "| the rest: BuildKit, systemd | 2.5 |" in spent.spenders({"spenders": {"pyinfra": of_one}})
