"""Bad input is told all at once, before any host is touched."""

from __future__ import annotations

from tests.hosts.lab import playbook, snapshot

BAD = {
    "builder_platforms": ["linux/amd64", "linux/arm46"],
    "builder_registries": [
        {"host": "https://harbor.lab.test"},
        {"host": "mirror.lab.test:5000", "ca": "no/such/file.pem"},
        {"host": "other.lab.test", "ca": "{{ lab_state }}/ssh/id_ed25519.pub"},
    ],
    "builder_disruption": "soon",
    "builder_instanses": [],
    "builder_buildkit_options": {"worker": {"oci": {"max-paralelism": 4}}},
}
TOLD = [
    ("builder_platforms[1]", "linux/arm46", "linux/arm64"),
    ("builder_registries[0].host", "https://harbor.lab.test", "host[:port]"),
    ("builder_registries[1].ca", "no/such/file.pem", ""),
    ("builder_registries[2].ca", "certificate", ""),
    ("builder_disruption", "soon", "wait"),
    ("max-paralelism", "", "max-parallelism"),
    ("builder_instanses", "", "Did you mean builder_instances?"),
]


def test_every_problem_is_told_at_once_and_no_host_is_touched(spare: str) -> None:
    before = snapshot(spare)
    run = playbook("provision-builders", limit=f"{spare},builder-1", variables=BAD)
    assert run.status != 0
    missing = [told for told in TOLD if not all(word in run.output for word in told)]
    assert missing == [], run.output
    assert "TASK [multiarch.builders.builder : Plan]" not in run.output
    assert snapshot(spare) == before


def test_bad_input_of_one_host_stops_the_run_before_any_host_is_touched(spare: str) -> None:
    before = snapshot(spare)
    variables = {"builder_users": f"{{{{ ['root'] if inventory_hostname == '{spare}' else 'root' }}}}"}
    run = playbook("provision-builders", limit=f"{spare},builder-1", variables=variables)
    assert run.status != 0
    assert run.says("The input of 1 of 2 hosts is invalid; nothing was changed:"), run.output
    assert run.says(f"{spare}: failed at 'Check the input and find unchanged hosts': nothing was done, as the input of")
    assert "TASK [multiarch.builders.builder : Plan]" not in run.output
    assert snapshot(spare) == before
