"""What five articles on builds for several platforms tell their readers to do works on a provisioned host.

A number in a name is the article that a test is from: 000 a private registry and its CA, 001 the ways to build, 002
seven platforms, 003 cases (its nodes on other hosts aside), 004 a guide with docker manifest, Go and Java.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import EXPECTED_MACHINE

from lab.settings import HARBOR_NAME, ROBOT
from tests.hosts.conftest import OLDER_ENGINE
from tests.hosts.flows import (
    BASE,
    HELLO,
    HELLO_RUNS,
    MACHINES,
    MIRROR,
    SEVEN,
    THREE,
    VARIABLES,
    Engineer,
    provision,
)
from tests.hosts.lab import lab, playbook

HANDLERS = ("qemu-aarch64", "qemu-arm", "qemu-ppc64le", "qemu-riscv64", "qemu-s390x")

# An image for all seven, from one that lacks linux/386 and linux/arm/v6: what alpine is to article 002.
ALL_SEVEN = f"""
FROM --platform=linux/amd64 {BASE} AS amd64
FROM --platform=linux/arm/v7 {BASE} AS arm
FROM --platform=linux/arm64 {BASE} AS arm64
FROM --platform=linux/ppc64le {BASE} AS ppc64le
FROM --platform=linux/s390x {BASE} AS s390x
FROM scratch AS all
COPY --from=amd64 / /386/
COPY --from=amd64 / /amd64/
COPY --from=arm / /arm/
COPY --from=arm64 / /arm64/
COPY --from=ppc64le / /ppc64le/
COPY --from=s390x / /s390x/
FROM scratch
ARG TARGETARCH
COPY --from=all /$TARGETARCH/ /
ENV PATH=/bin
CMD ["sh"]
"""


@pytest.fixture(scope="module")
def host() -> str:
    return provision(OLDER_ENGINE)


@pytest.fixture
def root(host: str) -> Engineer:
    return Engineer(host, "root")


@pytest.fixture
def ci(host: str) -> Engineer:
    return Engineer(host, "ci")


@pytest.fixture(params=["root", "ci"])
def engineer(request: pytest.FixtureRequest, host: str) -> Engineer:
    return Engineer(host, request.param)


@pytest.fixture(scope="module")
def seven(host: str) -> str:
    """An image for seven platforms in the private registry."""
    root = Engineer(host, "root")
    image = root.image("seven")
    command = f"docker buildx build --platform {','.join(SEVEN)} --tag {image} --push ."
    root.types(command, {"Dockerfile": ALL_SEVEN})
    return image


def test_000_002_004_every_handler_is_enabled_and_open_to_containers(root: Engineer) -> None:
    for handler in HANDLERS:
        lines = root.types(f"cat /proc/sys/fs/binfmt_misc/{handler}").splitlines()
        flags = next(line for line in lines if line.startswith("flags: ")).removeprefix("flags: ")
        assert lines[0] == "enabled", handler
        assert set("OCF") <= set(flags), handler


def builders(listing: str) -> dict[str, list[str]]:
    """{builder, with an asterisk if it is the current one: driver} of `docker buildx ls`, nodes left out."""
    rows = [line.split() for line in listing.splitlines()[1:] if not line.startswith(" ")]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("command", ["docker buildx", "docker builder"])
def test_000_001_002_004_the_builder_is_current_and_runs_for_every_user(engineer: Engineer, command: str) -> None:
    assert "github.com/docker/buildx" in engineer.types(f"{command} version")
    assert builders(engineer.types(f"{command} ls")) == {"multiarch*": ["docker-container"], "default": ["docker"]}
    inspected = engineer.types(f"{command} inspect multiarch --bootstrap")
    fields = dict(re.findall(r"^(\w+): +(.+)$", inspected, re.MULTILINE))
    assert (fields["Driver"], fields["Status"]) == ("docker-container", "running")
    # BuildKit may leave out what it takes as implied: linux/386 by linux/amd64, linux/arm by linux/arm64.
    listed = {"linux/amd64", "linux/arm64", "linux/ppc64le", "linux/s390x", "linux/riscv64"}
    assert listed <= set(fields["Platforms"].replace("*", "").split(", "))


def test_002_one_container_is_the_builder_of_all_users(engineer: Engineer) -> None:
    assert engineer.types("docker ps --all --format '{{.Names}}'").split() == ["buildx_buildkit_multiarch0"]


def test_002_003_users_are_logged_in_to_the_registry(engineer: Engineer) -> None:
    assert "Login Succeeded" in engineer.types("docker login harbor.lab.test")


def test_000_004_a_program_made_by_each_platforms_own_tools_is_pushed_in_one_command(engineer: Engineer) -> None:
    image = engineer.image("hello-multi-arch")
    engineer.types(f"docker buildx build -t {image} --platform=linux/arm,linux/arm64,linux/amd64 . --push", HELLO)
    assert set(engineer.index(image)) == set(MACHINES)
    assert engineer.runs(image) == HELLO_RUNS


CROSS = f"""
FROM --platform=$BUILDPLATFORM {BASE} AS build
ARG TARGETPLATFORM
ARG BUILDPLATFORM
RUN echo "I am running on $BUILDPLATFORM, building for $TARGETPLATFORM" > /log; uname -m > /made-on
FROM {BASE}
COPY --from=build /log /made-on /
RUN uname -m > /runs-on
"""


def test_000_001_a_cross_compiling_stage_runs_natively_and_its_result_on_the_target(engineer: Engineer) -> None:
    told = engineer.types(
        f"docker buildx build --platform {THREE} -o type=local,dest=out . >log 2>&1 || (cat log; exit 1)\n"
        "for folder in out/*; do cat $folder/log; echo $(cat $folder/made-on $folder/runs-on); done",
        {"Dockerfile": CROSS},
    )
    assert told.splitlines() == [
        "I am running on linux/amd64, building for linux/amd64",
        "x86_64 x86_64",
        "I am running on linux/amd64, building for linux/arm64",
        "x86_64 aarch64",
        "I am running on linux/amd64, building for linux/arm/v7",
        "x86_64 armv7l",
    ]


ONCE = {"Dockerfile": f"FROM {BASE}\nRUN head -c 8 /dev/urandom | md5sum > /once\n"}
BUILD_ONCE = """
docker buildx build --platform linux/amd64,linux/arm64 -o type=local,dest=out {options} . >log 2>&1 || (cat log; exit 1)
cat out/linux_amd64/once out/linux_arm64/once
"""


def test_000_a_step_that_one_user_built_is_cached_for_the_others(root: Engineer, ci: Engineer) -> None:
    built = root.types(BUILD_ONCE.format(options=""), ONCE)
    assert len(set(built.splitlines())) == 2
    assert ci.types(BUILD_ONCE.format(options=""), ONCE) == built


def test_000_the_registrys_ca_outlives_the_builders_container(root: Engineer, ci: Engineer) -> None:
    root.types("docker rm --force buildx_buildkit_multiarch0")
    ci.types(f"docker buildx build --platform {THREE} -t {ci.image('again')} --push .", HELLO)


def test_001_a_builder_can_be_named_for_one_build(root: Engineer) -> None:
    image = root.image("named")
    root.types("docker buildx use default")
    try:
        root.types(f"docker buildx build --builder=multiarch --platform {THREE} -t {image} --push .", HELLO)
        assert "default*" in builders(root.types("docker buildx ls"))
    finally:
        root.types("docker buildx use multiarch")
    assert set(root.index(image)) == set(MACHINES)


def test_001_imagetools_shows_a_manifest_for_each_platform(ci: Engineer) -> None:
    image = ci.image("shown:latest")
    ci.types(f"docker buildx build --provenance=false --platform {THREE} -t {image} --push .", HELLO)
    shown = ci.types(f"docker buildx imagetools inspect {image}")
    assert set(re.findall(r"^ +Platform: +(\S+)$", shown, re.MULTILINE)) == set(MACHINES)
    names = re.findall(r"^ +Name: +(\S+)$", shown, re.MULTILINE)
    assert sorted(names) == sorted(f"{image}@{digest}" for digest in ci.index(image).values())


def test_001_images_of_one_platform_are_loaded_and_run(engineer: Engineer) -> None:
    for platform, machine in MACHINES.items():
        image = f"loaded-{machine}"
        engineer.types(f"docker buildx build --platform={platform} -t {image} . --load", HELLO)
        assert engineer.runs(image, [platform]) == {platform: HELLO_RUNS[platform]}
        assert engineer.runs(image, [platform], "uname -m") == {platform: machine}


def test_001_004_docker_manifest_combines_images_of_one_platform(engineer: Engineer) -> None:
    cube = engineer.image("cube")
    singles = {"linux/amd64": f"{cube}:v1.0.0-amd64", "linux/arm64": f"{cube}:v1.0.0-arm64"}
    for platform, single in singles.items():
        command = f"docker buildx build --provenance=false --platform {platform} -t {single} --push ."
        engineer.types(command, HELLO)
    both = f"{cube}:v1.0.0-multi-arch"
    engineer.types(f"""
        docker manifest create {both} {" ".join(singles.values())}
        docker manifest annotate {both} {singles["linux/arm64"]} --os linux --arch arm64 --variant v8
        docker manifest push --purge {both}
        docker manifest inspect {both} | grep -q '"architecture": "arm64"'
    """)
    assert set(engineer.index(both)) == {"linux/amd64", "linux/arm64/v8"}
    assert engineer.runs(both, singles) == {platform: HELLO_RUNS[platform] for platform in singles}


def test_001_003_imagetools_combines_images_of_one_platform(ci: Engineer) -> None:
    minio = ci.image("minio")
    singles = {"linux/amd64": f"{minio}:amd64", "linux/arm64": f"{minio}:arm64"}
    for platform, single in singles.items():
        ci.types(f"docker buildx build --platform {platform} -t {single} --push .", HELLO)
    ci.types(f"docker buildx imagetools create --tag {minio}:1 {' '.join(singles.values())}")
    assert set(ci.index(f"{minio}:1")) == set(singles)
    assert ci.runs(f"{minio}:1", singles) == {platform: HELLO_RUNS[platform] for platform in singles}


def seven_platforms(alpine: str) -> dict[str, str]:
    """The folder of article 002, less a compiler."""
    return {
        "Dockerfile.architecture": f"""
FROM --platform=$TARGETPLATFORM {alpine} AS builder
WORKDIR /root
RUN mkdir -p vlmcsd/bin && uname -m > vlmcsd/bin/vlmcsd

FROM --platform=$TARGETPLATFORM {alpine}
LABEL maintainer="somebody"
COPY --from=builder /root/vlmcsd/bin/vlmcsd /usr/bin/vlmcsd
EXPOSE 1688
CMD [ "vlmcsd", "-D", "-e" ]
"""
    }


def test_002_seven_platforms_become_seven_local_folders(engineer: Engineer, seven: str) -> None:
    told = engineer.types(
        f"docker buildx build --platform {','.join(SEVEN)} -t teddysun/kms -o type=local,dest=.docker"
        " -f ./Dockerfile.architecture . > log 2>&1 || (cat log; exit 1)\n"
        "cd .docker; for folder in *; do echo $folder $(cat $folder/usr/bin/vlmcsd); done",
        seven_platforms(seven),
    )
    machines = dict(line.split() for line in told.splitlines())
    assert set(machines) == {platform.replace("/", "_") for platform in SEVEN}
    for platform in SEVEN:
        assert machines[platform.replace("/", "_")] in EXPECTED_MACHINE[platform], platform


def test_002_seven_platforms_are_pushed_in_one_command(ci: Engineer, seven: str) -> None:
    kms = ci.image("kms")
    command = f"docker buildx build --platform {','.join(SEVEN)} -t {kms} --push -f ./Dockerfile.architecture ."
    ci.types(command, seven_platforms(seven))
    assert set(ci.index(kms)) == set(SEVEN)
    for platform, told in ci.runs(kms, SEVEN, "cat /usr/bin/vlmcsd").items():
        assert told in EXPECTED_MACHINE[platform], platform


def test_003_a_base_image_is_fetched_by_the_mirror_and_without_a_tag_the_result_is_only_cached(ci: Engineer) -> None:
    log = ci.types("docker buildx build --platform=linux/amd64,linux/arm64 .", {"Dockerfile": f"FROM {BASE}"})
    assert "No output specified" in log


SYNC = {"Dockerfile": "ARG IMAGE\nFROM ${IMAGE}\n"}


def test_003_sync_an_image_gets_another_name_with_all_its_platforms(ci: Engineer) -> None:
    image = ci.image("sync:3.12")
    platforms = sorted(set(SEVEN) - {"linux/386", "linux/arm/v6"})
    ci.types(
        f"docker buildx build --platform={','.join(platforms)} --tag {image} --file Dockerfile"
        f" --build-arg IMAGE={BASE} --push .",
        SYNC,
    )
    assert sorted(ci.index(image)) == platforms
    assert ci.runs(image, command="uname -m") == MACHINES


def test_003_combine_a_stage_named_after_the_target_makes_one_image_of_two_tags(ci: Engineer) -> None:
    alpine = ci.image("alpine")
    for architecture in ("amd64", "arm64"):
        command = f"docker buildx build --platform linux/{architecture} -t {alpine}:3.12-{architecture} --push ."
        ci.types(command, HELLO)
    dockerfile = f"FROM {alpine}:3.12-arm64 as arm64\nFROM {alpine}:3.12-amd64 as amd64\n\nFROM ${{TARGETARCH}}\n"
    ci.types(
        f"docker buildx build --platform=linux/amd64,linux/arm64 --tag {alpine}:3.12 --push .",
        {"Dockerfile": dockerfile},
    )
    both = ("linux/amd64", "linux/arm64")
    assert sorted(ci.index(f"{alpine}:3.12")) == sorted(both)
    assert ci.runs(f"{alpine}:3.12", both) == {platform: HELLO_RUNS[platform] for platform in both}


NEWER_DOCKERFILE = f"""
FROM {BASE}
ARG TARGETARCH
RUN --mount=type=cache,target=/kept,id=kept-$TARGETARCH uname -m > /kept/machine
RUN --mount=type=secret,id=token --mount=type=cache,target=/kept,id=kept-$TARGETARCH <<END
wc -c < /run/secrets/token > /size
cat /kept/machine > /machine
END
COPY <<END /greeting
hello
END
"""


def test_003_newer_features_of_dockerfiles_work_for_every_platform(ci: Engineer) -> None:
    told = ci.types(
        f"docker buildx build --platform {THREE} --secret id=token,src=token -o type=local,dest=out . >log 2>&1"
        " || (cat log; exit 1)\n"
        "for folder in out/*; do echo $(cat $folder/size $folder/machine $folder/greeting); done\n"
        "grep --recursive s3cret out || true",
        {"Dockerfile": NEWER_DOCKERFILE, "token": "s3cret"},
    )
    assert told.splitlines() == ["6 x86_64 hello", "6 aarch64 hello", "6 armv7l hello"]


def test_004_one_manifest_is_pulled_by_its_digest(ci: Engineer) -> None:
    image = ci.image("pulled")
    ci.types(f"docker buildx build --platform {THREE} -t {image} --push .", HELLO)
    for platform, digest in ci.index(image).items():
        ci.types(f"docker pull --quiet {image}@{digest}")
        assert ci.runs(f"{image}@{digest}", [platform]) == {platform: HELLO_RUNS[platform]}


TOMCAT = f"""
FROM {BASE}
ENV TZ=Asia/Shanghai LANG=C.UTF-8 LANGUAGE=C.UTF-8 LC_ALL=C.UTF-8
RUN mkdir -p /etc && ln -snf /usr/share/zoneinfo/$TZ /etc/localtime && echo $TZ > /etc/timezone
WORKDIR /usr/local/tomcat
RUN rm -rf webapps/* \\
    && mkdir -p webapps/ROOT
COPY target/*.war webapps/ROOT
RUN cd webapps/ROOT \\
    && cat $(ls | grep '.war')
ENTRYPOINT ["cat", "webapps/ROOT/hello.war", "/etc/timezone"]
"""


def test_004_an_application_that_is_the_same_everywhere_gets_an_image_for_each_platform(ci: Engineer) -> None:
    image = ci.image("java-multi-arch")
    ci.types(
        "mkdir target; echo hello > target/hello.war\n"
        f"docker buildx build -t {image} --platform=linux/arm64,linux/amd64 . --push",
        {"Dockerfile": TOMCAT},
    )
    both = ("linux/arm64", "linux/amd64")
    assert set(ci.index(image)) == set(both)
    assert ci.runs(image, both) == dict.fromkeys(both, "hello\nAsia/Shanghai")


def test_a_cache_kept_in_the_registry_is_used_when_the_builders_own_is_gone(root: Engineer, ci: Engineer) -> None:
    cache = root.image("cache")
    built = root.types(BUILD_ONCE.format(options=f"--no-cache --cache-to type=registry,ref={cache},mode=max"), ONCE)
    assert "Total:" in root.types("docker buildx du")
    root.types("docker buildx prune --all --force")
    assert ci.types(BUILD_ONCE.format(options=f"--cache-from type=registry,ref={cache}"), ONCE) == built


# What stands in for docker/dockerfile, whose program is in none of Debian's packages. It only shows that it ran.
FRONTEND = f"""
FROM {BASE}
LABEL org.opencontainers.image.title="stand-in for docker/dockerfile: builds nothing"
ENTRYPOINT ["sh", "-c", "exit 7"]
"""


@pytest.mark.parametrize("builder", ["multiarch", "default"])
def test_003_the_image_of_a_syntax_line_is_fetched_by_the_mirror_and_run(ci: Engineer, builder: str) -> None:
    name = f"docker/dockerfile:{ci.host}-{builder}"  # of docker.io, which nobody reaches here
    ci.types(f"docker buildx build --provenance=false -t {MIRROR}/{name} --push .", {"Dockerfile": FRONTEND})
    build = f"! docker buildx build --builder {builder} --platform {THREE} ."
    told = ci.types(build, {**HELLO, "Dockerfile": f"# syntax={name}\n{HELLO['Dockerfile']}"})
    assert f"resolve image config for docker-image://docker.io/{name}" in told
    assert "failed to solve: exit code: 7" in told
    absent = ci.types(build, {"Dockerfile": "# syntax=docker/dockerfile:absent\nFROM scratch\n"})
    # What the mirror does not have is asked for at Docker Hub; BuildKit 0.32 tells the mirror's answer alone.
    assert re.search(r"docker/dockerfile:absent: (failed to do request: Head.*no such host|not found)", absent)


def test_000_002_004_switches_of_docker_19_03_do_nothing_and_no_harm(ci: Engineer) -> None:
    told = ci.types(
        "export DOCKER_CLI_EXPERIMENTAL=enabled; cp -r ~/.docker docker\n"
        """sed --in-place '0,/{/s//{"experimental": "enabled",/' docker/config.json\n"""
        "docker --config docker manifest inspect harbor.lab.test/none/none:1 || true\n"
        "docker --config docker buildx ls"
    )
    assert "no such manifest: harbor.lab.test/none/none:1" in told
    assert "multiarch*" in builders(told.partition("\n")[2])


OURS = """
docker inspect --format '{{.Id}} {{.State.StartedAt}}' buildx_buildkit_multiarch0
docker volume inspect --format '{{.CreatedAt}}' buildx_buildkit_multiarch0_state
cat ~/.docker/buildx/instances/multiarch
"""
# A program of another platform, and no base image that would have to be fetched.
WITHOUT_BASE = {"Dockerfile": "FROM scratch\nADD root.tar /\nENV PATH=/bin\nRUN uname -m > /machine\n"}


@pytest.fixture(scope="module")
def own(host: str) -> Iterator[str]:
    """A builder that ci made as the articles say, of the image that buildx takes by itself."""
    ci, name = Engineer(host, "ci"), f"{MIRROR}/moby/buildkit:buildx-stable-1"
    ours = "docker inspect --format '{{.Image}}' buildx_buildkit_multiarch0"
    ci.types(f"docker tag $({ours}) {name}; docker push --quiet {name}; docker rmi {name}")
    ci.types("docker buildx create --use --name own; docker buildx inspect own --bootstrap")
    yield "own"
    ci.types("docker buildx rm own")


def test_000_002_004_an_engineers_own_builder_emulates_and_knows_neither_ca_nor_mirror(ci: Engineer, own: str) -> None:
    assert set(builders(ci.types("docker buildx ls"))) == {"multiarch", f"{own}*", "default"}
    told = ci.types(
        f"docker create --quiet --platform linux/arm64 --name root {BASE}\n"
        "docker export root > root.tar; docker rm root\n"
        "docker buildx build --platform linux/arm64 -o type=local,dest=out . >log 2>&1 || (cat log; exit 1)\n"
        "cat out/machine",
        WITHOUT_BASE,
    )
    assert told.splitlines()[-1] == "aarch64"

    push = f"docker buildx build --platform {THREE} -t {ci.image(own)} --push ."
    told = ci.types(f"! {push}", {"Dockerfile": "FROM scratch\nCOPY Dockerfile /\n"})
    assert f"failed to push {ci.image(own)}" in told
    assert "x509: certificate signed by unknown authority" in told
    assert 'Head "https://registry-1.docker.io/' in ci.types(f"! {push}", HELLO)
    ci.types(f"BUILDX_BUILDER=multiarch {push}", HELLO)


# At a terminal, as the articles do it.
LOGINS = f"""
printf 'me\\nmine\\n' | script --quiet --return --command 'docker login {MIRROR}' /dev/null
docker logout {HARBOR_NAME}
"""


def test_a_run_leaves_what_an_engineer_made_and_brings_back_what_they_took(host: str, ci: Engineer, own: str) -> None:
    """The builder stays until the end of this file, so what follows works beside it."""

    def everything() -> tuple[str, str]:
        return ci.types(OURS), ci.types(OURS.replace("multiarch", own))

    before = everything()
    assert "Login Succeeded" in ci.types(LOGINS)
    run = playbook("provision-builders", limit=host, variables=VARIABLES)
    does = [f"log ci in to {HARBOR_NAME} as {ROBOT}", f"select multiarch as the builder of ci, in place of {own}"]
    assert run.says(f"msg: - {does[0]} - {does[1]} TASK"), run.output
    assert run.says("proven"), run.output
    assert everything() == before
    assert set(json.loads(ci.types("cat ~/.docker/config.json"))["auths"]) == {MIRROR, HARBOR_NAME}


@pytest.mark.usefixtures("own")
def test_an_engineers_own_builder_gets_what_ours_has_or_is_ours_by_another_name(ci: Engineer) -> None:
    """As docs/builders.md tells."""
    image = ci.image("own")
    push = f"docker buildx build --platform linux/arm64 -t {image} --push ."
    ci.types(
        "docker cp --quiet buildx_buildkit_multiarch0:/etc/buildkit/. kept\n"
        'sed --in-place "s|/etc/buildkit|$PWD/kept|" kept/buildkitd.toml\n'
        "docker buildx create --name copied --buildkitd-config kept/buildkitd.toml; rm -r kept\n"
        f"BUILDX_BUILDER=copied {push}; docker buildx rm copied",
        ONCE,
    )
    assert set(ci.index(image)) == {"linux/arm64"}
    told = ci.types(
        "docker buildx create --name named --driver remote docker-container://buildx_buildkit_multiarch0\n"
        f"BUILDX_BUILDER=named {push}; BUILDX_BUILDER=named {push}; docker buildx rm named",
        ONCE,
    )
    assert "CACHED" in told
    assert re.search(r"^Status: +running$", ci.types("docker buildx inspect multiarch"), re.MULTILINE)


def test_after_a_reboot_everything_works_at_once(host: str, root: Engineer, ci: Engineer) -> None:
    lab("reboot", host)
    for engineer in (root, ci):
        image = engineer.image("rebooted")
        engineer.types(f"docker buildx build --no-cache --platform {THREE} -t {image} --push .", HELLO)
        assert engineer.runs(image) == HELLO_RUNS


def test_nothing_that_engineers_do_is_a_difference_to_what_was_described(host: str) -> None:
    run = playbook("provision-builders", limit=host, variables=VARIABLES)
    assert run.recap(host)["changed"] == 0, run.output
