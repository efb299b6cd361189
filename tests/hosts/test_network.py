"""One setting for the proxy and one for the name servers, for dockerd, BuildKit and RUN steps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.settings import DOMAIN, HARBOR_NAME, IMAGES_FILE
from lab.topology import HOSTS
from tests.hosts import fetching_image
from tests.hosts.conftest import OLDER_ENGINE
from tests.hosts.lab import lab, on, playbook
from tests.hosts.own_proxy import LOG, start_proxy

IMAGES = json.loads(IMAGES_FILE.read_text())
BASE, BUILDKIT = IMAGES["base"]["reference"], IMAGES["buildkit"]["reference"]
PASSWORD = "s3cret/with:signs"
QUOTED = "s3cret%2Fwith%3Asigns"
PROXIES = "docker info --format '{{.HTTPSProxy}} {{.NoProxy}}'"
LEAST = {"builder_users": ["root"], "builder_platforms": ["amd64"], "builder_concerns": ["trust", "daemon", "buildx"]}
BUILD = f"""
folder=$(mktemp -d /var/tmp/build.XXXX); cd $folder
printf 'FROM {BASE}\\nRUN env; cat /etc/resolv.conf\\n' > Dockerfile
docker buildx build --no-cache --tag mirror.lab.test:5000/test/network:1 --push --progress plain . 2>&1
"""


SERVER = str(next(each.address for each in HOSTS if each.is_registry))


@pytest.fixture(scope="module")
def host() -> str:
    """A host for all tests: each describes all of it."""
    lab("reset", OLDER_ENGINE)
    return OLDER_ENGINE


@pytest.fixture(scope="module")
def proxy(host: str) -> dict[str, object]:
    return start_proxy(host, PASSWORD)


def test_one_setting_for_the_proxy_reaches_dockerd_buildkit_and_run_steps_and_goes_again(
    host: str, proxy: dict[str, object]
) -> None:
    address = str(next(each.address for each in HOSTS if each.name == host))
    variables = {**LEAST, "builder_proxy": proxy}
    run = playbook("provision-builders", "--diff", "-vvv", limit=host, variables=variables)
    assert run.status == 0, run.output
    assert [secret for secret in (PASSWORD, QUOTED) if secret in run.output] == []
    assert playbook("provision-builders", limit=host, variables=variables).recap(host)["changed"] == 0

    assert on(host, PROXIES).split() == [f"http://xxxxx:xxxxx@{address}:3128", "direct.lab.test"]
    assert on(host, "stat --format %a /etc/docker/daemon.json").strip() == "600"
    on(host, f"rm {LOG}; docker pull --quiet mirror.lab.test:5000/library/busybox:1.37.0-debian")
    assert on(host, f"cat {LOG}").split()[:2] == [address, "mirror.lab.test:5000"]

    on(host, f"rm {LOG}")
    built = on(host, BUILD)
    assert f"https_proxy=http://ci:{QUOTED}@{address}:3128" in built
    assert "no_proxy=direct.lab.test" in built
    # the container of BuildKit has an address of its own, which is not masqueraded towards this host
    tunnels = on(host, f"cat {LOG}").splitlines()
    assert [line for line in tunnels if line.startswith("172.17.") and line.endswith(" mirror.lab.test:5000")], tunnels

    assert playbook("provision-builders", limit=host, variables=LEAST).status == 0
    assert on(host, PROXIES).split() == []
    assert "proxies" not in on(host, "cat /root/.docker/config.json")
    assert "https_proxy" not in on(host, BUILD)


def test_one_setting_for_the_name_servers_reaches_containers_and_run_steps(host: str) -> None:
    variables = {**LEAST, "builder_dns": [SERVER], "builder_buildkit_options": {"dns": {"options": ["ndots:2"]}}}
    assert playbook("provision-builders", limit=host, variables=variables).status == 0
    assert on(host, f"docker run --rm {BASE} cat /etc/resolv.conf").count(f"nameserver {SERVER}") == 1
    toml = on(host, "docker exec buildx_buildkit_multiarch0 cat /etc/buildkit/buildkitd.toml")
    assert f'nameservers = ["{SERVER}"]' in toml
    assert 'options = ["ndots:2"]' in toml
    assert f"nameserver {SERVER}" in on(host, BUILD)


# What BuildKit itself fetches, and steps: one without the CA, one that gets the host's as a secret and goes through the
# proxy, one that gets it as a file of another context and goes there itself; then what these left in the image.
FETCH = f"https://{HARBOR_NAME}/service/token?service=harbor-registry&scope=repository:proof/x:pull"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
WGET = f"wget --tries 1 --timeout 20 --output-document /dev/null '{FETCH}'"
FETCHING = f"""
FROM {{image}}
ADD {FETCH} /token
RUN uname -m; {WGET} && exit 1 || echo untrusted: $?
RUN --mount=type=secret,id=ca,target={BUNDLE} {WGET}
RUN --mount=type=bind,from=certs,source=ca-certificates.crt,target={BUNDLE} {WGET} --no-proxy
RUN head -c 12 /token; find /etc/ssl 2>&1 || true
"""
FETCH_BUILD = f"""
mkdir -p /var/tmp/fetch; cd /var/tmp/fetch; cat > Dockerfile
docker buildx build --no-cache --progress plain --platform linux/arm64 --secret id=ca,src={BUNDLE} \
    --build-context certs=/etc/ssl/certs . 2>&1
"""


def test_an_emulated_step_fetches_by_name_server_proxy_and_tls_where_it_is_given_the_hosts_ca(
    host: str, proxy: dict[str, object]
) -> None:
    """As docs/trust.md tells."""
    address, url = next(each.address for each in HOSTS if each.name == host), f"http://{host}.{DOMAIN}:3128"
    certificates = {"env.SSL_CERT_DIR": f"/etc/buildkit/certs/{HARBOR_NAME}"}
    variables: dict[str, Any] = {
        **LEAST,
        "builder_concerns": ["trust", "daemon", "binfmt", "buildx"],
        "builder_platforms": ["amd64", "arm64"],
        "builder_dns": [SERVER],
        "builder_proxy": {**proxy, "http": url, "https": url},
        "builder_instances": [{"name": "multiarch", "image": BUILDKIT, "default": True, "driver_opts": certificates}],
        "builder_verify_repository": "",
    }
    run = playbook("provision-builders", limit=host, variables=variables)
    assert run.status == 0, run.output
    on(host, f"rm -f {LOG}")
    built = on(host, FETCH_BUILD, stdin=FETCHING.format(image=fetching_image.ensure()))
    for said in (
        "aarch64",
        f"Resolving {host}.{DOMAIN} ({host}.{DOMAIN})... {address}",
        f"ERROR: The certificate of '{HARBOR_NAME}' is not trusted.",
        "untrusted: 5",
        "Proxy request sent, awaiting response... 200 OK",
        f"Resolving {HARBOR_NAME} ({HARBOR_NAME})... {SERVER}",
        "HTTP request sent, awaiting response... 200 OK",
        '  "token":',
        "find: /etc/ssl: No such file or directory",
    ):
        assert said in built, f"{said}\n{built}"
    tunnels = [line.split()[1] for line in on(host, f"cat {LOG}").splitlines()]
    assert tunnels.count(f"{HARBOR_NAME}:443") >= 3  # what BuildKit fetched, and two of the steps
