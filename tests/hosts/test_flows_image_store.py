"""The same articles where it is dockerd that builds or keeps the images, with both engines.

Their first way to several platforms is the containerd image store (001): `docker build`, `--load` and `docker push`.
"""

from __future__ import annotations

import pytest

from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.flows import BASE, HELLO, HELLO_RUNS, MACHINES, THREE, Engineer, provision

pytestmark = pytest.mark.both_engines


@pytest.fixture(scope="module", params=[OLDER_ENGINE, NEWER_ENGINE], ids=["26.1", "28.5"])
def host(request: pytest.FixtureRequest) -> str:
    return provision(request.param)


@pytest.fixture
def ci(host: str) -> Engineer:
    return Engineer(host, "ci")


def test_001_dockerd_keeps_images_in_containerd(ci: Engineer) -> None:
    assert ci.types("docker info -f '{{ .DriverStatus }}'").strip() == "[[driver-type io.containerd.snapshotter.v1]]"


def test_001_docker_build_makes_several_platforms_and_docker_push_pushes_them_all(ci: Engineer) -> None:
    image = ci.image("built")
    ci.types(f"docker build -t {image} --platform={THREE} .", HELLO)
    assert ci.runs(image) == HELLO_RUNS
    ci.types(f"docker push --quiet {image}")
    assert set(ci.index(image)) == set(MACHINES)


def test_001_the_docker_driver_pushes_several_platforms_in_one_command(ci: Engineer) -> None:
    image = ci.image("pushed")
    build = f"docker buildx build --builder default --platform {THREE} -t {image} --push ."
    # Docker 26.1 pushes each platform's manifest under the tag, all at once; docker-registry 2.8 answers 500 to whoever
    # asks for a tag while it is written (findings/distribution-tag-being-written.sh).
    ci.types(f"{build} > log 2>&1 || {{ cat log; grep '500 Internal Server Error' log; {build}; }}", HELLO)
    assert set(ci.index(image)) == set(MACHINES)


def test_002_the_docker_driver_makes_a_folder_for_each_platform(ci: Engineer) -> None:
    told = ci.types(
        f"docker buildx build --builder default --platform {THREE} -o type=local,dest=out . >log 2>&1"
        " || (cat log; exit 1)\ncat out/linux_amd64/machine out/linux_arm64/machine out/linux_arm_v7/machine",
        {"Dockerfile": f"FROM {BASE}\nRUN uname -m > /machine\n"},
    )
    assert told.split() == [MACHINES[platform] for platform in ("linux/amd64", "linux/arm64", "linux/arm/v7")]


def test_001_several_platforms_of_the_builder_are_loaded_and_run(ci: Engineer) -> None:
    image = "test"
    ci.types(f"docker buildx build --platform={THREE} -t {image} . --load", HELLO)
    assert ci.runs(image) == HELLO_RUNS


def test_002_003_004_a_new_image_is_pushed_renamed_combined_and_run(ci: Engineer) -> None:
    hello, renamed = ci.image("hello"), ci.image("renamed")
    ci.types(f"docker buildx build -t {hello} --platform {THREE} . --push", HELLO)
    sync = {"Dockerfile": "ARG IMAGE\nFROM ${IMAGE}\n"}
    command = f"docker buildx build --platform {THREE} --build-arg IMAGE={hello} --push"
    ci.types(f"{command} --tag {renamed} .", sync)
    assert ci.runs(renamed) == HELLO_RUNS
    singles = [f"{hello}@{digest}" for digest in ci.index(hello).values()]
    ci.types(f"docker buildx imagetools create --tag {hello}:combined {' '.join(singles)}")
    assert ci.index(f"{hello}:combined") == ci.index(hello)
