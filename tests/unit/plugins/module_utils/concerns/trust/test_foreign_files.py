# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign files in certs.d with which dockerd refuses to connect: found and told, each with its remedy."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.foreign_files import notes_on
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

CA = make("CA")
HOST = "harbor.example:8443"
FOLDER = f"/etc/docker/certs.d/{HOST}"
TABLE = (Registry(HOST), Registry("other.example"))
NO = f"so docker refuses to connect to {HOST}"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param({}, None, id="no folder"),
        pytest.param({"ca.crt": CA.pem, "x.cert": "", "x.key": "", "hosts.toml": "", "README": ""}, None, id="usable"),
        pytest.param(
            {"ca.cert": CA.pem},
            f"ca.cert is unmanaged and has no ca.key beside it, {NO}: rename it to ca.crt if it is a CA, or remove it",
            id="a CA with the wrong suffix",
        ),
        pytest.param(
            {"{x}.cert": CA.pem},
            f"{{x}}.cert is unmanaged and has no {{x}}.key beside it, {NO}: rename it to {{x}}.crt if it is a CA, or "
            "remove it",
            id="an odd name",
        ),
        pytest.param(
            {"old.key": ""},
            f"old.key is unmanaged and has no old.cert beside it, {NO} without the containerd image store: remove it",
            id="a key that is left",
        ),
        pytest.param(
            {"company.crt": CA.der.decode("latin-1")},
            f"company.crt is unmanaged and holds no certificate in PEM, {NO} since 28.0: remove it, or convert it "
            "with `openssl x509`",
            id="DER",
        ),
        pytest.param(
            {"redhat-ca.crt": None},
            f"redhat-ca.crt is unmanaged and a link to a missing file, {NO}: remove it",
            id="a dangling link, as of subscription-manager",
        ),
        pytest.param(
            {"x.cert": None, "x.key": ""},
            f"x.cert is unmanaged and a link to a missing file, {NO}: remove it",
            id="a dangling client certificate",
        ),
    ],
)
def test_what_stands_in_dockers_way(files: dict[str, str | None], told: str | None) -> None:
    for name, text in files.items():
        path = at(f"{FOLDER}/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.symlink_to("/of-these-tests/missing")
        else:
            path.write_text(text, encoding="latin-1")
    assert notes_on(TABLE, ()) == ((f"{FOLDER}/{told}",) if told else ())


@pytest.mark.parametrize("name", ["client.cert", "client.key"])
def test_what_is_written_completes_a_pair(name: str) -> None:
    path = at(f"{FOLDER}/{name}")
    path.parent.mkdir(parents=True)
    path.touch()
    assert notes_on(TABLE, ()) != ()
    assert notes_on(TABLE, {f"{FOLDER}/client.cert", f"{FOLDER}/client.key"}) == ()
    assert notes_on(TABLE, (), {f"{FOLDER}/client.cert", f"{FOLDER}/client.key"}) == (), "a rest of ours, which goes"
