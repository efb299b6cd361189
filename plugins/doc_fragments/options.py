# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts about the options but for those of docker_options.py, once.

Types, choices and defaults are those of module_utils/model/options.py.
"""

from __future__ import annotations


class ModuleDocFragment:
    """One fragment for each option, such as ``multiarch.builders.options.platforms``."""

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
      - V(present) wants Docker and buildx to be there, in versions that serve.
      - V(distro) installs what is missing of Docker, its client and buildx from the distribution (Debian, Ubuntu). What
        is there already stays as it is, wherever it is from.
    type: str
    choices: [present, distro]
    default: present
"""

    BUILDX_PLUGIN = r"""
options:
  buildx_plugin:
    description:
      - The buildx plugin to install for all users, for hosts whose distribution has none or one that is too old. It has
        precedence over that of a package. Without it, what this put there goes, and what was there before comes back.
    type: dict
    default: {}
    suboptions:
      src:
        description:
          - A file on the controller, found as C(copy) finds its own, or next to the inventory. Either this or
            O(buildx_plugin.url).
        type: str
      url:
        description:
          - Where the host fetches it from, by C(https) or C(http), through O(proxy) if that is set. The host has to
            trust the server already.
        type: str
      sha256:
        description:
          - The SHA-256 of the file, in hexadecimal. Needed; another file is not installed.
        type: str
      version:
        description:
          - The version that the file has, such as V(0.29.1). Optional; one that tells another is not installed, and
            with it a plan knows what the builders can be before the plugin is there.
        type: str
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
          - Driver of buildx. V(docker-container) runs BuildKit in a container of each node's Docker, V(remote)
            connects to a buildkitd that runs elsewhere, V(kubernetes) has it in the cluster of kubectl's current
            context.
        type: str
        choices: [docker-container, remote, kubernetes]
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
      nodes:
        description:
          - The machines of the builder. Without any it is the host itself.
          - Each has one of O(instances[].nodes[].host), O(instances[].nodes[].endpoint) and
            O(instances[].nodes[].context), a name and platforms of its own.
        type: list
        elements: dict
        default: []
        suboptions:
          host:
            description:
              - A host of the inventory. The host itself is reached directly, another one by ssh at its
                C(ansible_host), by the keys and known hosts of each of the users.
            type: str
          endpoint:
            description:
              - Where the node's Docker is, as C(ssh://user@host), C(tcp://host:port) or C(unix:///path), or with the
                driver V(remote) where the buildkitd is, as C(tcp://host:port).
            type: str
          context:
            description:
              - A docker context that each of the users has.
            type: str
          user:
            description:
              - Who logs in at O(instances[].nodes[].host). By default its C(ansible_user).
            type: str
          name:
            description:
              - Name of the node, and of its container. By default the builder's and the host's, with a hyphen between.
            type: str
          platforms:
            description:
              - The platforms that are built there. By default those that BuildKit finds there.
            type: list
            elements: str
            default: []
          driver_opts:
            description:
              - Options of the driver for this node alone.
            type: dict
            default: {}
          ca:
            description:
              - The CA that signed the certificate of a V(remote) buildkitd, as path on the controller or PEM text.
            type: str
          client_cert:
            description:
              - Client certificate for a V(remote) buildkitd, with O(instances[].nodes[].client_key).
            type: str
          client_key:
            description:
              - Private key of O(instances[].nodes[].client_cert), without pass phrase.
            type: str
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
      registry_files:
        description:
          - Filled in on the controller. Leave it out.
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

    LOCK_TIMEOUT = r"""
options:
  lock_timeout:
    description:
      - One run at a time changes a host. Seconds to wait until another one has ended its step there; after that the
        host fails, unchanged, and names who works there. V(0) waits for nobody.
    type: int
    default: 300
"""

    VERIFY_TRUST = r"""
options:
  verify_trust:
    description:
      - Whether the registries are asked after a change, as proof. Without, trust shows in the builds alone. For hosts
        that do not reach all the registries of their table yet.
    type: bool
    default: true
"""
