# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of every option and of its keys, once; types, defaults and choices are in model/options.py."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.doc_fragments import texts_of_builders

TEXTS = (
    texts_of_builders.TEXTS
    + r"""
concerns:
  - The concerns to manage. Their order here does not matter; they are applied in the order of the choices.
  - V(engine) is Docker with buildx, V(trust) the CA and client certificates of registries, V(daemon) the file
    C(daemon.json), V(binfmt) the emulators, V(contexts) docker contexts, V(buildx) the builders, V(serve) a builder for
    clients elsewhere, V(ssh) on nodes of other hosts' builders who may reach them, V(guard) what looks after the
    builders between two runs.
engine:
  - V(present) requires Docker and buildx to be installed, in supported versions.
  - V(distro) installs whatever is missing of Docker, its client and buildx from the distribution (Debian, Ubuntu).
    What is already installed is left unchanged, whatever its source.
  - V(docker) installs whatever is missing of Docker's own packages (C(docker-ce), C(docker-ce-cli), C(containerd.io),
    C(docker-buildx-plugin)) from O(engine_repository). A host with another engine's packages is refused.
engine_repository:
  - The apt repository of Docker's own packages, or your mirror of it, for O(engine=docker). It becomes two files of
    apt, which are removed when O(engine) is changed or the host is retired.
engine_repository.url:
  - Its address, with C(https) or C(http), such as V(https://packages.example.com/docker/linux/debian). apt fetches it
    with its own proxy, credentials and trusted CAs.
engine_repository.key:
  - The OpenPGP key that signs it, as the path of a file on the controller or as armoured text. apt accepts no other
    signature.
engine_repository.suite:
  - The suite. Default is the code name of the host's distribution, such as V(trixie).
engine_repository.components:
  - The components of the suite.
engine_version:
  - The version of Docker to have, such as V(29), V(28.5), V(28.5.2), or that of a package in full. Put it in quotes.
    Requires O(engine=distro) or O(engine=docker), and a package of that version in the host's repositories.
  - An installed Docker of another version is upgraded, by O(disruption) after running work has ended, with the former
    packages at hand in case that dockerd or its builders do not come up. When this is unset, nothing is upgraded.
allow_engine_downgrade:
  - Whether O(engine_version) may be older than what is installed. dockerd may not read what a newer one has stored.
buildx_plugin:
  - The buildx plugin to install for all users, for hosts whose distribution has none or an old one. It takes precedence
    over a packaged one. When this is unset, the plugin is removed and the previous file is restored.
buildx_plugin.src:
  - A file on the controller, found as C(copy) finds its source, or next to the inventory. Either this or
    O(buildx_plugin.url).
buildx_plugin.url:
  - The URL from which the host downloads it, with C(https) or C(http), through O(proxy) if that is set. The host must
    already trust the server.
buildx_plugin.sha256:
  - The SHA-256 of the file, in hexadecimal. Required; a file with another checksum is not installed.
buildx_plugin.version:
  - The version of the file, such as V(0.29.1). Optional. A plugin that reports another version is not installed. With
    it, a plan knows what the builders support before the plugin is installed.
platforms:
  - The platforms that the host builds and runs, as C(linux/ARCHITECTURE[/VARIANT]).
  - Common aliases are accepted, with and without C(linux/) and in any case, such as C(x86_64), C(aarch64),
    C(arm64v8), C(armhf), C(arm32v7), C(armel), C(i386), C(ppc64el) and C(mips64el). C(arm) is C(linux/arm/v7).
  - Platforms that the host's processor runs itself get no emulator. The processor is asked, as machines of one name
    differ, for instance in 32-bit programs on arm64. A variant that neither the processor nor an emulator runs, such
    as C(linux/amd64/v4) without AVX-512, is refused in the plan, unless a node on another machine may build it.
  - A host whose builders only have nodes on other machines needs emulators only to run images itself. Without V(binfmt)
    in O(concerns) it gets none, and what those nodes build counts as proven.
registries:
  - The registries. dockerd, BuildKit, the operating system and the logins are all configured from this table.
  - TLS settings of a mirror come from the mirror's own entry, so a mirror with a private CA needs an entry of its own.
registries[].host:
  - The registry as in image names, C(host[:port]), without scheme and path. Docker Hub is C(docker.io).
  - A network such as C(10.0.0.0/8) applies to dockerd only, with O(registries[].insecure=true) and no other key, as
    BuildKit does not support networks. It is written to C(insecure-registries) in C(daemon.json).
registries[].mirrors:
  - Mirrors to try first, in this order, as C(host[:port][/path]) without scheme.
  - A path is inserted after C(/v2/), as proxy cache projects of Harbor require.
  - For a mirror without TLS, set O(registries[].http=true) in the mirror's own entry.
registries[].ca:
  - The CA that signed the registry's certificate, as the path of a file on the controller or as PEM text.
  - A file may be PEM or DER. It is searched for in C(files/), next to the playbook and next to the inventory, and may
    be encrypted with ansible-vault.
  - Several certificates are allowed, as during a rotation. At least one must be valid now.
  - A server's own self-signed certificate is accepted, with a warning, as it is trusted for that server only.
registries[].ca_from:
  - Where to get the CA if O(registries[].ca) is not set. V(harbor) downloads it from the registry itself, a Harbor.
    The controller sends the request, without a login.
  - Requires O(registries[].ca_fingerprint), as nothing else authenticates the download.
registries[].ca_fingerprint:
  - SHA-256 of the CA, as printed by C(openssl x509 -noout -fingerprint -sha256 -in ca.crt). Colons, a leading
    C(sha256:) and case are ignored.
  - With O(registries[].ca_from) only the certificate with it is used; with O(registries[].ca) one of them must have it.
registries[].client_cert:
  - Client certificate for mutual TLS, optionally with its chain, as path or PEM. Requires O(registries[].client_key).
registries[].client_key:
  - Private key of O(registries[].client_cert), without a passphrase, as path or PEM text.
registries[].insecure:
  - Whether to accept any certificate. Anyone between host and registry can then modify images.
registries[].http:
  - Whether the registry uses HTTP without TLS. Cannot be combined with certificates.
registries[].username:
  - Login name, with O(registries[].password). Robot accounts of Harbor are supported, C($) included.
registries[].password:
  - Password or token of O(registries[].username). Never logged.
registries[].hosts_toml:
  - Internal. Set on the controller.
ca_warn_days:
  - Warn this many days before a CA or client certificate of O(registries) or C(builder_contexts) expires. V(0) disables
    the warning.
binfmt_source:
  - Where the emulators come from. V(image) extracts them from O(binfmt_image), V(package) installs the distribution's
    QEMU (Debian and Ubuntu), with handlers for all formats that it supports.
binfmt_image:
  - Image with the emulators, in the layout of C(tonistiigi/binfmt). Pin it by digest, as the default does.
binfmt_images:
  - Other images for the emulators of single platforms, as C(linux/ARCHITECTURE) and image. All variants of an
    architecture have one emulator. Platforms that the host does not emulate are ignored.
  - Cannot be combined with O(binfmt_archive).
binfmt_archive:
  - Path on the host of an archive of O(binfmt_image), as written by C(docker save), for hosts without access to a
    registry. It replaces the pull, and is read without Docker.
binfmt_canary:
  - Real programs that must run under each new emulator of an image before its handler changes. Where they fail, the
    emulator is not taken, the platform's handler stays as it is, all else is done, and the run fails at its end.
  - By default only a tiny static program must run under a new emulator.
binfmt_canary.image:
  - An image with a root file system for every emulated platform, such as Debian's. It is pulled, exported and removed,
    and never run as a container. Pin it by digest. Either this or O(binfmt_canary.archive).
binfmt_canary.archive:
  - Path on the host of an OCI archive with such an image, as written by C(skopeo copy --all), by
    C(buildx build --output type=oci), or by C(docker save) since Docker 25.
binfmt_canary.command:
  - What is run in that file system, as a list, without network and as an unprivileged user. It fails if its exit
    status is not 0.
  - The default needs C(/bin/sh). It starts child processes and handles a signal, and if the image has them, it runs
    glibc's C(ldconfig), and GNU C(sort) in two threads.
binfmt_canary.timeout:
  - The maximum time for one platform, in seconds. Defaults to 120.
binfmt_takeover:
  - Whether to replace a working foreign handler. One that does not work in containers is always replaced.
native_first:
  - Whether platforms that the processor runs itself stay without an emulator. V(false) registers one for 32-bit Arm on
    arm64 (and for C(linux/386) on amd64, if O(binfmt_image) contains it), which is several times slower.
daemon_options:
  - Merged into C(daemon.json) as a JSON merge patch (RFC 7396). Mappings are merged, V(null) removes a key, any other
    value replaces the existing one. Other keys are left unchanged.
  - C(hosts) is rejected, as dockerd would not start. For C(registry-mirrors) and C(insecure-registries) use the table
    of registries.
allow_image_store_switch:
  - Whether a host that has images or containers may be switched to the containerd image store. They are kept on disk,
    but Docker does not show them until it is switched back.
allow_data_root_switch:
  - Whether Docker's data may move to another directory (C(data-root), C(userns-remap)) on a host that has containers,
    volumes, user-defined networks or, with a graph driver, images. These and the builders' caches are kept in the
    previous directory, but Docker does not show them until it uses that directory again.
data_roots:
  - The folders for the data of docker and of containerd, such as those on a disk of their own. Data that is elsewhere
    is moved, subject to O(disruption).
  - It is copied while both run, and completed while they are stopped. The previous folder is removed once docker and
    its builders run from the new one.
  - What cannot be moved is refused before anything stops. Without the variable nothing is moved, or moved back.
data_roots.docker:
  - Docker's data-root. It has containers, volumes with the builders' caches and, with a graph driver, images.
data_roots.containerd:
  - The C(root) of C(/etc/containerd/config.toml). It has the images and layers of the containerd image store.
docker_pulls:
  - Whether docker itself pulls and pushes on this host (C(docker pull), C(docker push), C(docker run)), and not only
    builders.
  - Up to version 29.4 docker fetches registry tokens with the system trust store as read at its start. A CA added
    later for a registry with tokens therefore requires a restart, subject to C(builder_disruption). Builders do not
    need it; V(false) avoids it on hosts that only use builders.
proxy:
  - The proxy for dockerd (C(daemon.json)), for BuildKit (the environment of its container) and for RUN steps
    (C(config.json) of the users, from which docker and buildx set build arguments).
proxy.http:
  - URL of the proxy for C(http://), without user name and password.
proxy.https:
  - URL of the proxy for C(https://), which is used to reach registries.
proxy.no_proxy:
  - What to reach directly, as host names, domains (C(.example.com)), addresses or networks in CIDR notation.
proxy.username:
  - Login name at the proxy, with O(proxy.password).
proxy.password:
  - Password of O(proxy.username). Never logged, but everyone who can build can read it from the build arguments.
dns:
  - Addresses of the name servers for containers (C(daemon.json)) and for RUN steps (C(buildkitd.toml)).
gc:
  - Limits of the build cache, for dockerd's own BuildKit (C(daemon.json)) and for the builders (C(buildkitd.toml)), in
    the syntax of each version. If empty, nothing is written.
  - Sizes are bytes, text such as V(50GB) (1024 to the power of 3), or a share of the disk such as V(10%), which
    dockerd does not accept. C(daemon_options) and C(buildkit_options) override it.
gc.keep:
  - The size that garbage collection keeps even on a full disk. Without O(gc.max) everything above it is deleted.
gc.max:
  - The maximum size of the cache. The least recently used entries are deleted first.
gc.free:
  - Disk space to try to keep free, with O(gc.max). Requires BuildKit 0.17 and Docker 28.0 or newer.
gc.unused_for:
  - Delete what has not been used for this long, except for O(gc.keep), as seconds or text such as V(168h). There is no
    unit for days. Requires O(gc.max) or O(gc.keep).
gc.enabled:
  - Whether to collect garbage at all. Defaults to V(true) if any other key is set.
disruption:
  - What may happen to running builds, and to containers that a restart of dockerd would stop.
  - V(wait) waits until no build is running and no container would be lost, that is, one without live-restore and
    without a restart policy V(always) or V(unless-stopped). After O(drain_timeout) seconds the host fails, unchanged,
    and the message names what is still running.
  - V(now) does not wait. V(never) restarts and recreates nothing, and reports what is pending.
drain_timeout:
  - Seconds to wait for running builds and containers with O(disruption=wait).
lock_timeout:
  - Only one run at a time changes a host. Seconds to wait for another run to finish its step there; after that the
    host fails, unchanged, and the message names the holder. With V(0) it does not wait.
verify_trust:
  - Whether to contact the registries after a change, as proof. Without it, only the builds show whether they are
    trusted. Disable it for hosts that cannot reach all registries of their table yet.
verify_repository:
  - Repository to push the proof to and to read it back from, as C(REGISTRY/PATH) without tag, such as
    C(harbor.example.com/ci/proof). If empty, the proof is built but not pushed.
verify_base:
  - Base image of the proof. V(scratch) needs no registry; a multi-platform image also proves that mirrors work.
verify_timeout:
  - Time limit in seconds for the proof's build for all platforms. Raise it for a large base image or slow emulators.
trace_max_age:
  - A host that has not changed since a full plan found nothing to do needs no full plan for this many seconds. V(0)
    plans in full in every run.
full_plan:
  - Whether to plan in full even if nothing has changed. For a single run, use C(-e builder_full_plan=true).
"""
)
