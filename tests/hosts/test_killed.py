"""docker_daemon is killed (SIGKILL) at every step: daemon.json is the old or the new one, and the next run converges.

at_every_step.py does it, on the host; here is what has to be true of each kill. One may leave a temporary file behind
(`/var/tmp/multiarch-builders-*`, or `.NAME.*` where NAME was to be replaced): nothing reads it,
and the next run removes it.
"""

from __future__ import annotations

import base64
import io
import json
import shlex
import signal
import zipfile
from typing import Any

from tests.hosts.ansible_playbook import ROOT
from tests.hosts.at_every_step import Options, Request, Round
from tests.hosts.lab import on

THEIRS = """{
  "features": {"buildkit": true, "containerd-snapshotter": true},
  "log-opts": {"max-size": "10m"}
}
"""
PACKAGE = "ansible_collections/multiarch/builders/plugins"


def program() -> str:
    """at_every_step.py and what it imports: a zip that Python runs, in Base64."""
    packed = io.BytesIO()
    folders = PACKAGE.split("/")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(ROOT / "tests/hosts/at_every_step.py", "__main__.py")
        for depth in range(len(folders)):
            archive.writestr("/".join([*folders[: depth + 1], "__init__.py"]), "")
        for path in sorted((ROOT / "plugins/module_utils").rglob("*.py")):
            archive.write(path, f"{PACKAGE}/{path.relative_to(ROOT / 'plugins')}")
    return base64.b64encode(packed.getvalue()).decode()


def killed(
    host: str, wanted: Options, *, formerly: Options | None = None, steps: str = "", by_hand: Options | None = None
) -> tuple[str, list[Round]]:
    """daemon.json at the start, and what each kill of a run to *wanted* led to; the last run is not killed."""
    request = Request(theirs=THEIRS, formerly=formerly, wanted=wanted, steps=steps, by_hand=by_hand or {})
    start = f"base64 -d >/run/at_every_step.zip; python3 /run/at_every_step.zip {shlex.quote(json.dumps(request))}"
    answer = json.loads(on(host, start, stdin=program()))
    rounds: list[Round] = answer["rounds"]
    assert {each["end"] for each in rounds[:-1]} == {-signal.SIGKILL}
    return answer["start"], rounds


def assert_whole_and_converging(start: str, rounds: list[Round]) -> None:
    """Both texts were met, nothing else, and nothing was left to do after the next run."""
    assert {each["text"] == start for each in rounds} == {True, False}
    assert rounds[-1]["end"] == 0
    for each in rounds:
        assert each["text"] in (start, each["converged"]), each["step"]
        assert each["valid"], each["step"]
        assert each["left_to_do"] == [], each["step"]
        assert len(each["temporary"]) <= 1, each["step"]


def with_theirs(**ours: Any) -> dict[str, Any]:
    return {**json.loads(THEIRS), **ours}


def test_killed_at_any_step_of_a_change_that_needs_a_reload(spare: str) -> None:
    start, rounds = killed(spare, {"labels": ["killed=NUMBER"]})
    assert_whole_and_converging(start, rounds)
    for number, each in enumerate(rounds, start=1):
        labels = [f"killed={number}"]
        assert json.loads(each["converged"]) == with_theirs(labels=labels), each["step"]
        assert each["shown"]["labels"] == labels, each["step"]
        assert each["back"] == with_theirs(), each["step"]
    steps = "\n".join(each["step"] for each in rounds)
    for step in (
        "start dockerd --validate ",
        "/var/lib/multiarch-builders/pending.json\n",
        "/var/lib/multiarch-builders/daemon.json\n",
        "fsync /etc/docker/.daemon.json.",
        " /etc/docker/daemon.json\n",
        "start systemctl reload docker.service\nwhile systemctl reload docker.service runs\n",
    ):
        assert step in steps


def test_killed_around_the_programs_of_a_change_that_needs_a_restart(spare: str) -> None:
    start, rounds = killed(
        spare, {"mtu": 1400}, formerly={"labels": ["by=us"]}, steps="dockerd --validate|systemctl re"
    )
    assert_whole_and_converging(start, rounds)
    for each in rounds:
        assert json.loads(each["converged"]) == with_theirs(mtu=1400), each["step"]
        assert each["shown"] == {"labels": [], "mtu": 1400}, each["step"]
        assert each["back"] == with_theirs(), each["step"]
    steps = [each["step"] for each in rounds]
    assert {"start systemctl restart docker.service", "while systemctl restart docker.service runs"} < set(steps)


def test_a_key_that_was_ours_before_the_kill_and_is_set_by_hand_later_stays(spare: str) -> None:
    _start, rounds = killed(
        spare,
        {"mtu": 1400},
        formerly={"labels": ["by=us"]},
        steps="os.rename .*/daemon.json$",
        by_hand={"labels": ["by=hand"]},
    )
    for each in rounds:
        assert each["back"] == with_theirs(labels=["by=hand"]), each["step"]


def test_killed_before_what_dockerd_does_not_start_with_is_put_back_the_next_run_does_it(spare: str) -> None:
    # --validate lets it pass, starting does not
    start, rounds = killed(spare, {"data-root": "/proc/no-such-folder"}, steps="start journalctl")
    for each in rounds:
        assert each["converged"] == start, each["step"]
        assert each["shown"] != {}, each["step"]
