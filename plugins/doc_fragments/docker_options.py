# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts about what Docker, BuildKit and the client are set to, once.

Types, choices and defaults are those of module_utils/model/options.py.
"""

from __future__ import annotations


class ModuleDocFragment:
    """One fragment for each option, such as ``multiarch.builders.docker_options.registries``."""

    REGISTRIES = r"""
options:
  registries:
    description:
      - The registries. dockerd, BuildKit, the operating system and the login all follow this one table.
      - TLS of a mirror is that of the mirror's own entry, so a mirror with a private CA has an entry of its own.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description:
          - The registry as image names have it, C(host[:port]), without scheme and path. Docker Hub is C(docker.io).
          - A network such as C(10.0.0.0/8) is for dockerd alone, with O(registries[].insecure=true) and nothing else,
            as BuildKit knows no networks. It goes into C(insecure-registries) of C(daemon.json).
        type: str
        required: true
      mirrors:
        description:
          - Where to look first, in this order, as C(host[:port][/path]) without scheme.
          - A path is put behind C(/v2/), as proxy cache projects of Harbor want it.
          - For a mirror without TLS set O(registries[].http=true) in the mirror's own entry.
        type: list
        elements: str
        default: []
      ca:
        description:
          - The CA that signed the registry's certificate, as the path of a file on the controller or as PEM text.
          - A file may be PEM or DER, and is looked for in C(files/), next to the playbook and next to the inventory.
            It may be encrypted with ansible-vault.
          - Several certificates are fine, as in a rotation. One of them has to be valid now.
          - A server's own self-signed certificate is taken, with a warning, as it is trusted for itself alone.
        type: str
      ca_from:
        description:
          - Where the CA comes from if O(registries[].ca) is not given. V(harbor) asks the registry itself, a Harbor,
            for the CA that it offers for download. The controller asks, without any login.
          - Needs O(registries[].ca_fingerprint), as nothing else proves what comes that way.
        type: str
        choices: [harbor]
      ca_fingerprint:
        description:
          - SHA-256 of the CA, as C(openssl x509 -noout -fingerprint -sha256 -in ca.crt) tells it. Colons, C(sha256:)
            in front and case do not matter.
          - With O(registries[].ca_from) the one certificate that has it is taken. With O(registries[].ca) one of the
            certificates has to have it.
        type: str
      client_cert:
        description:
          - Client certificate for mutual TLS, with its chain if it has one, as path or PEM text. Needs
            O(registries[].client_key).
        type: str
      client_key:
        description:
          - Private key of O(registries[].client_cert), without pass phrase, as path or PEM text.
        type: str
      insecure:
        description:
          - Whether to accept any certificate. Anybody between host and registry can then change images.
        type: bool
        default: false
      http:
        description:
          - Whether the registry speaks HTTP without TLS. Cannot be combined with certificates.
        type: bool
        default: false
      username:
        description:
          - Login name, with O(registries[].password). Robot accounts of Harbor are fine, C($) included.
        type: str
      password:
        description:
          - Password or token of O(registries[].username). Never logged.
        type: str
      hosts_toml:
        description:
          - Filled in on the controller. Leave it out.
        type: str
  ca_warn_days:
    description:
      - How many days before the end of a CA or client certificate of O(registries) a warning comes. V(0) for none.
    type: int
    default: 30
"""

    DAEMON_OPTIONS = r"""
options:
  daemon_options:
    description:
      - Merged into C(daemon.json) as a JSON merge patch (RFC 7396). Mappings merge, V(null) removes a key, all else
        replaces. Keys that are not named stay as they are.
      - C(hosts) is refused, as dockerd would not start; C(registry-mirrors) and C(insecure-registries) have their
        place in the table of registries.
    type: dict
    default: {}
"""

    ALLOW_IMAGE_STORE_SWITCH = r"""
options:
  allow_image_store_switch:
    description:
      - Whether a host that has images or containers may be switched to the containerd image store. They stay on disk,
        but Docker shows them no more until it is switched back.
    type: bool
    default: false
"""

    ALLOW_DATA_ROOT_SWITCH = r"""
options:
  allow_data_root_switch:
    description:
      - Whether Docker's data may get another folder (C(data-root), C(userns-remap)) on a host that has containers,
        volumes, networks of its own or, with a graph driver, images. They stay in the former folder, the builders'
        caches with them, but Docker shows them no more until it has that folder again.
    type: bool
    default: false
"""

    DOCKER_PULLS = r"""
options:
  docker_pulls:
    description:
      - Whether docker itself pulls and pushes on this host (C(docker pull), C(docker push), C(docker run)), and not
        builders alone.
      - Up to version 29.4 docker fetches tokens of registries with the system's authorities as of its own start. So a
        CA that a registry with tokens needs, and that came later, means a restart, by the rules of
        C(builder_disruption). Builders need none; V(false) spares hosts that have nothing but builders.
    type: bool
    default: true
"""

    BUILDKIT_OPTIONS = r"""
options:
  buildkit_options:
    description:
      - Merged over what the registries make of C(buildkitd.toml), as a merge patch (RFC 7396). Mappings merge,
        V(null) removes a key, all else replaces.
      - Every key is checked by name and type, as buildkitd itself ignores unknown keys.
      - Durations are whole seconds or text such as V(48h); sizes are bytes, text such as V(20GB) or V(75%).
    type: dict
    default: {}
"""

    CLIENT_OPTIONS = r"""
options:
  client_options:
    description:
      - Merged into C(~/.docker/config.json) of each of the users as a JSON merge patch (RFC 7396), such as
        C(credHelpers) or C(detachKeys). Keys that are not named stay as they are.
      - C(auths) and C(proxies) are refused, as O(registries) and O(proxy) have a place for them.
    type: dict
    default: {}
"""

    ENVIRONMENT_FILE = r"""
options:
  environment_file:
    description:
      - Path of a file on the host in which a line C(BUILDX_BUILDER=NAME) names the default builder, such as
        C(/etc/environment) or the environment file of a CI runner. All else in it stays. None by default.
    type: str
"""

    ENVIRONMENT = r"""
options:
  environment:
    description:
      - Settings of buildx, BuildKit's client and docker for the users' jobs, names with their values, such as
        C(BUILDX_NO_DEFAULT_ATTESTATIONS). Each is a line of O(environment_file), which has to be given, in place of
        lines of that name. These come back when it goes.
      - Names that buildx, BuildKit or docker read are checked with their values; V(true) and V(false) are written as
        the program reads them. A name that resembles one of these is an error, any other is taken for your own.
      - V(BUILDX_BUILDER) and names that lead jobs away from the builder are refused, such as C(DOCKER_HOST) or
        C(DOCKER_CONFIG); so are names that say that they hold a secret, as the file may be readable by everybody.
      - Values are text without spaces and quotes, which all readers of such files understand in the same way.
    type: dict
    default: {}
"""

    DOCKER_GROUP = r"""
options:
  docker_group:
    description:
      - Whether the users are put into the group of Docker's socket, C(docker). Who is in it is root on the host.
      - Users whom this put there are taken out again when it is V(false), or when they are no longer among the users.
    type: bool
    default: false
"""

    PROXY = r"""
options:
  proxy:
    description:
      - The proxy for dockerd (C(daemon.json)), for BuildKit (the environment of its container) and for RUN steps
        (C(config.json) of the users, from which docker and buildx make build arguments).
    type: dict
    default: {}
    suboptions:
      http:
        description:
          - URL of the proxy for C(http://), without user name and password.
        type: str
      https:
        description:
          - URL of the proxy for C(https://), which is how registries are reached.
        type: str
      no_proxy:
        description:
          - What is reached directly, as host names, domains (C(.example.com)), addresses or networks in CIDR notation.
        type: list
        elements: str
        default: []
      username:
        description:
          - Login name at the proxy, with O(proxy.password).
        type: str
      password:
        description:
          - Password of O(proxy.username). Never logged, but whoever may build can read it, as build arguments have it.
        type: str
"""

    DNS = r"""
options:
  dns:
    description:
      - Addresses of the name servers for containers (C(daemon.json)) and for RUN steps (C(buildkitd.toml)).
    type: list
    elements: str
    default: []
"""

    GC = r"""
options:
  gc:
    description:
      - How large the build cache may become, of dockerd's own BuildKit (C(daemon.json)) and of the builders
        (C(buildkitd.toml)), in the words of each version. Without any of it nothing is written.
      - Sizes are bytes, text such as V(50GB) (1024 to the power of 3), or a share of the disk such as V(10%), which
        dockerd does not take. C(daemon_options) and C(buildkit_options) have the last word about each of the two.
    type: dict
    default: {}
    suboptions:
      keep:
        description:
          - The size that garbage collection leaves alone, also if the disk becomes full. Without O(gc.max) all that is
            above it is deleted.
        type: raw
      max:
        description:
          - The size that the cache is cut to; what was not used for longest goes first.
        type: raw
      free:
        description:
          - How much of the disk garbage collection tries to keep free, with O(gc.max). BuildKit before 0.17 and Docker
            before 28.0 cannot do that.
        type: raw
      unused_for:
        description:
          - What was not used for that long is deleted, but for the size of O(gc.keep), as seconds or text such as
            V(168h). There are no days. Needs O(gc.max) or O(gc.keep).
        type: raw
      enabled:
        description:
          - Whether garbage is collected at all. V(true) if anything else is given.
        type: bool
"""

    DISRUPTION = r"""
options:
  disruption:
    description:
      - What may be done to running builds, and to containers that a restart of dockerd would stop.
      - V(wait) waits until no build runs and no container would be lost, one without live-restore and without a
        restart policy V(always) or V(unless-stopped). After O(drain_timeout) seconds the host fails, unchanged, and
        names who still runs.
      - V(now) waits for nothing. V(never) restarts and recreates nothing, and says what is pending.
    type: str
    choices: [wait, now, never]
    default: wait
  drain_timeout:
    description:
      - Seconds to wait for running builds and containers with O(disruption=wait).
    type: int
    default: 900
"""
