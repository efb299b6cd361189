# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PEM text or a path: which is which, and what reading says."""

from __future__ import annotations

import base64
import errno
import time

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import (
    CertificateError,
    blocks,
    is_path,
    read,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

CA = make()


def no_file(path: str) -> bytes:
    raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        pytest.param("files/harbor-ca.pem", True, id="relative"),
        pytest.param("/etc/ssl/harbor.crt\n", True, id="absolute, newline at the end"),
        pytest.param(f"/srv/{'a' * 40}/certificates/company-root-ca", True, id="absolute, long, without an ending"),
        pytest.param("ca of harbor.pem", True, id="with spaces"),
        pytest.param(CA.pem, False, id="PEM"),
        pytest.param(CA.pem.replace("\n", " "), False, id="PEM on one line"),
        pytest.param("a\nb", False, id="two lines"),
        pytest.param(base64.b64encode(CA.key_bytes(der=True)).decode(), False, id="a key's base64"),
    ],
)
def test_a_path_is_told_from_text(value: str, path: bool) -> None:
    assert is_path(value) is path


def test_a_path_is_read_and_text_is_taken() -> None:
    assert read(" ca.pem ", {"ca.pem": b"x"}.__getitem__) == b"x"
    assert read(CA.pem, no_file) == CA.pem.encode()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("ca.pem", "cannot be read: No such file or directory", id="missing"),
        pytest.param("  ", "is empty", id="empty value"),
    ],
)
def test_what_cannot_be_read_is_refused(value: str, message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        read(value, no_file)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(CertificateError, match="is an empty file"):
        read("ca.pem", lambda _path: b" \n")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b" ", id="spaces"),
        pytest.param(b"-----BEGIN CERTIFICATE-----", id="what begins"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\n", id="lines that begin"),
        pytest.param(b"-----END CERTIFICATE-----\n", id="lines that end"),
        pytest.param(b"-", id="dashes"),
        pytest.param(b"\r", id="ends of lines"),
    ],
)
def test_a_megabyte_of_nothing_is_read_in_one_pass(line: bytes) -> None:
    before = time.process_time()
    assert blocks(line * (1024 * 1024 // len(line))) == []
    assert time.process_time() - before < 5  # seconds; hours where each line is compared with the rest


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        pytest.param("BA EA", ["A"], id="one"),
        pytest.param("BA EA BB EB BA EA", ["A", "B", "A"], id="several"),
        pytest.param("BA BB EB", ["B"], id="one that is not ended"),
        pytest.param("BA EB EA", ["A"], id="an end of another"),
        pytest.param("EA BA", [], id="the wrong way round"),
        pytest.param("BA BA EA", ["A"], id="begun twice"),
    ],
)
def test_which_blocks_there_are(data: str, labels: list[str]) -> None:
    words = {"B": "BEGIN", "E": "END"}
    text = "\n".join(f"-----{words[each[0]]} {each[1]}-----\nAAAA" for each in data.split())
    assert [label for label, _block in blocks(text.encode())] == labels


def test_the_blocks_of_a_mixed_file() -> None:
    text = f"junk\r\n{CA.pem}more\n{CA.key_pem}".encode()
    assert [label for label, _block in blocks(text)] == ["CERTIFICATE", "PRIVATE KEY"]
    assert blocks(text)[0][1].decode() + "\n" == CA.pem
