"""Every example of the documentation is parsed, and what it says exists: variables, playbooks, targets of make."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import Settings, fleet_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import Folder
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.serve.stand_ins import AVault
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.tools.docs_lint import FENCE

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Variables that playbooks read themselves.
OF_PLAYBOOKS = {"builder_serial", "builder_verify_results"}
OF_ROLES = {
    name
    for specs in ROOT.glob("roles/*/meta/argument_specs.yml")
    for name in yaml.safe_load(specs.read_text())["argument_specs"]["main"].get("options", {})
}
VARIABLES = OF_ROLES | OF_PLAYBOOKS
# What roles leave in variables, and a misspelling that a page is about.
RESULTS = {"builder_verify_proof", "builder_verify_registries", "builder_verify_plan", "builder_retire_result"}
MISSPELLED = {"builder_platfroms"}
MENTION = re.compile(r"(?<![\w./-])builder_[a-z_]+[a-z](?![\w/]|\.yml)")

# A packet of kind 6 (RFC 9580, 4.2), which is all that is looked at.
PUBLIC_KEY = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxgBi\n-----END PGP PUBLIC KEY BLOCK-----\n"


def blocks(*languages: str) -> list[Any]:
    """Each code block in one of the languages, with its page as the test's id."""
    return [
        pytest.param(found.group(3), id=f"{page.relative_to(ROOT)}-{number}")
        for page in PAGES
        for number, found in enumerate(FENCE.finditer(page.read_text()), 1)
        if found.group(2) in languages
    ]


class _Loader(yaml.SafeLoader):
    """YAML in which a tag of Ansible's own, such as !vault, is its plain text."""


_Loader.add_multi_constructor("!", lambda loader, _suffix, node: loader.construct_scalar(node))


def settings(data: object) -> Iterator[dict[str, Any]]:
    """Every dictionary, however deep, that sets variables of ours."""
    if isinstance(data, dict):
        own = {key: value for key, value in data.items() if isinstance(key, str) and key.startswith("builder_")}
        if own:
            yield own
        for value in data.values():
            yield from settings(value)
    elif isinstance(data, list):
        for each in data:
            yield from settings(each)


@pytest.fixture(scope="module")
def certificate() -> dict[bool, bytes]:
    """A CA, and a key: what the files are that examples name."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a CA of an example")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=900))
    signed = builder.add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return {
        False: signed.public_bytes(pem),
        True: key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain),
    }


@pytest.mark.parametrize("text", blocks("yaml", "yml"))
def test_yaml_sets_variables_that_exist(text: str) -> None:
    found = {name for data in yaml.load_all(text, _Loader) for own in settings(data) for name in own}
    assert found - VARIABLES == set()


def _content(path: str, certificate: dict[bool, bytes]) -> bytes:
    return PUBLIC_KEY if path.endswith(".asc") else certificate[path.endswith(("key", "key.pem"))]


def _certificates(variables: dict[str, Any], servers: list[str], folder: Path) -> Source:
    """Those of a host with *variables* in a fleet with *servers*, none of which is issued."""
    hosts = {name: Settings({"address": "192.0.2.1"}) for name in servers}
    own = Settings(variables.get("serve"), variables.get("instances"))
    fleet = fleet_of({**hosts, "": replace(own, serve=own.serve and {"names": ["host"], **variables["serve"]})})
    return Source(lambda: fleet, lambda _path: Folder(folder, AVault()), datetime.now(UTC), stand_ins=True)


@pytest.mark.parametrize("text", blocks("yaml", "yml"))
def test_values_of_variables_are_accepted(text: str, certificate: dict[bool, bytes], tmp_path: Path) -> None:
    fingerprint = x509.load_pem_x509_certificate(certificate[False]).fingerprint(hashes.SHA256()).hex()
    serving = re.findall(r"serve: ([\w.-]+)", text)
    nodes = [*re.findall(r"host: ([\w.-]+)", text), *serving]
    shown = re.sub(r"(ca_fingerprint: )\S+", rf"\g<1>sha256:{fingerprint}", text)
    for data in yaml.load_all(shown, _Loader):
        for own in settings(data):
            plain = {
                name.removeprefix("builder_"): value for name, value in own.items() if "{{" not in json.dumps(value)
            }
            variables = {name: value for name, value in plain.items() if name in OPTIONS}
            compile_spec(
                variables,
                names=tuple(OPTIONS),
                read_file=lambda path: _content(path, certificate),
                fetch=lambda *_: certificate[False],
                inventory=Inventory(find=lambda name: {} if name in nodes else None),
                source=_certificates(variables, serving, tmp_path),
            )


@pytest.mark.parametrize("text", blocks("json"))
def test_json_parses(text: str) -> None:
    json.loads(text)


@pytest.mark.parametrize("text", blocks("toml"))
def test_toml_parses(text: str) -> None:
    tomllib.loads(text)


@pytest.mark.parametrize("text", blocks("shell", "sh", "bash"))
def test_commands_are_shell_and_name_what_exists(text: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            assert {word for word in words[1:] if "=" not in word} <= targets, line
        for word in words:
            if word.startswith("playbooks/") and "{" not in word:
                assert (ROOT / word).exists(), f"{line}: there is no {word}"
        for option in re.findall(r"(?:-e|--extra-vars)[ =]'?(builder_\w+)=", line):
            assert option in VARIABLES, f"{line}: there is no variable {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_variables_in_the_text_exist(page: Path) -> None:
    roles = {each.name for each in (ROOT / "roles").iterdir()}
    names = {each for each in MENTION.findall(page.read_text()) if each not in roles}
    assert names - VARIABLES - RESULTS - MISSPELLED == set()
