"""What was never proven is due, even if nothing has to be changed for it; each platform is judged for itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab.topology import HOSTS
from tests.hosts.lab import Run, on, playbook

LEAST: dict[str, Any] = {
    "builder_platforms": ["amd64"],
    "builder_users": ["root"],
    "builder_verify_repository": "",
    "builder_verify_base": "scratch",
    "builder_verify_trust": False,
}
MIRROR = "mirror.lab.test:5000"
REGISTRY = next(str(host.address) for host in HOSTS if host.name == "registry")
CUT = f"OUTPUT --proto tcp --destination {REGISTRY} --dport 5000 --jump REJECT"
# The emulator of riscv64, which refuses programs of s390x.
BREAK = """
handlers=/proc/sys/fs/binfmt_misc
echo -1 > $handlers/qemu-s390x
sed -E 's,/qemu-s390x:,/qemu-riscv64:,' /etc/binfmt.d/qemu-s390x.conf | grep ^: > $handlers/register
"""


def run(name: str, host: str, *arguments: str, **variables: Any) -> Run:
    given = {**LEAST, **{f"builder_{key}": value for key, value in variables.items()}}
    return playbook(name, *arguments, limit=host, variables=given)


def last_line(done: Run) -> str:
    return done.output.strip().splitlines()[-1]


def reported(host: str, folder: Path, **variables: Any) -> dict[str, Any]:
    done = run("report-builders", host, report_dest=str(folder), **variables)
    assert done.status == 0, done.output
    (found,) = json.loads((folder / "builders.json").read_text())["hosts"]
    return dict(found)


def test_what_was_never_proven_is_proven_by_the_next_run(engine: str, tmp_path: Path) -> None:
    """The processor runs linux/386 itself, so with that platform the host is as asked."""
    for words in ("; proven", ": nothing to do"):
        done = run("provision-builders", engine, verify_trust=True)
        assert last_line(done).endswith(words), done.output

    more, due = {"platforms": ["amd64", "386"], "verify_trust": True}, "builds: not proven yet: linux/386"
    planned = run("provision-builders", engine, "--check", **more)
    assert last_line(planned) == f"{engine}: waits: {due}", planned.output
    found = reported(engine, tmp_path, **more)
    assert (found["state"], found["plan"]) == ("ok", [])
    assert [note["text"] for note in found["notes"] if note["kind"] == "unproven"] == [due]

    left_out = run("provision-builders", engine, "--skip-tags", "proof", **more)
    assert last_line(left_out) == f"{engine}: waits: {due}", left_out.output
    require_proven(engine, due, **more)

    # What fails in a verification is due, too.
    on(engine, f"iptables --append {CUT}")
    failed = run("verify-builders", engine, **more)
    assert failed.status != 0
    on(engine, f"iptables --delete {CUT}")
    require_proven(engine, "trust: not proven yet: ", **more)

    alone = run("provision-builders", engine, "--tags", "proof", **more)
    assert last_line(alone) == f"{engine}: proven", alone.output
    assert alone.says("Build for every platform]"), alone.output
    assert not alone.says(": Plan]"), alone.output


def require_proven(host: str, due: str, **variables: Any) -> None:
    """A run says what is due and makes that proof alone; the next ones have nothing to do."""
    done = run("provision-builders", host, **variables)
    assert done.says(due), done.output
    assert (last_line(done), done.recap(host)["changed"]) == (f"{host}: proven", 0), done.output
    for _time in range(2):  # by a full plan, and by its trace
        assert last_line(run("provision-builders", host, **variables)) == f"{host}: nothing to do"


def test_one_broken_emulator_fails_one_platform(engine: str, tmp_path: Path) -> None:
    platforms = ["amd64", "arm64", "riscv64", "s390x"]
    others = [f"linux/{each}" for each in platforms[:3]]
    done = run("provision-builders", engine, platforms=platforms)
    assert last_line(done).endswith("; proven"), done.output

    on(engine, BREAK)
    done = run("verify-builders", engine, platforms=platforms, verify_results=str(tmp_path))
    table = next(line for line in done.output.splitlines() if f"{engine}  " in line and "native" in line)
    assert (table.count("NOT PROVEN"), table.count("emulated built"), table.count("native built")) == (1, 2, 1), table
    (host,) = json.loads((tmp_path / "verification.json").read_text())["hosts"].values()
    failed = [each["name"] for each in host["checks"] if each["outcome"] == "failed"]
    assert sorted(failed) == ["as_asked[binfmt]", "runs[linux/s390x]"]
    assert {f"build[root-multiarch-{each}]" for each in others} <= {each["name"] for each in host["checks"]}

    found = reported(engine, tmp_path, platforms=platforms)
    assert (found["build_proof"]["passed"], found["build_proof"]["unproven"]) == (False, ["linux/s390x"])
    page = (tmp_path / "builders.html").read_text()
    assert f"proven: {', '.join(others)}" in page

    done = run("provision-builders", engine, platforms=platforms)
    assert last_line(done).endswith("; proven"), done.output
    assert reported(engine, tmp_path, platforms=platforms)["build_proof"]["unproven"] == []
