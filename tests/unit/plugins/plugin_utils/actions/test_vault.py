# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run's vault passwords, by Ansible's own loader."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.vault import RunVault

FIRST, SECOND = ("first", VaultSecret(b"1")), ("second", VaultSecret(b"2"))


def vault(*secrets: tuple[str, VaultSecret]) -> RunVault:
    loader = DataLoader()
    loader.set_vault_secrets(list(secrets))
    return RunVault(loader)


def test_what_is_encrypted_is_a_file_of_ansible_vault(tmp_path: Path) -> None:
    ours = vault(FIRST, SECOND)
    text = ours.encrypt("a key\n")
    assert text.startswith("$ANSIBLE_VAULT;1.2;AES256;first\n")
    assert VaultLib([FIRST]).decrypt(text) == b"a key\n"
    (tmp_path / "ca.key").write_text(text)
    found = ours.decrypt(tmp_path / "ca.key")
    assert (found, type(found)) == ("a key\n", str)
    assert [path.name for path in tmp_path.iterdir()] == ["ca.key"]


def test_the_configured_identity_encrypts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_VAULT_ENCRYPT_IDENTITY", "second", raising=False)
    assert VaultLib([SECOND]).decrypt(vault(FIRST, SECOND).encrypt("a key")) == b"a key"
    monkeypatch.setattr(constants, "DEFAULT_VAULT_ENCRYPT_IDENTITY", "third", raising=False)
    with pytest.raises(ValueError, match="third"):
        vault(FIRST, SECOND).encrypt("a key")


def test_passwords(tmp_path: Path) -> None:
    (tmp_path / "ca.key").write_text(vault(FIRST).encrypt("a key"))
    assert (vault(FIRST).has_password, vault().has_password) == (True, False)
    for ours in (vault(SECOND), vault()):
        with pytest.raises(ValueError, match=r"ca\.key cannot be decrypted"):
            ours.decrypt(tmp_path / "ca.key")
    (tmp_path / "plain.key").write_text("a key")
    assert vault().decrypt(tmp_path / "plain.key") == "a key"
    with pytest.raises(FileNotFoundError):
        vault().decrypt(tmp_path / "none.key")
