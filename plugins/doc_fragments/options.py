# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts about the options, once. Types, choices and defaults are those of module_utils/options.py."""

from __future__ import annotations


class ModuleDocFragment:
    """One fragment for each option, such as ``multiarch.builders.options.registries``."""

    CONCERNS = r"""
options:
  concerns:
    description:
      - What to look after, whatever the order here; the order of work is that of the choices.
      - V(engine) is Docker with buildx, V(trust) the CA and client certificates of registries, V(daemon) the file
        C(daemon.json), V(binfmt) the emulators, V(buildx) the builders.
    type: list
    elements: str
    choices: [engine, trust, daemon, binfmt, buildx]
    default: [engine, trust, daemon, binfmt, buildx]
"""

    ENGINE = r"""
options:
  engine:
    description:
      - V(present) wants Docker and buildx to be there, in versions that are supported.
    type: str
    choices: [present]
    default: present
"""

    PLATFORMS = r"""
options:
  platforms:
    description:
      - The platforms that the host builds and runs, as C(linux/ARCHITECTURE[/VARIANT]).
      - Usual other names are accepted, with and without C(linux/) and in any case, such as C(x86_64), C(aarch64),
        C(arm64v8), C(armhf), C(arm32v7), C(armel), C(i386), C(ppc64el) and C(mips64el). C(arm) is C(linux/arm/v7).
      - What the host's own processor runs needs no emulator and gets none.
    type: list
    elements: str
    default: [linux/amd64, linux/arm64]
"""

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

    INSTANCES = r"""
options:
  instances:
    description:
      - The buildx builders of the host.
    type: list
    elements: dict
    default:
      - name: multiarch
        default: true
    suboptions:
      name:
        description:
          - Name of the builder. A letter, then letters, digits, C(.), C(_) and C(-). Unique, case does not count.
        type: str
        required: true
      driver:
        description:
          - Driver of buildx.
        type: str
        choices: [docker-container]
        default: docker-container
      image:
        description:
          - Image of BuildKit. Pin it with a digest, as the default is.
        type: str
        default: "docker.io/moby/buildkit:v0.33.0\
          @sha256:6c2fa84a6b61ccd72899dde4239f8d5717f05f9a8ca6f3cad185fb1a95a94de3"
      driver_opts:
        description:
          - Options of the driver, such as C(memory), C(cpuset-cpus), C(network) and C(env.NAME). Values may be
            strings, whole numbers and booleans.
        type: dict
        default: {}
      flags:
        description:
          - Flags of buildkitd, one an entry.
        type: list
        elements: str
        default: []
      default:
        description:
          - Whether this is the builder that the users build with. One at most.
        type: bool
        default: false
      config:
        description:
          - C(buildkitd.toml), as text or as the path of a file on the controller.
          - Leave it out, and it is made from the registries and the options of BuildKit; given, it replaces both for
            this builder.
          - It names certificate files as they are inside the container, C(/etc/buildkit/certs/REGISTRY/ca.crt).
        type: str
      certificates:
        description:
          - Further files below C(/etc/buildkit/certs), for O(instances[].config), as C(REGISTRY/FILE) and content.
            Those of the registries are always there.
        type: dict
"""

    USERS = r"""
options:
  users:
    description:
      - The users whose buildx store holds the builders, and who are logged in to the registries.
    type: list
    elements: str
    default: [root]
"""

    BINFMT_IMAGE = r"""
options:
  binfmt_image:
    description:
      - Image with the emulators, as C(tonistiigi/binfmt) makes it. Pin it with a digest, as the default is.
    type: str
    default: "docker.io/tonistiigi/binfmt:qemu-v10.2.3-68\
      @sha256:400a4873b838d1b89194d982c45e5fb3cda4593fbfd7e08a02e76b03b21166f0"
"""

    BINFMT_SOURCE = r"""
options:
  binfmt_source:
    description:
      - Where the emulators come from. V(image) takes them out of O(binfmt_image), V(package) installs the QEMU of the
        distribution (Debian and Ubuntu), with handlers for all the formats that it knows.
    type: str
    choices: [image, package]
    default: image
"""

    BINFMT_ARCHIVE = r"""
options:
  binfmt_archive:
    description:
      - Path on the host of an archive of O(binfmt_image), as C(docker save) writes it, for hosts that reach no
        registry. It is read in place of a pull, without Docker.
    type: str
"""

    BINFMT_TAKEOVER = r"""
options:
  binfmt_takeover:
    description:
      - Whether a handler that somebody else registered is replaced although it works. One that does not work in
        containers is replaced in any case.
    type: bool
    default: false
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
