"""What docs/security.md says of all that a user gets: safe without anybody asking for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model import options
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import instances_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import compile_spec

NO_FILES: dict[str, bytes] = {}

ROOT = Path(__file__).parents[2]
BUILT = sorted(
    path
    for folder in ("plugins", "roles", "playbooks", "examples")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".yml", ".j2", ".sh", ".cfg")
)


def built(pattern: str) -> list[str]:
    """`FILE: LINE` of what a user gets, where *pattern* is found."""
    return [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in [*BUILT, ROOT / "ansible.cfg"]
        for line in path.read_text().splitlines()
        if re.search(pattern, line)
    ]


@pytest.mark.parametrize("image", [options.BINFMT_IMAGE, options.BUILDKIT_IMAGE])
def test_default_images_are_pinned_by_digest(image: str) -> None:
    assert re.fullmatch(r"\S+:\S+@sha256:[0-9a-f]{64}", image)


def test_a_builder_has_no_entitlement_that_nobody_asked_for() -> None:
    spec = compile_spec({}, names=tuple(options.OPTIONS), read_file=NO_FILES.__getitem__)
    (instance,) = instances_of(spec.options)
    assert (instance.flags, instance.driver_opts) == ((), {})
    assert "insecure" not in instance.config


def test_host_keys_are_always_checked() -> None:
    assert built(r"(?i)StrictHostKeyChecking[= ](?!yes)|host_key_checking|UserKnownHostsFile[= ]/dev/null") == []


def test_certificates_are_always_checked_but_where_the_user_says_so() -> None:
    """One of the two shows what a server offers, the other takes a CA by its fingerprint alone."""
    found = {line.partition(":")[0] for line in built(r"CERT_NONE|_create_unverified_context|validate_certs")}
    assert found == {"plugins/module_utils/registry/client.py", "plugins/plugin_utils/x509/harbor.py"}


def test_no_container_is_run_privileged_but_by_buildx_itself() -> None:
    assert built(r"--privileged|Privileged|docker.*\brun\b.*--") == []
