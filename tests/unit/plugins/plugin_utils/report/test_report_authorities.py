"""The certificates of the variables: of registries, contexts, nodes elsewhere, and a builder that is served."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.plugin_utils.report.authorities import describe
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make


def test_each_certificate_of_each_entry() -> None:
    ca, other, client = make("CA", end=100), make("CA 2", end=200), make("ci", ca=False, end=10)
    server = make("h", ca=False, end=30)
    options = {
        "registries": [
            {"host": "a.b", "ca": ca.pem + other.pem, "client_cert": client.pem},
            {"host": "docker.io", "ca": None},
        ],
        "instances": [{"name": "far", "nodes": [{"name": "far0", "ca": ca.pem}]}, {"name": "near"}],
        "contexts": [
            {"name": "arm", "host": "ssh://ci@arm-1", "ca": None},
            {"name": "big", "host": "tcp://big:2376", "ca": other.pem, "client_cert": client.pem},
        ],
        "serve": {
            "builder": "near",
            "ca": other.pem,
            "certificate": server.pem,
            "allowed": [{"name": "jane", "fingerprint": "ab", "ends": int(NOW.timestamp()) + 86400 * 5 + 60}],
        },
    }
    found = describe(options, NOW)
    assert [(each["registry"], each["kind"], each["subject"], each["days_left"]) for each in found] == [
        ("a.b", "ca", "CN=CA", 100),
        ("a.b", "ca", "CN=CA 2", 200),
        ("a.b", "client", "CN=ci", 10),
        ("builder far, node far0", "ca", "CN=CA", 100),
        ("served builder near", "ca", "CN=CA 2", 200),
        ("served builder near", "server", "CN=h", 30),
        ("context big", "ca", "CN=CA 2", 200),
        ("context big", "client", "CN=ci", 10),
        ("served builder near", "client", "CN=jane", 5),
    ]
    assert found[0]["fingerprint"] == ca.fingerprint
