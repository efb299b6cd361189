"""A repository's signature, as gpgv checks it, which apt brings along."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.openpgp import Signer

CONTENT = b"Origin: lab\n"


def packets(armoured: str) -> bytes:
    return base64.b64decode("".join(armoured.splitlines()[2:-2]))


@pytest.mark.skipif(not shutil.which("gpgv"), reason="needs gpgv")
@pytest.mark.parametrize(("content", "valid"), [(CONTENT, True), (CONTENT + b"more", False)])
def test_what_is_signed_is_verified(content: bytes, valid: bool, tmp_path: Path) -> None:
    signer = Signer("Lab <nobody@lab.test>")
    (tmp_path / "key.gpg").write_bytes(packets(signer.public()))
    (tmp_path / "signature").write_text(signer.signature(CONTENT))
    (tmp_path / "content").write_bytes(content)
    argv = ["gpgv", "--keyring", "./key.gpg", "signature", "content"]
    done = subprocess.run(
        argv, cwd=tmp_path, capture_output=True, text=True, check=False, env={"GNUPGHOME": str(tmp_path)}
    )
    assert (done.returncode == 0) is valid, done.stderr
