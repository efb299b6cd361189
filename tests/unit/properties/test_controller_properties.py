# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller checks and renders: nothing leaves its folder, and a TOML parser reads what was meant."""

from __future__ import annotations

import base64
import os.path
import tomllib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.gc import gc_keys
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.keys import NESTED
from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import gc_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import parse as parse_json
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import render as render_json
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd import hosts_toml, render
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.check import check_keys
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.rules import check_config
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.versions import check_versions
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import driver_opts, pull
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.driver_tables import DRIVERS
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.garbage_collection import check_gc, worker_keys
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.images import buildkit_version, check_image
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.network import check_proxy
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_names import (
    HostNameError,
    certificate_folder,
    check_host,
    check_mirror,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, SpecError, show
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import served_chain
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import (
    authorities,
    client_certificate,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError, blocks
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.private_key import client_key
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.properties.strategies import encodable, names, text, words, yaml_junk

CA = make("CA", sign=True)
CLIENT = make("client", ca=False, names=("a.b", "c.d"))

toml_values = st.recursive(
    encodable
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(encodable, inner, max_size=3),
    max_leaves=10,
)
hosts = st.builds(
    lambda labels, port: ".".join(labels) + port,
    st.lists(names, min_size=1, max_size=3),
    st.integers(1, 65535).map(":{}".format) | st.just(""),
).filter(lambda host: not host.startswith("docker.io"))
mirrors = st.builds(str.__add__, hosts, st.just("") | names.filter(lambda name: "--" not in name).map("/{}".format))
registries = st.lists(
    st.fixed_dictionaries(
        {"host": hosts, "mirrors": st.lists(mirrors, max_size=2, unique=True)},
        optional={
            "ca": st.just("CA"),
            "client_cert": st.just("CERT"),
            "http": st.booleans(),
            "insecure": st.booleans(),
        },
    ).map(lambda entry: {**entry, "client_key": "KEY"} if "client_cert" in entry else entry),
    max_size=4,
    unique_by=lambda entry: certificate_folder(str(entry["host"])),
)


@given(st.dictionaries(encodable, toml_values, max_size=4))
def test_toml_reads_back_as_it_was_meant(config: dict[str, t.Any]) -> None:
    rendered = render.to_toml(config)
    assert tomllib.loads(rendered) == config
    assert render.parse(rendered) == config
    assert render.to_toml(dict(reversed(config.items()))) == rendered, "whatever the order of keys"


@given(registries)
def test_buildkitd_toml_names_every_registry_and_its_files(table: list[dict[str, t.Any]]) -> None:
    rendered = render.render(table, {})
    assert render.render(table[::-1], {}) == rendered, "whatever the order of registries"
    found = tomllib.loads(rendered.text).get("registry", {})
    findings = Findings()
    check_config(rendered.text, rendered.files, "c", findings)
    assert not findings.problems
    for entry in table:
        section = found.get(entry["host"], {})
        assert section.get("mirrors", []) == entry["mirrors"]
        assert section.get("http", False) == entry.get("http", False)
        assert bool(section.get("ca")) == ("ca" in entry)
        assert bool(section.get("keypair")) == ("client_cert" in entry)
    assert {f"{render.CERTIFICATES}/{name}" for name in rendered.files} == (render.named_files({"registry": found}))


@given(registries)
def test_hosts_toml_names_the_mirrors_in_their_order(table: list[dict[str, t.Any]]) -> None:
    rendered = hosts_toml.render(table)
    assert set(rendered) == {entry["host"] for entry in table if entry["mirrors"]}
    for entry in table:
        if entry["mirrors"]:
            found = tomllib.loads(rendered[entry["host"]])
            urls = [url.partition("://")[2].replace("/v2/", "/") for url in found["host"]]
            assert urls == entry["mirrors"]
            assert found["server"].endswith(f"://{entry['host']}")


@given(text | hosts | st.text("abAB.-_:/[]0123456789@", max_size=20))
def test_no_name_of_a_registry_leaves_its_folder(name: str) -> None:
    try:
        host = check_host(name)
    except HostNameError as exc:
        assert str(exc)
        assert exc.remedy
        return
    assert check_host(host) == host, "it has one form"
    for root in (certs_d.ROOT, certs_d.rootless_root("/home/ci")):
        path = certs_d.path(host, certs_d.CA, root)
        assert os.path.normpath(path) == path
        assert os.path.dirname(os.path.dirname(path)) == root  # noqa: PTH120  (as text, nothing is resolved)
    folder = certificate_folder(host)
    assert "/" not in folder
    assert folder not in ("", ".", "..")
    assert len(f".multiarch-builders-{host}-10.crt.4194304.abcdefgh") <= 255


@given(text | mirrors)
def test_a_mirror_has_one_form_or_is_refused(name: str) -> None:
    try:
        host, path = check_mirror(name)
    except HostNameError as exc:
        assert exc.remedy
        return
    assert check_mirror(host + path) == (host, path)
    assert ".." not in path.split("/")


sizes = st.integers(1, 10**12) | st.builds(
    "{}{}".format, st.integers(1, 999), st.sampled_from(["GB", "g", " MiB", "%"])
)
durations = st.integers(1, 10**6) | st.builds("{}{}".format, st.integers(1, 999), st.sampled_from(["h", "m", ".5h"]))
settings = st.fixed_dictionaries({}, optional={"keep": sizes, "max": sizes, "free": sizes, "unused_for": durations})
versions = st.tuples(st.just(0), st.integers(8, 40)) | st.just(())


@given(settings, versions, st.tuples(st.integers(20, 31), st.integers(0, 3)))
def test_one_setting_of_garbage_collection_is_right_for_every_version(
    given_gc: dict[str, t.Any], version: tuple[int, ...], engine: tuple[int, ...]
) -> None:
    findings = Findings()
    gc = gc_of({"gc": check_gc(given_gc, "g", findings)})
    assume(not findings.problems)
    shares = any("%" in size for size in gc.sizes.values())
    config = {"worker": {"oci": worker_keys(gc, version)}}
    check_keys(config, "c", findings)
    if not (shares and version and version < (0, 12)):  # told by check_gc_version
        check_versions(config, version, "c", findings)
    assert not findings.problems
    assert tomllib.loads(render.to_toml(config)) == config

    keys = gc_keys(gc, ".".join(map(str, engine)), {})
    assert set(keys) <= set(NESTED["builder.gc"])
    assert parse_json(render_json(keys, None), "f") == keys


@given(text)
def test_any_text_is_a_configuration_of_buildkitd_or_told(config: str) -> None:
    findings = Findings()
    check_config(config, (), "c", findings)
    if not findings.problems:
        assert isinstance(tomllib.loads(config), dict)


@given(st.dictionaries(text | st.sampled_from(["memory", "env.A", "network"]), yaml_junk, max_size=3))
def test_options_of_drivers_are_lines_of_text(options: dict[object, object]) -> None:
    for driver in DRIVERS:
        found = driver_opts.normalise(options, "d", Findings(), driver)
        assert all(isinstance(value, str) and not set(value) & {"\n", "\r"} for value in found.values())


@given(text | st.builds("{}:{}".format, words, text))
def test_an_image_that_is_accepted_is_one_word(reference: str) -> None:
    findings = Findings()
    check_image(reference, "i", findings)
    buildkit_version(reference)
    if not findings.problems:
        assert reference.split() == [reference]
        assert not reference.startswith("-")


@given(st.dictionaries(st.sampled_from(list(pull._FORMS)), text, max_size=8))
def test_settings_of_pull_mode_are_words_for_a_command_line(given_settings: dict[str, t.Any]) -> None:
    try:
        found = pull.settings(given_settings)
    except SpecError as exc:
        assert exc.problems
    else:
        assert not any(set(value) & set("'\"`$;&|\n\\") for value in found.values())


secrets = st.text("abcdefgh0123456789!$%&*()?.,;", min_size=6, max_size=20).map("s3cr3t{}".format)


@given(names, secrets, hosts, st.sampled_from(["https", "http", "ssh", "tcp"]))
def test_what_stands_before_the_at_of_a_url_is_never_shown(user: str, secret: str, host: str, scheme: str) -> None:
    url = f"{scheme}://{user}:{secret}@{host}"
    assert secret not in show(url)
    findings = Findings()
    check_proxy({"http": url, "https": url, "no_proxy": [url]}, "p", findings)
    check_image(f"{user}:{secret}@{host}/image", "i", findings)
    driver_opts.normalise({"network": url, "env.A": url, "image": url}, "d", findings)
    check_keys({"registry": {url: {"mirrors": 1, "x": 1}}, "root": 1}, "b", findings)
    check_config(f'[registry."{url}"]\nca = ["{url}"]\n', (), "c", findings)
    assert findings.problems
    assert not [each for each in findings.problems if secret in str(each)]
    assert not [each for each in findings.warnings if secret in each]


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """*data* with some bytes replaced, or cut off."""
    found = bytearray(data)
    for _damage in range(draw(st.integers(1, 3))):
        found[draw(st.integers(0, len(found) - 1))] = draw(st.integers(0, 255))
    return bytes(found[: draw(st.integers(1, len(found)) | st.just(len(found)))])


@given(damaged(CA.der) | damaged(CLIENT.der) | damaged(CA.pem.encode()) | st.binary(max_size=50))
def test_a_damaged_certificate_is_read_or_refused(data: bytes) -> None:
    for read in (authorities, client_certificate):
        try:
            found = read(data, now=NOW, warn_days=30)
        except CertificateError as exc:
            assert exc.remedy
        else:
            assert read(found.pem.encode(), now=NOW, warn_days=30) == found, "it reads back as it was written"
    chain = served_chain.parse([base64.b64encode(data).decode()])
    if chain:
        served_chain.describe("a.b", chain, NOW)
        served_chain.ending(chain, NOW, 30)
        served_chain.is_signed_by(chain, CA.pem)


@given(damaged(CLIENT.key_bytes()) | damaged(CLIENT.key_bytes(der=True)))
def test_a_damaged_key_is_refused_and_never_shown(data: bytes) -> None:
    try:
        found = client_key(data, CLIENT.pem)
    except CertificateError as exc:
        assert not [line for line in data.split(b"\n") if len(line) > 16 and line.decode("latin-1") in str(exc)]
    else:
        assert client_key(found.encode(), CLIENT.pem) == found


@given(st.lists(text, max_size=2))
def test_any_chain_that_a_host_tells_is_read_as_far_as_it_can_be(chain: list[str]) -> None:
    assert served_chain.parse(chain) == []


@given(st.binary() | text.map(lambda each: each.encode(errors="replace")))
def test_any_data_has_blocks_or_none(data: bytes) -> None:
    for label, block in blocks(data):
        assert block.startswith(f"-----BEGIN {label}-----".encode())
        assert block.endswith(f"-----END {label}-----".encode())
