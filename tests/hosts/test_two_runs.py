"""Two runs at once on one host, with different descriptions of it: one after the other, and nobody has to clean up."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tests.hosts.lab import Run, on, playbook

LOCK = "/run/multiarch-builders.lock"
# What a run does while it changes the host takes as long as /run/stay is there, and tells its begin and its end.
SLOW = """#!/bin/sh
echo begin >> /run/turns
while test -e /run/stay; do sleep 0.1; done
/usr/sbin/update-ca-certificates "$@"
status=$?
echo end >> /run/turns
exit $status
"""


def description(*registries: str, wait: int = 300) -> dict[str, Any]:
    return {
        "builder_concerns": ["trust"],
        "builder_registries": [{"host": each, "ca": "{{ lab_state }}/pki/ca.crt"} for each in registries],
        "builder_verify_trust": False,
        "builder_lock_timeout": wait,
    }


ONE, OTHER = ("shared.test", "one.test"), ("shared.test", "other.test", "another.test")


def trusted(host: str) -> set[str]:
    stores = "/etc/docker/certs.d /usr/local/share/ca-certificates"
    names = on(host, f"ls {stores} | grep -v : || true").split()
    return {name.removeprefix("multiarch-builders-").removesuffix(".crt") for name in names}


def until(host: str, condition: str) -> None:
    on(host, f"for tenth in $(seq 300); do if {condition}; then exit; fi; sleep 0.1; done; exit 1")


def test_two_runs_at_once_never_change_a_host_together(spare: str) -> None:
    on(spare, "cat > /usr/local/sbin/update-ca-certificates; chmod 755 /usr/local/sbin/update-ca-certificates", SLOW)

    def run(*registries: str, wait: int = 300) -> Run:
        return playbook("provision-builders", limit=spare, variables=description(*registries, wait=wait))

    with ThreadPoolExecutor(2) as pool:

        def working(*registries: str) -> Future[Run]:
            """A run that is in the midst of its changes."""
            on(spare, ": > /run/turns; touch /run/stay")
            begun = pool.submit(run, *registries)
            until(spare, "grep -q begin /run/turns")
            return begun

        first = working(*ONE)
        holder = on(spare, f"cat {LOCK}").strip()
        assert holder.startswith("provisioning of root from ")
        refused = run(*OTHER, wait=0)
        assert refused.status != 0
        assert refused.says(f"another run is changing this host: {holder}. Nothing was changed here"), refused.output
        began = time.monotonic()
        check = playbook("provision-builders", "--check", limit=spare, variables=description(*OTHER))
        assert (check.status, time.monotonic() - began < 30) == (0, True), "a check waits for nobody"

        second = pool.submit(run, *OTHER)
        until(spare, f"test $(find /proc/[0-9]*/fd -lname {LOCK} 2>/dev/null | wc -l) = 2")
        on(spare, "rm /run/stay")
        done, later = first.result(), second.result()
        assert on(spare, "cat /run/turns").split() == ["begin", "end"] * 2
        assert later.status == 0, later.output
        assert later.says(f"s for another run: {holder}"), later.output
        assert trusted(spare) == set(OTHER)
        assert run(*OTHER, wait=0).recap(spare)["changed"] == 0
        assert done.status == 0, done.output

        killed = working(*ONE)
        on(spare, f"kill -KILL $(grep -o 'process [0-9]*' {LOCK} | cut -d' ' -f2); rm /run/stay")
        assert killed.result().status != 0
        until(spare, "grep -q end /run/turns")
        assert run(*ONE, wait=0).status == 0, "a killed run leaves no lock"
        assert trusted(spare) == set(ONE)
