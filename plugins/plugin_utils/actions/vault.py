# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vault passwords of the run, to keep keys encrypted on the controller. Nothing is decrypted into a file."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.vault import match_encrypt_secret


@dataclass(frozen=True)
class RunVault:
    """The vault of *loader*, Ansible's DataLoader of the run."""

    loader: t.Any

    @property
    def has_password(self) -> bool:
        """Whether the run has a vault password."""
        return bool(self.loader._vault.secrets)

    def encrypt(self, text: str) -> str:
        """*text*, encrypted with `vault_encrypt_identity`, or the first password of the run. Raises ValueError."""
        vault = self.loader._vault
        try:
            found, secret = match_encrypt_secret(vault.secrets, constants.DEFAULT_VAULT_ENCRYPT_IDENTITY)
            return t.cast("str", vault.encrypt(text, secret, found).decode("ascii"))
        except AnsibleError as exc:
            raise ValueError(str(exc)) from exc

    def decrypt(self, path: Path) -> str:
        """The text of the file, which may be encrypted. Raises OSError, or ValueError if it cannot be decrypted."""
        path.stat()  # Ansible's own errors do not say what is wrong
        try:
            return str.__str__(self.loader.get_text_file_contents(str(path)))
        except (AnsibleError, UnicodeDecodeError) as exc:
            raise ValueError(f"{path} cannot be decrypted") from exc
