"""Fleets to render: surveys shaped after one of a lab host (data/survey.json), the same at every run.

`data/survey.json` is what module survey returned for builder-3, Debian testing with Docker 28.5.
"""

from __future__ import annotations

import copy
import datetime
import json
from pathlib import Path
from typing import Any

from ansible_collections.multiarch.builders.plugins.plugin_utils.report import compile as compiling
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.fleet import report_on
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import Report

Survey = dict[str, Any]

RECORDED: Survey = json.loads((Path(__file__).parent / "data/survey.json").read_text())
NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)
HOSTILE = "<script>alert(1)</script>"
UNREACHABLE = {
    "unreachable": True,
    "msg": "Failed to connect to the host via ssh: ssh: connect to host 198.51.100.99 port 22: No route to host",
}
_KEYS = ("variable", "value", "message", "remedy")
_WRONG = (
    ("builder_disruption", "'later'", "is not a valid choice", "Known: wait, now, never"),
    ("builder_platforms[1]", "'amd46'", "is not a known platform", "Did you mean linux/amd64?"),
)
PROBLEMS = [
    "builder_disruption = 'later': is not a valid choice. Known: wait, now, never.",
    "builder_platforms[1] = 'amd46': is not a known platform. Did you mean linux/amd64?",
]
INPUT = {
    "failed": True,
    "msg": "\n".join(["2 problems in the input; nothing was changed:", *(f"- {each}" for each in PROBLEMS)]),
    "problems": [dict(zip(_KEYS, each, strict=True)) for each in _WRONG],
}
_ENGINES = (("28.5.2", "0.29.1", 70), ("26.1.5+dfsg1", "0.13.1+ds1", 22), ("29.7.2", "0.33.0", 8))
_HANDLERS = {
    "linux/amd64": "qemu-x86_64",
    "linux/arm64": "qemu-aarch64",
    "linux/ppc64le": "qemu-ppc64le",
    "linux/riscv64": "qemu-riscv64",
    "linux/s390x": "qemu-s390x",
}


def survey(number: int = 0) -> Survey:
    """A host as asked; hosts of other *number* have other machines, versions, caches and ages."""
    found = copy.deepcopy(RECORDED)
    found["ca_warn_days"] = 30
    _machine(found, number)
    _platforms(found, arm=number % 11 == 7)
    node = found["builders"][0]["nodes"][0]
    found["builders"][0]["cache"] = 1_000_000_000 + number * 7_919_000_000 % 61_000_000_000
    node |= {"buildkit": "0.32.2" if number % 9 else "0.31.1", "image": "docker.io/moby/buildkit:v0.32.2"}
    for each in (*found["certificates"], *found["authorities"]):
        each["days_left"], each["not_after"] = 311, "2027-09-28"
        for link in each.get("chain", ()):
            link["days_left"], link["not_after"] = 311, "2027-09-28"
    made = NOW - datetime.timedelta(hours=1 + number * 13 % 70)
    for proof in found["proofs"].values():
        proof["time"] = made.strftime("%Y-%m-%dT%H:%M:%SZ")
    return found


def _machine(found: Survey, number: int) -> None:
    rank = number * 37 % 100
    docker, buildx = next((d, b) for d, b, upto in _steps() if rank < upto)
    found["facts"]["engine"] = {"docker": docker, "buildx": buildx}
    found["machine"] |= {"cpus": 8, "memory": 33_554_432_000, "os": "Debian GNU/Linux 13 (trixie)"}
    found["machine"]["kernel"] = "6.12.48+deb13-amd64"
    size = 512_000_000_000
    found["disk"] |= {"size": size, "free": size * (12 + number * 29 % 80) // 100}


def _steps() -> list[tuple[str, str, int]]:
    total, found = 0, []
    for docker, buildx, share in _ENGINES:
        total += share
        found.append((docker, buildx, total))
    return found


def _platforms(found: Survey, *, arm: bool) -> None:
    own = "linux/arm64" if arm else "linux/amd64"
    found["machine"]["architecture"] = own.partition("/")[2]
    emulated = next(each for each in found["platforms"] if each["how"] == "emulated")
    folder = str(Path(emulated["interpreter"]).parent)
    found["platforms"] = [
        {**dict.fromkeys(emulated), "platform": name, "how": "native"}
        if name == own
        else {**emulated, "platform": name, "handler": handler, "interpreter": f"{folder}/{handler}", "qemu": "10.2.3"}
        for name, handler in _HANDLERS.items()
    ]


def connected(found: Survey, text: str = "arm") -> Survey:
    """Whose users reach other Dockers, and whose own is reached from other hosts."""
    context = {"user": "ci", "name": text, "host": f"ssh://ci@{text}", "managed": True}
    found["facts"]["contexts"] = {"contexts": [context, {**context, "user": "jane", "managed": False}]}
    found["facts"]["ssh"] = {"clients": [[f"ci-{text}", "root", "ci"]], "unsure": [f"ci-{text}"]}
    return found


def drifted(found: Survey) -> Survey:
    """With something to do, and a restart among it."""
    actions = [
        "write /etc/docker/daemon.json: registry-mirrors: absent → [https://mirror.lab.test:5000]",
        "restart docker: features.containerd-snapshotter: absent → true (running now: a build in multiarch0)",
    ]
    text = "handler qemu-arm of somebody else works and was left alone"
    note = {"concern": "binfmt", "kind": "left_alone", "text": text}
    found |= {"pending": ["daemon", "buildx"], "notes": [note]}
    found["plan"] = [
        {"concern": "daemon", "actions": actions},
        {"concern": "buildx", "actions": ["start builder multiarch: its container multiarch0 is stopped"]},
    ]
    found["facts"]["daemon"] = {"restart": ["features.containerd-snapshotter: absent → true"]}
    found["trace"] = {"time": None, "why": "content /etc/docker/daemon.json has changed"}
    found["builders"][0]["nodes"][0] |= {"state": "stopped", "buildkit": None}
    found["builders"][0]["cache"] = None
    return connected(found)


def unproven(found: Survey) -> Survey:
    """With a failed proof of trust, and none of the builders."""
    failure = "harbor.lab.test: unknown authority (client ci)"
    found["proofs"] = {"build_proof": None, "registry_proof": {**found["proofs"]["registry_proof"], "passed": False}}
    found["proofs"]["registry_proof"]["failures"] = [failure]
    return found


def failure(concern: str, message: str) -> dict[str, str]:
    """Why a host cannot be made as asked."""
    return {"concern": concern, "message": message, "cause": message, "remedy": "", "said": ""}


def broken(found: Survey) -> Survey:
    """Which cannot be made as asked: a platform is missing, and a registry is not trusted."""
    found["failures"] = [failure("binfmt", "the emulator of qemu-s390x does not run on this host: Exec format error")]
    row = next(each for each in found["platforms"] if each["platform"] == "linux/s390x")
    row |= {"how": "missing", "qemu": None, "interpreter": None, "why": "no handler"}
    found["registries"][2] |= {"outcome": "unknown authority", "words": "unable to get local issuer certificate"}
    return found


def ending(found: Survey, days: int = 12) -> Survey:
    """With a server certificate that ends in *days*."""
    for each in found["certificates"]:
        if each["registry"] == "harbor.lab.test":
            end = f"{NOW + datetime.timedelta(days=days):%Y-%m-%d}"
            each |= {"days_left": days, "not_after": end}
            each["chain"][0] |= {"days_left": days, "not_after": end, "fingerprint": f"{days:064x}"}
    return found


def hostile(found: Survey) -> Survey:
    """With markup and quotes wherever a host, a registry or an error could bring them."""
    found["failures"] = [failure("engine", f"{HOSTILE} \"quoted\" 'too' </textarea></style>")]
    found["registries"][2]["registry"] = f"harbor{HOSTILE}"
    found["machine"]["os"] = f'"><img src=x onerror=alert(2)>{HOSTILE}'
    found["builders"][0]["name"] = HOSTILE
    found["facts"]["engine"]["docker"] = f"28{HOSTILE}"
    found["certificates"][0]["registry"] = f"mirror{HOSTILE}"
    found["certificates"][0]["chain"][0]["subject"] = f"CN={HOSTILE}"
    return connected(found, HOSTILE)


def five() -> Report:
    """One host of each kind."""
    return _report(
        {
            "ci-1.example.com": ending(survey(1)),
            "ci-2.example.com": drifted(survey(2)),
            "ci-10.example.com": broken(survey(7)),
            f"ci-{HOSTILE}": hostile(survey(4)),
            "ci-9.example.com": UNREACHABLE,
        }
    )


def many(count: int = 500) -> Report:
    """Mostly hosts as asked, with some of each other kind."""
    changes = {3: drifted, 61: unproven, 102: broken, 240: drifted, 377: broken}
    found: dict[str, Survey | None] = {}
    for number in range(count):
        host = ending(survey(number))
        name = f"ci-{('fra', 'ams', 'sin', 'iad')[number % 4]}-{number + 1}"
        found[name] = changes.get(number, drifted if number % 83 == 40 else lambda same: same)(host)
        if number % 97 == 17:
            found[name] = UNREACHABLE
        elif number == 300:
            found[name] = INPUT
    return _report(found)


def _report(surveys: dict[str, Any]) -> Report:
    return report_on([compiling.host_of(name, result) for name, result in surveys.items()], NOW)
