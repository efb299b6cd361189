"""Pushes an index of small images, one for each platform: `push_index.py oci HOST:PORT REPOSITORY TAG PLATFORM...`.

With `docker` instead of `oci` it is Docker's older manifest list. A platform is `os/arch`, `os/arch/variant` or
`os/arch@os.version`; one that is named twice makes two images.
"""

from __future__ import annotations

import sys

from push_image import DOCKER, OCI, image, index


def platform(text: str) -> dict[str, str]:
    """The descriptor's platform."""
    text, _, version = text.partition("@")
    named = dict(zip(("os", "architecture", "variant"), text.split("/"), strict=False))
    return {**named, "os.version": version} if version else named


def main(kind: str, host: str, name: str, tag: str, platforms: list[str]) -> None:
    """Pushes the images, then the index."""
    kinds, repository = {"oci": OCI, "docker": DOCKER}[kind], f"http://{host}/v2/{name}"
    listed = [
        {**image(repository, f"{number} {each}", kinds)[0], "platform": platform(each)}
        for number, each in enumerate(platforms)
    ]
    index(repository, tag, listed, kinds)


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
