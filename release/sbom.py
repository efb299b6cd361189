"""The SBOM, as CycloneDX: what a controller needs, and the images that hosts are given unless a variable names others.

Versions come from requirements.txt and model/options.py alone. Nothing depends on the machine or the time of the build.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

from ansible_collections.multiarch.builders.plugins.module_utils.model.options import BINFMT_IMAGE, BUILDKIT_IMAGE
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

NAMESPACE, NAME = "multiarch", "builders"
LICENCE = "GPL-3.0-or-later"
IMAGE = re.compile(
    r"(?P<registry>[^/]+)/(?P<path>[^:@]+/(?P<name>[^:@/]+)):(?P<tag>[^@]+)@(?P<digest>sha256:[0-9a-f]{64})"
)


def sbom(version: str, requirements: str, sha256: str, time: int) -> str:
    """The SBOM of the release *version* as JSON, with the *sha256* of its tarball.

    *requirements* is the text of requirements.txt; *time* the commit's, in seconds since 1970. Raises ValueError for a
    requirement that is not pinned.
    """
    release = Component(
        type=ComponentType.APPLICATION,
        group=NAMESPACE,
        name=NAME,
        version=version,
        bom_ref=f"{NAMESPACE}.{NAME}",
        licenses=[LicenseFactory().make_from_string(LICENCE)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)],
    )
    found = [*packages(requirements), *map(image, (BUILDKIT_IMAGE, BINFMT_IMAGE))]
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}.{NAME}:{version}:{sha256}"),
        metadata=BomMetaData(component=release, timestamp=datetime.fromtimestamp(time, UTC)),
        components=found,
    )
    bom.register_dependency(release, found)
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def packages(requirements: str) -> Iterator[Component]:
    """The packages of a requirements file, each with the Pythons that it is for, if it says so."""
    for line in requirements.splitlines():
        text = line.partition("#")[0].strip()
        if not text:
            continue
        wanted = Requirement(text)
        pins = [each.version for each in wanted.specifier if each.operator == "=="]
        if len(pins) != 1:
            raise ValueError(f"requirements.txt: {text!r} is not pinned with ==")
        purl = PackageURL("pypi", name=wanted.name.lower(), version=pins[0])
        marker = [Property(name="python:marker", value=str(wanted.marker))] if wanted.marker else []
        yield Component(name=wanted.name, version=pins[0], purl=purl, bom_ref=str(purl), properties=marker)


def image(reference: str) -> Component:
    """A pinned image, which hosts pull. Raises ValueError if it is not pinned by tag and digest."""
    found = IMAGE.fullmatch(reference)
    if not found:
        raise ValueError(f"{reference!r} is not REGISTRY/PATH:TAG@sha256:DIGEST")
    where = {"repository_url": f"{found['registry']}/{found['path']}", "tag": found["tag"]}
    purl = PackageURL("oci", name=found["name"], version=found["digest"], qualifiers=where)
    return Component(
        type=ComponentType.CONTAINER,
        name=found["path"],
        version=found["tag"],
        scope=ComponentScope.OPTIONAL,
        purl=purl,
        bom_ref=str(purl),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=found["digest"].partition(":")[2])],
    )
