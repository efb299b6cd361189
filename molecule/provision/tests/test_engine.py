"""Docker runs on every builder host."""

from __future__ import annotations

from testinfra.host import Host


def test_dockerd_answers(host: Host) -> None:
    # testinfra logs in and becomes root as the inventory says.
    answer = host.run("docker version --format '{{.Server.Version}}'")
    assert answer.rc == 0, answer.stderr
    assert int(answer.stdout.split(".")[0]) >= 24
