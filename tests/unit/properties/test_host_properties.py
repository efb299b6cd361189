# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other programs say and write is read, whatever it is; what is written for them reads back as it was meant."""

from __future__ import annotations

import base64
import csv
import json
import string
import typing as t
import urllib.parse

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS, registration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    Handler,
    parse_handler,
    registration_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import client, environment_file, store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import Own
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import unit_flags
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import apt_candidates
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust import login
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.credential_helper import Credentials
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import (
    local_reference,
    split_reference,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import canonical
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of, version_of
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.every_outcome import OUTCOMES
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.properties.strategies import encodable, json_values, names, text, words

lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n"), min_size=1, max_size=20)


@given(text)
def test_a_version_is_read_from_anything(said: str) -> None:
    found = version_of(said)
    assert len(found) in (0, 2, 3)
    assert version_of(text_of(found)) == found


@given(text)
def test_a_platform_has_one_name_or_is_refused(said: str) -> None:
    try:
        found = canonical(said)
    except ValueError as exc:
        assert "Write linux/" in str(exc) or "Did you mean linux/" in str(exc) or "Known are linux/" in str(exc)
    else:
        assert canonical(found) == found


# What the kernel allows: no slash and no newline in a name, no delimiter of the line that registered it anywhere.
kernel_words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/\\"), min_size=1)
handlers = st.builds(
    Handler,
    name=kernel_words.filter(lambda name: name not in (".", "..")),
    enabled=st.booleans(),
    interpreter=kernel_words.map("/{}".format),
    flags=st.sets(st.sampled_from("POCF")).map("".join),
    offset=st.integers(0, 100),
    magic=st.binary(min_size=1, max_size=20),
)


def as_the_kernel_shows(handler: Handler) -> str:
    """fs/binfmt_misc.c, entry_status()."""
    shown = ["enabled" if handler.enabled else "disabled", f"interpreter {handler.interpreter}"]
    shown += [f"flags: {handler.flags}"]
    if handler.extension is not None:
        return "\n".join([*shown, f"extension .{handler.extension}", ""])
    shown += [f"offset {handler.offset}", f"magic {handler.magic.hex()}"]
    return "\n".join([*shown, *([f"mask {handler.mask.hex()}"] if handler.mask is not None else []), ""])


def as_the_kernel_reads(line: str) -> Handler:
    """fs/binfmt_misc.c, create_entry(): the first character separates the fields."""
    name, kind, offset, magic, mask, interpreter, flags = line[1:].split(line[0])
    if kind == "E":
        return Handler(name, True, interpreter, flags, extension=magic)
    found, covers = (bytes.fromhex(each.replace("\\x", "")) for each in (magic, mask))
    return Handler(name, True, interpreter, flags, int(offset), found, covers or None)


@given(handlers, st.binary(min_size=20, max_size=20), kernel_words, st.sampled_from(["magic", "mask", "extension"]))
def test_a_handler_is_registered_again_as_it_was(handler: Handler, mask: bytes, extension: str, kind: str) -> None:
    changed: dict[str, t.Any] = {"mask": mask[: len(handler.magic)]} if kind == "mask" else {}
    if kind == "extension":
        changed = {"extension": extension, "magic": b"", "offset": 0}
    handler = Handler(**{**handler.__dict__, **changed})
    assert parse_handler(handler.name, as_the_kernel_shows(handler)) == handler
    assert as_the_kernel_reads(registration_of(handler)) == Handler(**{**handler.__dict__, "enabled": True})


@given(text, text | st.lists(text, max_size=6).map("\n".join).map("enabled\n".__add__))
def test_a_handler_file_is_read_or_refused(name: str, content: str) -> None:
    try:
        parse_handler(name, content)
    except ValueError as exc:
        assert name in str(exc)


@given(st.sampled_from(list(FORMATS.values())), text | text.map("/{}".format), st.text("POCFX", max_size=4))
def test_a_line_for_the_kernel_is_right_or_refused(fmt: t.Any, interpreter: str, flags: str) -> None:
    try:
        line = registration(fmt, interpreter, flags)
    except ValueError:
        return
    assert "\n" not in line
    assert len(line) < 1920
    found = as_the_kernel_reads(line)
    assert (found.name, found.interpreter, found.flags) == (fmt.handler, interpreter, flags)
    assert found.serves(fmt)


nodes = st.fixed_dictionaries(
    {"Name": names, "Endpoint": encodable},
    optional={
        "DriverOpts": st.none() | st.dictionaries(encodable, encodable, max_size=2),
        "Flags": st.none() | st.lists(encodable, max_size=2),
        "Files": st.none() | st.dictionaries(encodable, st.binary().map(lambda data: base64.b64encode(data).decode())),
        "Platforms": st.none() | st.lists(st.just({"os": "linux", "architecture": "arm", "variant": "v7"})),
    },
)
entries = st.fixed_dictionaries({"Name": encodable, "Driver": encodable, "Nodes": st.lists(nodes, max_size=2)})


@given(entries, st.dictionaries(words, encodable, max_size=2), st.dictionaries(words, st.binary(), max_size=2))
def test_an_entry_of_the_store_is_changed_and_nothing_else_of_it(
    entry: dict[str, t.Any], options: dict[str, str], files: dict[str, bytes]
) -> None:
    before = store.parse(json.dumps(entry))
    given_files = {store.CERTIFICATES + name: data for name, data in files.items()}
    changed = store.with_driver_opts(json.dumps(entry), {node.name: options for node in before.nodes})
    after = store.parse(store.with_certificates(changed, given_files))
    assert (after.name, after.driver) == (before.name, before.driver)
    for old, new in zip(before.nodes, after.nodes, strict=True):
        assert new.driver_opts == {**old.driver_opts, **options}
        others = {name: data for name, data in old.files.items() if not name.startswith(store.CERTIFICATES)}
        assert new.files == {**others, **given_files}
        assert (new.name, new.endpoint, new.flags, new.platforms) == (old.name, old.endpoint, old.flags, old.platforms)


junk_nodes = st.fixed_dictionaries(
    {"Name": encodable | json_values, "Endpoint": encodable},
    optional={key: json_values for key in ("DriverOpts", "Flags", "Files", "Platforms")},
)
junk_entries = st.fixed_dictionaries(
    {"Name": encodable | json_values, "Driver": encodable, "Nodes": st.lists(junk_nodes, max_size=2) | json_values}
)


@given(text | json_values.map(json.dumps) | junk_entries.map(json.dumps) | st.just("[" * 100_000))
def test_an_entry_of_the_store_is_a_builder_or_broken(content: str) -> None:
    try:
        store.parse(content)
    except store.BrokenEntryError as exc:
        assert str(exc)


@given(lines.filter(lambda line: "\r" not in line))
def test_a_driver_option_is_one_field_of_csv(value: str) -> None:
    assert list(csv.reader([client.quoted(value)], strict=True)) == [[value]]


_OURS = ("BUILDX_BUILDER", "A")
file_lines = st.lists(lines.filter(lambda line: not any(f"{name}=" in line for name in _OURS)), max_size=4)
their_lines = st.sampled_from(["", "BUILDX_BUILDER=old", " export BUILDX_BUILDER='a b'", "A=", "\tA=1 # x"])
our_values = st.dictionaries(st.sampled_from(_OURS), names, min_size=1)


@given(file_lines, their_lines, file_lines, our_values)
@pytest.mark.parametrize("end", ["", "\n"])
def test_lines_in_an_environment_file_come_and_go(
    end: str, before: list[str], line: str, after: list[str], values: dict[str, str]
) -> None:
    content = "\n".join([*before, *filter(None, [line]), *after])
    content += end if content else ""
    ours = environment_file.with_lines(content, values)
    for name, value in values.items():
        assert environment_file.lines_of(ours, name) == f"{name}={value}\n"
    assert environment_file.with_lines(ours, values) == ours
    others = [
        [
            each
            for each in text.split("\n")
            if each and not any(environment_file.lines_of(each, name) for name in values)
        ]
        for text in (ours, content)
    ]
    assert others[0] == others[1]
    lines = {name: environment_file.lines_of(content, name) for name in values}
    own = Own(values, lines, ended=not content or content.endswith("\n"))
    assert environment_file.without_lines(ours, own, values) == ours
    assert environment_file.without_lines(ours, own) == content


@given(encodable.filter(lambda name: name and ":" not in name), encodable.filter(bool))
def test_a_login_reads_back_and_is_nowhere_in_plain(username: str, password: str) -> None:
    registry = Registry("a.b", username=username, password=password)
    config = login.with_login({"psFormat": "x"}, registry)
    assert login.with_login(config, registry) == config
    token = config["auths"]["a.b"]["auth"]
    assert base64.b64decode(token).decode().partition(":") == (username, ":", password)
    assert login.name_in(token) == username
    assert token == login.token_of(Credentials(username, password))


@given(text)
def test_any_token_has_a_name_or_none(token: str) -> None:
    assert ":" not in login.name_in(token)


@given(names, st.integers(1, 65535), encodable.filter(bool), encodable)
def test_a_proxy_with_a_login_is_a_url_that_tells_all_of_it(host: str, port: int, user: str, password: str) -> None:
    proxy = Proxy(http=f"http://{host}:{port}", no_proxy=("a", ".b"), username=user, password=password)
    url = proxy.environment()["HTTP_PROXY"]
    parts = urllib.parse.urlsplit(url)
    assert (parts.hostname, parts.port) == (host, port)
    assert urllib.parse.unquote(parts.username or "") == user
    assert urllib.parse.unquote(parts.password or "") == password
    assert not set(url) - set(string.ascii_letters + string.digits + ":/@%.-_~"), "nothing that a shell or JSON minds"
    assert proxy.daemon_keys()["no-proxy"] == "a,.b"


@given(text, st.dictionaries(encodable, text, max_size=2))
def test_a_unit_of_systemd_is_read_whatever_it_is(shown: str, files: dict[str, str]) -> None:
    for each in (shown, f"ExecStart={{ path=x ; argv[]=dockerd {shown} ; }}", f"Environment={shown}"):
        found = unit_flags.flags(each, files)
        assert not [flag for flag in found if flag.startswith("--validate")]
        unit_flags.environment_files(each)
        unit_flags.assignments(each)


@given(text, text, st.integers(100, 599), st.binary(max_size=20))
def test_what_a_registry_or_a_program_says_has_one_outcome(said: str, image: str, status: int, body: bytes) -> None:
    assert outcomes.outcome_of(said, image) in OUTCOMES
    assert outcomes.outcome_of_status(status, body) in OUTCOMES
    assert outcomes.outcome_of_code(status) in OUTCOMES
    assert outcomes.last_words(said)
    outcomes.asked(said)
    outcomes.cause(said)
    assert "\n" not in outcomes.words_of_status(status, "x", body)


@given(text)
def test_the_words_of_apt_are_read_whatever_they_are(said: str) -> None:
    apt_candidates.candidates(said)
    apt_candidates.simulated(said)
    apt_candidates.is_stale(said)
    apt_candidates.is_locked(said)


repositories = st.builds(
    "{}{}".format, st.sampled_from(["", "a.b/", "a.b:5000/", "[::1]:5000/"]), st.lists(names, min_size=1).map("/".join)
)
digests = st.binary(min_size=32, max_size=32).map(lambda data: f"@sha256:{data.hex()}")


@given(repositories, st.just("") | words.filter(str.isalnum).map(":{}".format), st.just("") | digests)
def test_a_reference_of_an_image_falls_into_its_parts(repository: str, tag: str, digest: str) -> None:
    reference = f"{repository}{tag}{digest}"
    assert split_reference(reference) == (repository, digest[1:] or tag[1:] or "latest")
    assert split_reference(local_reference(reference)) == split_reference(reference)
