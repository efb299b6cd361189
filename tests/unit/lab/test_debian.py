"""The machine's mirror, as apt's two source formats name it."""

from __future__ import annotations

import pytest

from lab.debian import mirror_of

ONE_LINE = "deb http://mirror.example/debian bookworm main\n"
WITH_OPTIONS = "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ bookworm main\n"
DEB822 = "Types: deb\n# a comment\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\n"
SECURITY = "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\n"
FOREIGN = "deb https://packages.example/apt stable main\n"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([ONE_LINE], "http://mirror.example/debian"),
        ([WITH_OPTIONS], "http://mirror.example/debian/"),
        ([DEB822], "http://mirror.example/debian"),
        ([FOREIGN, SECURITY, DEB822], "http://mirror.example/debian"),
        (["# " + ONE_LINE], None),
        ([FOREIGN, SECURITY], None),
        ([], None),
    ],
)
def test_mirror_of(texts: list[str], expected: str | None) -> None:
    assert mirror_of(texts) == expected
