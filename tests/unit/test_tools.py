"""The summary of `make test`, and the check of Markdown pages."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tests.tools import docs_lint, hosts, packages, stages


def test_summary_tells_what_ran_and_what_was_skipped() -> None:
    output = [
        "INFO     [provision > verify] Executing",
        "SKIPPED [2] tests/test_x.py:3: no emulator",
        "=== 7 passed, 2 skipped in 1.15s ===",
        "7 passwords",
    ]
    assert stages.notes_of(output) == [
        "provision: skipped: [2] tests/test_x.py:3: no emulator",
        "provision: 7 passed, 2 skipped",
    ]
    assert stages.notes_of(["AGAIN, alone: tests/hosts/test_a.py"]) == ["AGAIN, alone: tests/hosts/test_a.py"]
    assert stages.notes_of(['Running sanity test "pep8"', 'Running sanity test "yamllint"']) == ["2 sanity tests"]


def test_summary_names_every_stage() -> None:
    results = [stages.Result("lint", "FAILED", 3.2), stages.Result("unit", notes=["why"])]
    assert stages.summary(results, 3.2).splitlines()[2:] == [
        "lint       FAILED       3 s",
        "unit       not run      0 s",
        "            why",
        "                        3 s in all",
    ]


@pytest.mark.parametrize(
    ("ran", "again", "status"),
    [
        pytest.param([0], None, 0, id="all passed"),
        pytest.param([1, 0], ["a.py"], 0, id="two of a file, which pass alone"),
        pytest.param([1, 1], ["a.py", "b.py"], 1, id="two files, one of which fails again"),
        pytest.param([1], [f"{each}.py" for each in "abcde"], 1, id="so many are no accident"),
        pytest.param([2], None, 2, id="stopped, not failed"),
    ],
)
def test_what_fails_on_hosts_runs_again_alone(
    ran: list[int], again: list[str] | None, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, seen = list(ran), []

    def run(*arguments: str) -> int:
        seen.append(arguments)
        if again and len(left) == len(ran):
            failed.write_text(json.dumps({f"{file}::test[{each}]": True for file in again for each in "12"}))
        return left.pop(0)

    failed = tmp_path / "lastfailed"
    failed.write_text('{"former.py::test": true}')
    monkeypatch.setattr(hosts, "FAILED", failed)
    monkeypatch.setattr(hosts, "run", run)
    assert hosts.main(["tests/hosts"]) == status
    assert not left
    assert [list(each) for each in seen[1:]] == ([again] if len(ran) == 2 else [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("[a](b.md)", "the link b.md leads to no file", id="missing file"),
        pytest.param("[a](#two)\n# One", "the link #two leads to no heading of page.md", id="missing heading"),
        pytest.param("[a](#one-way)\n# One `way`!", None, id="heading"),
        pytest.param("[a](https://example.com/b.md)", None, id="elsewhere"),
        pytest.param("```\nx\n```", "line 1: the code block names no language; text is one", id="no language"),
        pytest.param("```yaml\na: !vault x\n```", None, id="tag"),
        pytest.param("\n```yaml\na: [\n```", "line 2: the YAML block does not parse", id="yaml"),
        pytest.param("```text\n[a](b.md)\n```", None, id="link in a block"),
    ],
)
def test_markdown(tmp_path: Path, text: str, problem: str | None) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    found = [*docs_lint.link_problems(page, text), *docs_lint.block_problems(text)]
    assert len(found) == bool(problem)
    assert not problem or found[0].startswith(problem)


def test_a_machine_that_cannot_have_the_lab_skips_its_stages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stages, "reason", lambda: "The lab runs on Linux only, this is Plan9.")
    monkeypatch.setattr(stages, "run", lambda stage, _screen: stages.Result(stage, "passed"))
    assert stages.main(["unit", "molecule"]) == 0
    assert "molecule   skipped" in (shown := capsys.readouterr().out)
    assert "this is Plan9" in shown


def test_a_stage_that_fails_ends_the_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(stages, "reason", lambda: None)
    monkeypatch.setattr(stages, "run", lambda stage, _screen: stages.Result(stage, "FAILED"))
    assert stages.main(["lint", "unit+browser"]) == 1
    shown = capsys.readouterr().out
    assert "unit       not run" in shown
    assert "browser    not run" in shown


def test_stages_side_by_side_are_shown_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    screen = stages.Screen(["sanity", "unit"])
    screen.add("unit", "u1\n")
    screen.add("sanity", "s1\n")
    assert capsys.readouterr().out == "s1\n", "as it comes"
    screen.end("unit")
    screen.add("sanity", "s2\n")
    screen.end("sanity")
    assert capsys.readouterr().out == "s2\nu1\n"


def test_stages_side_by_side_run_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = threading.Barrier(2, timeout=10)

    def run(stage: str, screen: stages.Screen) -> stages.Result:
        meeting.wait()
        screen.end(stage)
        return stages.Result(stage, "passed")

    monkeypatch.setattr(stages, "reason", lambda: None)
    monkeypatch.setattr(stages, "run", run)
    assert stages.main(["sanity+unit"]) == 0


NEEDED, BOTH = packages.Missing(("iproute2",), ()), packages.Missing(("iproute2",), ("chromium",))


@pytest.mark.parametrize(
    ("missing", "apt", "root", "lines"),
    [
        pytest.param(BOTH, True, True, (), id="installed here"),
        pytest.param(NEEDED, True, False, ("Packages are missing; as root: apt-get install iproute2",), id="no root"),
        pytest.param(
            packages.Missing((), ("chromium",)),
            True,
            False,
            ("SKIPPED browser: packages are missing; as root: apt-get install chromium",),
            id="what tests can do without",
        ),
        pytest.param(
            BOTH,
            False,
            True,
            (
                "SKIPPED browser: packages are missing; "
                "these Debian packages, or what your system calls them: chromium",
                "Packages are missing; these Debian packages, or what your system calls them: iproute2",
            ),
            id="no apt",
        ),
        pytest.param(packages.Missing((), ()), True, False, (), id="nothing"),
    ],
)
def test_who_installs_packages(missing: packages.Missing, apt: bool, root: bool, lines: tuple[str, ...]) -> None:
    assert packages.by_hand(missing, apt=apt, root=root) == lines


@pytest.mark.parametrize(
    ("there", "kinds", "expected"),
    [
        pytest.param(("ip",), ["lab", "browser"], {"needed": "mmdebstrap", "optional": "chromium"}, id="both kinds"),
        pytest.param((), ["lab"], {"needed": "iproute2"}, id="the lab's alone"),
        pytest.param((), [], {}, id="none"),
    ],
)
def test_missing_packages(
    monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], kinds: list[str], expected: dict[str, str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda tool, **_: tool if tool in there else None)
    found = packages.missing(kinds)
    for kind in ("needed", "optional"):
        names = [name for name in getattr(found, kind) if name != "python3-venv"]
        assert (expected[kind] in names) if kind in expected else names == []
    assert "iproute2" not in found.needed or "ip" not in there
