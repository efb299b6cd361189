# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of the CA on the controller."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import CLIENTS, Folder, FolderError
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.issue import issue, new_authority
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.serve.stand_ins import NOW, AVault

CA = new_authority(NOW)
CI, OTHER = (issue(CA, name, days=90, now=NOW) for name in ("ci", "other"))


def written(root: Path, vault: AVault, *, plain_keys: bool = False) -> Folder:
    folder = Folder(root, vault, plain_keys)
    folder.write_authority_key(CA.key)
    folder.write_authorities([CA.certificate])
    folder.write(CLIENTS, "ci", [CI.certificate], CI.key)
    return folder


def test_keys_are_encrypted_and_closed_to_others(tmp_path: Path) -> None:
    root = tmp_path / "authority"
    written(root, AVault())
    files = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
    assert sorted(files) == ["ca.key", "ca.pem", "clients/ci.key", "clients/ci.pem"]
    for name in ("ca.key", "clients/ci.key"):
        assert files[name].stat().st_mode & 0o777 == 0o600
        assert files[name].read_text().startswith("$ANSIBLE_VAULT")
        assert "PRIVATE KEY" not in files[name].read_text()
    again = Folder(root, AVault())
    assert again.authorities == (CA.certificate,)
    assert again.certificates(CLIENTS, "ci") == (CI.certificate,)
    assert (again.authority_key(), again.key(CLIENTS, "ci")) == (CA.key, CI.key)


def test_without_a_vault_password_no_key_is_written_unless_it_may_be_plain(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="no vault password") as raised:
        written(tmp_path / "a", AVault(has_password=False))
    assert "builder_serve_plain_keys: true" in raised.value.remedy
    assert not (tmp_path / "a").exists()
    plain = written(tmp_path / "b", AVault(has_password=False), plain_keys=True)
    assert plain.key(CLIENTS, "ci") == CI.key
    assert (tmp_path / "b/clients/ci.key").stat().st_mode & 0o777 == 0o600


def test_encrypted_keys_need_a_password_which_is_said_without_decrypting(tmp_path: Path) -> None:
    written(tmp_path, AVault())
    vault = AVault(has_password=False)
    for use in (Folder(tmp_path, vault).check_key, Folder(tmp_path, vault).key):
        with pytest.raises(FolderError, match=r"clients/ci\.key: is encrypted, and this run has no vault password"):
            use(CLIENTS, "ci")
    assert vault.decrypted == []
    vault = AVault()
    Folder(tmp_path, vault).check_key(CLIENTS, "ci")
    assert vault.decrypted == []


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        pytest.param("clients/ci.pem", "nonsense", r"ci\.pem: is not a certificate", id="no certificate"),
        pytest.param("clients/ci.pem", CI.key, r"ci\.pem: contains a private key", id="a key in its place"),
        pytest.param("clients/ci.key", "nonsense", r"ci\.key: is not a private key", id="no key"),
        pytest.param("clients/ci.key", OTHER.key, r"ci\.key: does not belong to the certificate", id="another's key"),
        pytest.param("clients/ci.key", None, r"ci\.key: No such file", id="no file"),
    ],
)
def test_damaged_files_are_named_and_never_shown(tmp_path: Path, file: str, content: str | None, message: str) -> None:
    folder = written(tmp_path, AVault())
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_text(content)
    folder = Folder(tmp_path, AVault())
    with pytest.raises(FolderError, match=message) as raised:
        folder.key(CLIENTS, "ci")
    assert "nonsense" not in str(raised.value)
    assert "PRIVATE KEY" not in str(raised.value)


@pytest.mark.parametrize("name", ["../../etc", ".", "..", ".hidden", "a/b", "a b", "ci.example.com", "ü", "%2e", "CI"])
def test_any_name_is_one_file_in_its_folder(tmp_path: Path, name: str) -> None:
    folder = Folder(tmp_path, AVault())
    folder.write(CLIENTS, name, [CI.certificate], CI.key)
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {tmp_path / "clients"}
    assert folder.names(CLIENTS) == [name]
    assert folder.key(CLIENTS, name) == CI.key
    folder.remove(CLIENTS, name)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_runs_at_the_same_time_write_one_after_the_other(tmp_path: Path) -> None:
    order: list[str] = []
    inside = threading.Event()

    def other() -> None:
        inside.wait()
        with Folder(tmp_path, AVault()).lock():
            order.append("second")

    thread = threading.Thread(target=other)
    thread.start()
    with Folder(tmp_path, AVault()).lock():
        inside.set()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
