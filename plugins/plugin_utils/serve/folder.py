# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a fleet's CA on the controller: `ca.pem`, `ca.key`, and a `.pem` and a `.key` of each certificate.

Messages never contain what was read: it could be a key.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import typing as t
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.plugin_utils.files.atomic_write import write_whole
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import dump, load_certificates
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.private_key import client_key
from cryptography.x509 import Certificate

SERVERS, CLIENTS, NEXT = "servers", "clients", "clients/next"
_AUTHORITY, _AUTHORITY_KEY, _NEXT_KEY = "ca.pem", "ca.key", "ca.next.key"
_VAULTED = b"$ANSIBLE_VAULT;"


class FolderError(Exception):
    """The folder cannot be used. *path* is the file at fault, *remedy* says what to do."""

    def __init__(self, path: Path, message: str, remedy: str) -> None:
        super().__init__(f"{path}: {message}")
        self.remedy = remedy


class Vault(t.Protocol):
    """Encrypts with the run's vault password."""

    @property
    def has_password(self) -> bool:
        """Whether the run has one."""

    def encrypt(self, text: str) -> str:
        """*text*, encrypted. Raises ValueError."""

    def decrypt(self, path: Path) -> str:
        """The text of the file, which may be encrypted. Raises OSError, or ValueError if it cannot be decrypted."""


@dataclass(frozen=True)
class Folder:
    """The folder *root*, which may be missing. Without *plain_keys*, keys are only written encrypted."""

    root: Path
    vault: Vault
    plain_keys: bool = False
    _read: dict[str, tuple[Certificate, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def authorities(self) -> tuple[Certificate, ...]:
        """The CAs that are trusted; the first of them issues. Raises FolderError."""
        return self._certificates(_AUTHORITY)

    @property
    def rotates(self) -> bool:
        """Whether there is the key of a CA that does not issue yet."""
        return (self.root / _NEXT_KEY).exists()

    @property
    def has_authority_key(self) -> bool:
        """Whether there is the key of the CA that issues, which may also be kept elsewhere."""
        return (self.root / _AUTHORITY_KEY).exists()

    def check_may_create(self) -> None:
        """Raise FolderError if a new CA would replace the key of another, whose certificate is missing."""
        if self.has_authority_key:
            remedy = f"Restore it, or remove {_AUTHORITY_KEY} for a new CA, of which all clients need new certificates"
            raise FolderError(self.root / _AUTHORITY, f"is missing, and {_AUTHORITY_KEY} is the key of that CA", remedy)

    def certificates(self, kind: str, name: str) -> tuple[Certificate, ...]:
        """The certificates of a server or client, the one in use first; none if it has none. Raises FolderError."""
        return self._certificates(_file(kind, name))

    def has_key(self, kind: str, name: str) -> bool:
        """Whether there is a key beside the certificates."""
        return (self.root / _file(kind, name, ".key")).exists()

    def names(self, kind: str) -> list[str]:
        """The servers or clients that have certificates."""
        return sorted(urllib.parse.unquote(path.stem) for path in (self.root / kind).glob("[!.]*.pem"))

    def check_key(self, kind: str, name: str) -> None:
        """Raise FolderError if the key cannot be read for want of a vault password; decrypts nothing."""
        self._check_password(self.root / _file(kind, name, ".key"))

    def key(self, kind: str, name: str) -> str:
        """The key of the first certificate as PEM, decrypted. Raises FolderError."""
        return self._key(_file(kind, name, ".key"), self.certificates(kind, name)[0])

    def authority_key(self) -> str:
        """The key of the CA that issues. Raises FolderError."""
        return self._key(_AUTHORITY_KEY, self.authorities[0])

    def following(self) -> tuple[Certificate, str]:
        """The CA that does not issue yet, and its key. Raises FolderError."""
        for each in self.authorities[:-1]:
            with contextlib.suppress(FolderError):
                return each, self._key(_NEXT_KEY, each)
        return self.authorities[-1], self._key(_NEXT_KEY, self.authorities[-1])

    def check_writable_keys(self) -> None:
        """Raise FolderError if keys may only be written encrypted, and the run has no vault password."""
        if not self.plain_keys and not self.vault.has_password:
            remedy = (
                "Give the run a vault password (--vault-password-file, --ask-vault-pass, vault_password_file), or set "
                "`builder_serve_plain_keys: true` if this folder is protected otherwise"
            )
            raise FolderError(self.root, "keys are kept encrypted here, and this run has no vault password", remedy)

    def write(self, kind: str, name: str, certificates: Sequence[Certificate], key: str | None = None) -> None:
        """Replace the certificates of a server or client, and with *key* its key, which is written first.

        Raises FolderError.
        """
        if key is not None:
            self._write_key(_file(kind, name, ".key"), key)
        self._write(_file(kind, name), dump(certificates))

    def write_authorities(self, certificates: Sequence[Certificate]) -> None:
        """Replace `ca.pem`. Raises FolderError."""
        self._write(_AUTHORITY, dump(certificates))

    def write_authority_key(self, key: str, *, following: bool = False) -> None:
        """Replace the key of the CA that issues, or of the *following* one. Raises FolderError."""
        self._write_key(_NEXT_KEY if following else _AUTHORITY_KEY, key)

    def remove(self, kind: str, name: str) -> None:
        """Remove the files of a server or client. Raises FolderError."""
        for ending in (".pem", ".key"):
            self._remove(_file(kind, name, ending))

    def remove_following_key(self) -> None:
        """Remove the key of the CA that did not issue yet. Raises FolderError."""
        self._remove(_NEXT_KEY)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs of this machine from writing here at the same time. Raises FolderError."""
        with self._errors(self.root):
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(place, fcntl.LOCK_EX)
            self._read.clear()  # another run may have written meanwhile
            yield
        finally:
            os.close(place)

    def _certificates(self, file: str) -> tuple[Certificate, ...]:
        if file not in self._read:
            self._read[file] = self._parsed(self.root / file)
        return self._read[file]

    def _parsed(self, path: Path) -> tuple[Certificate, ...]:
        try:
            with self._errors(path):
                return tuple(load_certificates(path.read_bytes())) if path.exists() else ()
        except CertificateError as exc:
            raise FolderError(path, str(exc), "Restore the file, or remove it to have another issued") from exc

    def _key(self, file: str, certificate: Certificate) -> str:
        path = self.root / file
        self._check_password(path)
        try:
            with self._errors(path):
                text = self.vault.decrypt(path)
            return client_key(text.encode(), dump([certificate]))
        except CertificateError as exc:
            remedy = "Restore the key, or remove the files of this name to have others issued"
            raise FolderError(path, str(exc).replace("client certificate", "certificate"), remedy) from exc
        except ValueError as exc:
            raise FolderError(path, "cannot be decrypted", "Check the vault password of the run") from exc

    def _check_password(self, path: Path) -> None:
        with self._errors(path), path.open("rb") as file:
            vaulted = file.read(len(_VAULTED)) == _VAULTED
        if vaulted and not self.vault.has_password:
            remedy = "Give the run its vault password: --vault-password-file, --ask-vault-pass or vault_password_file"
            raise FolderError(path, "is encrypted, and this run has no vault password", remedy)

    def _write_key(self, file: str, key: str) -> None:
        self.check_writable_keys()
        try:
            text = self.vault.encrypt(key) if self.vault.has_password else key
        except ValueError as exc:
            raise FolderError(self.root / file, "cannot be encrypted", "Check the run's vault passwords") from exc
        self._write(file, text, mode=0o600)

    def _write(self, file: str, text: str, mode: int | None = None) -> None:
        path = self.root / file
        with self._errors(path):
            write_whole(path, text, mode)
        self._read.pop(file, None)

    def _remove(self, file: str) -> None:
        path = self.root / file
        with self._errors(path):
            path.unlink(missing_ok=True)
        self._read.pop(file, None)

    @staticmethod
    @contextlib.contextmanager
    def _errors(path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            remedy = "Fix the file or folder, or name another one in builder_serve_authority"
            raise FolderError(path, exc.strerror or str(exc), remedy) from exc


def _file(kind: str, name: str, ending: str = ".pem") -> str:
    """Below the folder; a name may hold any character."""
    text = urllib.parse.quote(name, safe="")
    return f"{kind}/{text.replace('.', '%2E', 1) if text.startswith('.') else text}{ending}"
