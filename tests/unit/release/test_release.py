"""A release: the same bytes each time, an SBOM that its schema accepts, and signatures that Galaxy's client checks."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

pytest.importorskip("cyclonedx", reason="releases are made with tests/requirements.txt")

from ansible_collections.multiarch.builders.plugins.module_utils.model.options import BINFMT_IMAGE, BUILDKIT_IMAGE
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from release import tarball
from release.__main__ import HEADING, NotReadyError, check_ready, make, sign, version_of
from release.sbom import image, packages, sbom

ROOT = Path(__file__).parents[3]
GALAXY = Path(sys.executable).with_name("ansible-galaxy")
SECONDS = 1_790_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release of HEAD."""
    folder = tmp_path_factory.mktemp("release") / "files"
    make(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def archive(built: Path) -> Path:
    """Its tarball."""
    (found,) = built.glob("*.tar.gz")
    return found


def test_the_version_is_that_of_galaxy_yml_and_the_newest_in_the_changelog(archive: Path) -> None:
    headings = HEADING.findall((ROOT / "CHANGELOG.md").read_text())
    assert headings[0][0] == version_of(ROOT)
    assert archive.name == f"multiarch-builders-{version_of(ROOT)}.tar.gz"
    assert json.loads(tarball.manifest_of(archive))["collection_info"]["version"] == version_of(ROOT)


def test_no_page_repeats_the_version() -> None:
    """Or it would be forgotten with the next release."""
    pages = [ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").rglob("*.md")]
    word = re.compile(rf"(?<![\d.])v?{re.escape(version_of(ROOT))}(?![\d.])")
    assert [str(page) for page in pages if word.search(page.read_text())] == []


def test_another_build_of_the_commit_has_the_same_bytes(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "elsewhere"
    subprocess.run(["git", "clone", "--quiet", "--shared", str(ROOT), str(clone)], check=True)
    monkeypatch.setenv("TZ", "Pacific/Chatham")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(_settings(tmp_path)))
    (clone / "docs/uncommitted.md").write_text("plays no part")
    before = os.umask(0o077)
    try:
        other = tarball.build(clone, tmp_path / "built")
    finally:
        os.umask(before)
    assert other.name == archive.name
    assert hashlib.sha256(other.read_bytes()).hexdigest() == hashlib.sha256(archive.read_bytes()).hexdigest()


def _settings(folder: Path) -> Path:
    """What a user may have configured for git: other ends of lines, files that archives lack, modes, signatures."""
    (folder / "attributes").write_text("*.md export-ignore\n")
    settings = {
        "core": f"autocrlf = true\nattributesFile = {folder}/attributes",
        "tar": "umask = 0077",
        "log": "showSignature = true",
    }
    (folder / "config").write_text("".join(f"[{name}]\n{text}\n" for name, text in settings.items()))
    return folder / "config"


@pytest.mark.skipif(not shutil.which("gpg"), reason="there is no gpg here to sign with")
def test_the_time_of_a_signed_commit_is_read_whatever_git_log_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(tmp_path / "keys"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(_settings(tmp_path)))
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"{SECONDS} +0000")
    quick = ["gpg", "--batch", "--passphrase", "", "--quick-generate-key", "a", "ed25519", "sign"]
    subprocess.run(quick, check=True, capture_output=True)
    user = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "user.signingkey=a"]
    for command in (["init", "--quiet"], [*user, "commit", "--quiet", "--gpg-sign", "--allow-empty", "--message", "a"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    assert tarball.git(tmp_path, "log", "-1", "--format=%ct").decode() == f"{SECONDS}\n"
    subprocess.run(["gpgconf", "--kill", "all"], check=True)


def test_order_and_times_of_a_build_do_not_matter(archive: Path, tmp_path: Path) -> None:
    """Files in another order and from another day, as from another file system."""
    raw = tmp_path / archive.name
    with tarfile.open(archive) as source, tarfile.open(raw, "w:gz") as target:
        for member in sorted(source, key=lambda each: each.name, reverse=True):
            member.mtime += 86_400
            target.addfile(member, source.extractfile(member))
    commit = int(tarball.git(ROOT, "log", "-1", "--format=%ct"))
    assert tarball.normalised(raw, commit) == archive.read_bytes()
    assert tarball.normalised(raw, commit + 1) != archive.read_bytes()


def test_galaxys_client_accepts_the_tarball_and_its_list_of_files(archive: Path, tmp_path: Path) -> None:
    _galaxy("install", str(archive), "--offline", "--no-deps", "-p", str(tmp_path), folder=tmp_path)
    said = _galaxy("verify", "multiarch.builders", "--offline", "-p", str(tmp_path), folder=tmp_path)
    assert "Successfully verified that checksums for 'multiarch.builders" in " ".join(said.split())


def test_checksums_are_those_of_the_files(built: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=built, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == 3


def test_the_sbom_is_cyclonedx_and_has_every_pin(built: Path, archive: Path) -> None:
    (path,) = built.glob("*.cdx.json")
    text = path.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = json.loads(text)
    pins = re.findall(r"^([\w-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    images = [
        (each.split(":")[0].partition("/")[2], each.split(":")[1].partition("@")[0])
        for each in (BUILDKIT_IMAGE, BINFMT_IMAGE)
    ]
    assert {(each["name"], each["version"]) for each in found["components"]} == {*pins, *images}
    release = found["metadata"]["component"]
    assert release["version"] == version_of(ROOT)
    assert release["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(archive.read_bytes()).hexdigest()}]
    assert release["licenses"][0]["license"]["id"] == "GPL-3.0-or-later"
    depends = next(each for each in found["dependencies"] if each["ref"] == "multiarch.builders")
    assert sorted(depends["dependsOn"]) == sorted(each["purl"] for each in found["components"])


def test_the_sbom_is_the_same_each_time() -> None:
    both = [sbom("1.2.3", "a==1\nb==2 ; python_version < '3.12'  # old\n", "0" * 64, SECONDS) for _ in range(2)]
    assert both[0] == both[1]
    assert json.loads(both[0])["metadata"]["timestamp"].startswith("2026-09-21T")
    marked = next(each for each in json.loads(both[0])["components"] if each["name"] == "b")
    assert marked["properties"] == [{"name": "python:marker", "value": 'python_version < "3.12"'}]


@pytest.mark.parametrize("line", ["tomlkit", "tomlkit>=1", "tomlkit==1,==2"])
def test_what_is_not_pinned_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="is not pinned with =="):
        list(packages(line))
    with pytest.raises(ValueError, match="is not REGISTRY/PATH:TAG@sha256:DIGEST"):
        image("docker.io/moby/buildkit:v1")


@pytest.mark.parametrize(
    ("heading", "changed", "words"),
    [
        pytest.param("## [1.2.3] - unreleased", False, "give it the date of the release", id="no date"),
        pytest.param("## [1.2.3] - 2026-02-30", False, "give it the date of the release", id="no day"),
        pytest.param("## [1.2.2] - 2026-01-01", False, "the newest of CHANGELOG.md is 1.2.2", id="no section"),
        pytest.param("## [1.2.3] - 2026-01-01", True, "CHANGELOG.md\nCommit them", id="not committed"),
        pytest.param("## [1.2.3] - 2026-01-01", False, "", id="ready"),
    ],
)
def test_what_is_not_ready_is_not_released(heading: str, changed: bool, words: str, tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}\n")
    commands = (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "a"])
    for command in commands:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], cwd=tmp_path, check=True)
    if changed:
        (tmp_path / "CHANGELOG.md").write_text(heading)
    if words:
        with pytest.raises(NotReadyError, match=words):
            check_ready(tmp_path, "1.2.3")
    else:
        check_ready(tmp_path, "1.2.3")


def test_what_is_no_checkout_is_not_released(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="is no checkout of git: clone the repository"):
        check_ready(tmp_path, "1.2.3")


@pytest.mark.skipif(not shutil.which("gpg"), reason="there is no gpg here to sign with")
def test_users_check_the_signatures(
    built: Path, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/release.md says: our signatures are good, and those of somebody else are not."""
    signers, users, collections = tmp_path / "signers", tmp_path / "users", tmp_path / "collections"
    for home in (users, signers):
        home.mkdir(mode=0o700)
        monkeypatch.setenv("GNUPGHOME", str(home))
    for user in ("ours", "theirs"):
        quick = ["gpg", "--batch", "--passphrase", "", "--quick-generate-key", user, "ed25519", "sign"]
        subprocess.run(quick, check=True, capture_output=True)
    keyring = tmp_path / "builders.gpg"
    keyring.write_bytes(subprocess.run(["gpg", "--export", "ours"], check=True, capture_output=True).stdout)
    _galaxy("install", str(archive), "--offline", "--no-deps", "-p", str(collections), folder=tmp_path)

    def checked(signer: str) -> tuple[bool, bool]:
        """Whether the checksums are those that *signer* signed, and the installed collection."""
        monkeypatch.setenv("GNUPGHOME", str(signers))
        sums, manifest = (sign(built / name, signer) for name in ("SHA256SUMS", tarball.MANIFEST))
        monkeypatch.setenv("GNUPGHOME", str(users))
        gpgv = ["gpgv", "--keyring", str(keyring), str(sums), str(built / "SHA256SUMS")]
        options = [
            "--keyring",
            str(keyring),
            "--signature",
            manifest.as_uri(),
            "--required-valid-signature-count",
            "all",
        ]
        verify = ["verify", "multiarch.builders", "--offline", "-p", str(collections), *options]
        return (
            subprocess.run(gpgv, capture_output=True, check=False).returncode == 0,
            _run(*verify, folder=tmp_path).returncode == 0,
        )

    assert checked("ours") == (True, True)
    assert checked("theirs") == (False, False)
    (collections / "ansible_collections/multiarch/builders/README.md").write_text("not what was signed")
    assert checked("ours") == (True, False)
    for home in (users, signers):
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


def _run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    command = [str(GALAXY), "collection", *arguments]
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)


def _galaxy(*arguments: str, folder: Path) -> str:
    done = _run(*arguments, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_makefile_and_the_page_name_each_other() -> None:
    page = (ROOT / "docs/release.md").read_text()
    assert "make release KEY=" in page
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text())["namespace"] in page
