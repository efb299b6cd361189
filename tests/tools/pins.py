"""`make pins`: what is newer than the images that are pinned, and with WRITE=1 pins it everywhere.

`BINFMT_IMAGE` and `BUILDKIT_IMAGE` in module_utils/model/options.py are the pins. All other places are written from
there (tests.tools.generate) or read them (lab/images/catalogue.py).
"""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.tools.image_registry import Index, Place, RegistryError, Repository, mirror_of

sys.path.insert(0, str(Path(__file__).parents[2] / ".ansible/collections"))
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import keys as daemon_keys
from ansible_collections.multiarch.builders.plugins.module_utils.docker import driver_versions
from ansible_collections.multiarch.builders.plugins.module_utils.model import options
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import split_repository
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd import keys as buildkitd_keys

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "plugins/module_utils/model/options.py"
IMAGES = {"emulators": options.BINFMT_IMAGE, "BuildKit": options.BUILDKIT_IMAGE}


@dataclass(frozen=True)
class Pin:
    """An image by tag and by the digest of its index."""

    repository: str
    tag: str
    digest: str

    @classmethod
    def of(cls, reference: str) -> Pin:
        """That of ``REPOSITORY:TAG@DIGEST``."""
        name, _at, digest = reference.partition("@")
        repository, _colon, tag = name.rpartition(":")
        return cls(repository, tag, digest)


@dataclass(frozen=True)
class Found:
    """What the registry has: for the pin itself, for its tag now, and for the newest tag of the same line."""

    pinned: Index
    now: Index
    newest: Pin
    newest_index: Index


def newest_of(tag: str, tags: Iterable[str]) -> str:
    """The newest of *tags* in the line of *tag*, or *tag*: other numbers, and else the same characters.

    So `v0.34.0-rc1` and `v0.34.0-rootless` are not newer than `v0.33.0`.
    """
    line = re.compile(r"\d+".join(map(re.escape, re.split(r"\d+", tag))), re.ASCII)
    return max((tag, *filter(line.fullmatch, tags)), key=lambda each: [int(part) for part in re.findall(r"\d+", each)])


def look_up(pin: Pin, mirror: Place | None) -> Found:
    """What the registry of *pin*, or a *mirror* of it, has. Raises RegistryError."""
    host, name = split_repository(pin.repository)
    repository = Repository(mirror or Place(host), name)
    newest = newest_of(pin.tag, repository.tags())
    pinned, now = repository.index(pin.digest), repository.index(pin.tag)
    index = repository.index(newest) if newest != pin.tag else pinned
    return Found(pinned, now, Pin(pin.repository, newest, index.digest), index)


def told(what: str, pin: Pin, found: Found, today: datetime.datetime) -> list[str]:
    """The lines about one image."""
    lines = [f"{what}, {pin.repository}", f"  pinned  {_line(pin.tag, found.pinned, today)}"]
    if found.now.digest != pin.digest:
        lines.append(f"  changed {_line(pin.tag, found.now, today)}: ask why before you pin it by hand")
    if found.newest != pin:
        lines.append(f"  newest  {_line(found.newest.tag, found.newest_index, today)}")
    return lines


def _line(tag: str, index: Index, today: datetime.datetime) -> str:
    age = f"built {index.built:%Y-%m-%d}, {(today - index.built).days} days ago" if index.built else "age unknown"
    return f"{tag}  {index.digest}  {age}"


def replaced(source: str, former: Pin, pin: Pin) -> str:
    """*source* with *pin* in place of *former*, which must be there once."""
    for old, new in ((f"{former.repository}:{former.tag}", f"{pin.repository}:{pin.tag}"), (former.digest, pin.digest)):
        if source.count(old) != 1:
            raise RegistryError(f"{SOURCE.relative_to(ROOT)} has {old} {source.count(old)} times: write it there once")
        source = source.replace(old, new)
    return source


def write(changes: Iterable[tuple[Pin, Pin]]) -> None:
    """Change the pins, then all that is written from them."""
    source = SOURCE.read_text()
    for former, pin in changes:
        source = replaced(source, former, pin)
    SOURCE.write_text(source)
    subprocess.run([sys.executable, "-m", "tests.tools.generate"], cwd=ROOT, check=True)


def main(arguments: list[str] | None = None) -> int:
    """0 if all was looked up, and written if asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.pins", description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="pin what is newer")
    parser.add_argument("--mirror", metavar="[http://]HOST[:PORT][/PREFIX]", help="ask it in place of Docker Hub")
    asked = parser.parse_args(arguments)
    mirror, today, newer, failed = mirror_of(asked.mirror) if asked.mirror else None, _now(), [], False
    for what, reference in IMAGES.items():
        pin = Pin.of(reference)
        try:
            found = look_up(pin, mirror)
        except RegistryError as error:
            print(f"{what}, {pin.repository}\n  {error}", file=sys.stderr)
            failed = True
            continue
        print("\n".join(told(what, pin, found, today)))
        newer += [(pin, found.newest)] if found.newest != pin else []
    print(
        f"Tables of keys and options were read up to Docker {text_of(daemon_keys.NEWEST)}, "
        f"BuildKit {text_of(buildkitd_keys.NEWEST)} and buildx {text_of(driver_versions.NEWEST)}"
    )
    if newer and asked.write and not failed:
        write(newer)
        print("Pinned. Next: CONTRIBUTING.md, How pins are raised")
    elif newer:
        print(
            "Nothing was written, as not all was looked up" if asked.write else "Pin what is newer: make pins WRITE=1"
        )
    return int(failed)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


if __name__ == "__main__":
    sys.exit(main())
