"""A host that trusts few: what is planted is what `update-ca-certificates` would make of it."""

from __future__ import annotations

from pathlib import Path

from lab import trust_store


def test_the_first_authorities_that_are_chosen_are_planted_with_their_bundle(tmp_path: Path) -> None:
    lines = ["# a comment", "!mozilla/Refused.crt", *(f"mozilla/{number}.crt" for number in range(9))]
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ca-certificates.conf").write_text("\n".join(lines) + "\n")
    sources = tmp_path / "usr/share/ca-certificates/mozilla"
    sources.mkdir(parents=True)
    for number in range(9):  # some lack the last newline
        (sources / f"{number}.crt").write_text(f"certificate {number}" + "\n" * (number % 2))
    planted = {file.path: file.content for file in trust_store.files(tmp_path)}
    assert planted == {
        "/etc/ca-certificates.conf": "".join(f"mozilla/{number}.crt\n" for number in range(5)),
        "/etc/ssl/certs/ca-certificates.crt": "".join(f"certificate {number}\n" for number in range(5)),
    }
