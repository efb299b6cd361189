"""Certificates of the fleet's own CA: one run makes a server and its client; renewed, rotated and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import tcp_builder
from tests.hosts.daemon import base
from tests.hosts.lab import lab, on
from tests.hosts.serve_controller import BUNDLE, Controller, status_of, use_bundle
from tests.hosts.test_serve import CLIENT, HELD, IN_BUILD, PORT, SERVER

NAME = tcp_builder.name(SERVER)
FLEET = {"name": "fleet", "driver": "remote", "default": True, "nodes": [{"serve": SERVER}]}
UNPROVEN = ("--skip-tags", "proof")


SERVED = {"serve": {"address": "0.0.0.0", "port": PORT, "names": [NAME], "clients": [{"name": "gitlab-ci"}]}}


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Controller:
    """After the first run, which proves that the client builds on the server."""
    lab("reset", SERVER, CLIENT)
    controller = Controller(tmp_path_factory.mktemp("controller"), {SERVER: SERVED, CLIENT: {"instances": [FLEET]}})
    checked = controller.provision("--check")
    assert checked.says(f"would issue a certificate for client {CLIENT}"), checked.output
    assert not controller.authority.exists()
    made = controller.provision()
    assert made.says(f"builder_serve_authority: issue a certificate for server {SERVER}")
    return controller


@pytest.fixture
def bundle(controller: Controller) -> Iterator[Path]:
    """That of a pipeline, which the client uses by hand as a builder `bundle`."""
    folder = controller.folder / "bundle"
    controller.ok("serve-bundle", client="gitlab-ci", dest=str(folder))
    assert use_bundle(CLIENT, folder) == ["running"]
    yield folder
    on(CLIENT, f"docker buildx rm bundle; rm -r {BUNDLE}")


def start_build() -> None:
    """A build on the client, whose RUN step sleeps on the server until it is told to end."""
    on(CLIENT, f"mkdir -p {HELD}; cat > {HELD}/Dockerfile", stdin=f"FROM {base()}\nRUN {IN_BUILD}; echo slept\n")
    build = f"docker buildx build --builder fleet --no-cache --progress plain {HELD} > {HELD}/log 2>&1"
    on(CLIENT, f"systemd-run --quiet --collect --setenv=HOME=/root sh -c '{build}; echo $? > {HELD}/status'")
    on(SERVER, f"timeout 60 sh -c 'until pgrep --full --exact \"{IN_BUILD}\" >/dev/null; do sleep 0.1; done'")


def end_build() -> str:
    """The exit status of the build."""
    on(SERVER, f"pkill --full --exact '{IN_BUILD}'")
    on(CLIENT, f"timeout 30 sh -c 'until test -s {HELD}/status; do sleep 0.1; done'")
    return on(CLIENT, f"cat {HELD}/status; rm -r {HELD}").strip()


def test_one_run_makes_a_server_and_its_client(controller: Controller) -> None:
    assert status_of(CLIENT, "fleet") == ["running"]
    again = controller.provision()
    assert [again.recap(host)["changed"] for host in (SERVER, CLIENT)] == [0, 0], again.output
    again = controller.provision()
    for host in (SERVER, CLIENT):
        assert again.says(f"<{host}> unchanged since the last full plan"), "keys are no part of the trace"


@pytest.mark.thorough
def test_a_rotation_while_a_build_runs(controller: Controller, bundle: Path) -> None:
    start_build()
    controller.ok("rotate-serve-authority", step="add")
    controller.provision(*UNPROVEN)
    controller.ok("rotate-serve-authority", step="issue")
    controller.provision(*UNPROVEN)
    refused = controller.run("rotate-serve-authority", step="serve")
    assert refused.says(f"are in use: clients {CLIENT}; pipelines gitlab-ci"), refused.output
    assert controller.provision(*UNPROVEN).says(f"use the renewed certificate of client {CLIENT}")
    assert end_build() == "0"
    controller.ok("serve-bundle", client="gitlab-ci", dest=str(bundle))
    assert status_of(CLIENT, "bundle") == ["running"], "the former one is still allowed"
    assert use_bundle(CLIENT, bundle) == ["running"]
    for step in ("serve", "drop"):
        controller.ok("rotate-serve-authority", step=step, replaced=["gitlab-ci"])
        controller.provision(*UNPROVEN)
        assert status_of(CLIENT, "fleet") == status_of(CLIENT, "bundle") == ["running"], step


def test_a_client_that_leaves(controller: Controller, bundle: Path) -> None:
    assert (bundle / "key.pem").stat().st_mode & 0o777 == 0o600
    controller.hosts[SERVER] = {"serve": {**SERVED["serve"], "clients": []}}
    gone = controller.provision(*UNPROVEN, limit=SERVER)
    assert gone.says("remove the certificates of client gitlab-ci, which is no longer a client")
    assert (status_of(CLIENT, "fleet"), status_of(CLIENT, "bundle")) == (["running"], ["inactive"])
