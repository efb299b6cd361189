# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of every option and of its keys, once; what else there is to say about one is in model/options.py."""

from __future__ import annotations

TEXTS = r"""
concerns:
  - What to look after, whatever the order here; the order of work is that of the choices.
  - V(engine) is Docker with buildx, V(trust) the CA and client certificates of registries, V(daemon) the file
    C(daemon.json), V(binfmt) the emulators, V(buildx) the builders.
engine:
  - V(present) wants Docker and buildx to be there, in versions that serve.
  - V(distro) installs what is missing of Docker, its client and buildx from the distribution (Debian, Ubuntu). What
    is there already stays as it is, wherever it is from.
buildx_plugin:
  - The buildx plugin to install for all users, for hosts whose distribution has none or one that is too old. It has
    precedence over that of a package. Without it, what this put there goes, and what was there before comes back.
buildx_plugin.src:
  - A file on the controller, found as C(copy) finds its own, or next to the inventory. Either this or
    O(buildx_plugin.url).
buildx_plugin.url:
  - Where the host fetches it from, by C(https) or C(http), through O(proxy) if that is set. The host has to trust the
    server already.
buildx_plugin.sha256:
  - The SHA-256 of the file, in hexadecimal. Needed; another file is not installed.
buildx_plugin.version:
  - The version that the file has, such as V(0.29.1). Optional; one that tells another is not installed, and with it a
    plan knows what the builders can be before the plugin is there.
platforms:
  - The platforms that the host builds and runs, as C(linux/ARCHITECTURE[/VARIANT]).
  - Usual other names are accepted, with and without C(linux/) and in any case, such as C(x86_64), C(aarch64),
    C(arm64v8), C(armhf), C(arm32v7), C(armel), C(i386), C(ppc64el) and C(mips64el). C(arm) is C(linux/arm/v7).
  - What the host's own processor runs needs no emulator and gets none.
registries:
  - The registries. dockerd, BuildKit, the operating system and the login all follow this one table.
  - TLS of a mirror is that of the mirror's own entry, so a mirror with a private CA has an entry of its own.
registries[].host:
  - The registry as image names have it, C(host[:port]), without scheme and path. Docker Hub is C(docker.io).
  - A network such as C(10.0.0.0/8) is for dockerd alone, with O(registries[].insecure=true) and nothing else, as
    BuildKit knows no networks. It goes into C(insecure-registries) of C(daemon.json).
registries[].mirrors:
  - Where to look first, in this order, as C(host[:port][/path]) without scheme.
  - A path is put behind C(/v2/), as proxy cache projects of Harbor want it.
  - For a mirror without TLS set O(registries[].http=true) in the mirror's own entry.
registries[].ca:
  - The CA that signed the registry's certificate, as the path of a file on the controller or as PEM text.
  - A file may be PEM or DER, and is looked for in C(files/), next to the playbook and next to the inventory. It may
    be encrypted with ansible-vault.
  - Several certificates are fine, as in a rotation. One of them has to be valid now.
  - A server's own self-signed certificate is taken, with a warning, as it is trusted for itself alone.
registries[].ca_from:
  - Where the CA comes from if O(registries[].ca) is not given. V(harbor) asks the registry itself, a Harbor, for the
    CA that it offers for download. The controller asks, without any login.
  - Needs O(registries[].ca_fingerprint), as nothing else proves what comes that way.
registries[].ca_fingerprint:
  - SHA-256 of the CA, as C(openssl x509 -noout -fingerprint -sha256 -in ca.crt) tells it. Colons, C(sha256:) in front
    and case do not matter.
  - With O(registries[].ca_from) the one certificate that has it is taken. With O(registries[].ca) one of the
    certificates has to have it.
registries[].client_cert:
  - Client certificate for mutual TLS, with its chain if it has one, as path or PEM text. Needs
    O(registries[].client_key).
registries[].client_key:
  - Private key of O(registries[].client_cert), without pass phrase, as path or PEM text.
registries[].insecure:
  - Whether to accept any certificate. Anybody between host and registry can then change images.
registries[].http:
  - Whether the registry speaks HTTP without TLS. Cannot be combined with certificates.
registries[].username:
  - Login name, with O(registries[].password). Robot accounts of Harbor are fine, C($) included.
registries[].password:
  - Password or token of O(registries[].username). Never logged.
registries[].hosts_toml:
  - Filled in on the controller. Leave it out.
ca_warn_days:
  - How many days before the end of a CA or client certificate of O(registries) a warning comes. V(0) for none.
instances:
  - The buildx builders of the host.
instances[].name:
  - Name of the builder. A letter, then letters, digits, C(.), C(_) and C(-). Unique, case does not count.
instances[].driver:
  - Driver of buildx. V(docker-container) runs BuildKit in a container of each node's Docker, V(remote) connects to a
    buildkitd that runs elsewhere, V(kubernetes) has it in the cluster of kubectl's current context.
instances[].image:
  - Image of BuildKit. Pin it with a digest, as the default is.
instances[].driver_opts:
  - Options of the driver, such as C(memory), C(cpuset-cpus), C(network) and C(env.NAME). Values may be strings, whole
    numbers and booleans.
instances[].flags:
  - Flags of buildkitd, one an entry.
instances[].default:
  - Whether this is the builder that the users build with. One at most.
instances[].nodes:
  - The machines of the builder. Without any it is the host itself.
  - Each has one of O(instances[].nodes[].host), O(instances[].nodes[].endpoint) and O(instances[].nodes[].context), a
    name and platforms of its own.
instances[].nodes[].host:
  - A host of the inventory. The host itself is reached directly, another one by ssh at its C(ansible_host), by the
    keys and known hosts of each of the users.
instances[].nodes[].endpoint:
  - Where the node's Docker is, as C(ssh://user@host), C(tcp://host:port) or C(unix:///path), or with the driver
    V(remote) where the buildkitd is, as C(tcp://host:port).
instances[].nodes[].context:
  - A docker context that each of the users has.
instances[].nodes[].user:
  - Who logs in at O(instances[].nodes[].host). By default its C(ansible_user).
instances[].nodes[].name:
  - Name of the node, and of its container. By default the builder's and the host's, with a hyphen between.
instances[].nodes[].platforms:
  - The platforms that are built there. By default those that BuildKit finds there.
instances[].nodes[].driver_opts:
  - Options of the driver for this node alone.
instances[].nodes[].ca:
  - The CA that signed the certificate of a V(remote) buildkitd, as path on the controller or PEM text.
instances[].nodes[].client_cert:
  - Client certificate for a V(remote) buildkitd, with O(instances[].nodes[].client_key).
instances[].nodes[].client_key:
  - Private key of O(instances[].nodes[].client_cert), without pass phrase.
instances[].config:
  - C(buildkitd.toml), as text or as the path of a file on the controller.
  - Leave it out, and it is made from the registries and the options of BuildKit; given, it replaces both for this
    builder.
  - It names certificate files as they are inside the container, C(/etc/buildkit/certs/REGISTRY/ca.crt).
instances[].certificates:
  - Further files below C(/etc/buildkit/certs), for O(instances[].config), as C(REGISTRY/FILE) and content. Those of
    the registries are always there.
instances[].registry_files:
  - Filled in on the controller. Leave it out.
users:
  - The users whose buildx store holds the builders, and who are logged in to the registries.
binfmt_source:
  - Where the emulators come from. V(image) takes them out of O(binfmt_image), V(package) installs the QEMU of the
    distribution (Debian and Ubuntu), with handlers for all the formats that it knows.
binfmt_image:
  - Image with the emulators, as C(tonistiigi/binfmt) makes it. Pin it with a digest, as the default is.
binfmt_archive:
  - Path on the host of an archive of O(binfmt_image), as C(docker save) writes it, for hosts that reach no registry.
    It is read in place of a pull, without Docker.
binfmt_takeover:
  - Whether a handler that somebody else registered is replaced although it works. One that does not work in
    containers is replaced in any case.
daemon_options:
  - Merged into C(daemon.json) as a JSON merge patch (RFC 7396). Mappings merge, V(null) removes a key, all else
    replaces. Keys that are not named stay as they are.
  - C(hosts) is refused, as dockerd would not start; C(registry-mirrors) and C(insecure-registries) have their place
    in the table of registries.
allow_image_store_switch:
  - Whether a host that has images or containers may be switched to the containerd image store. They stay on disk, but
    Docker shows them no more until it is switched back.
allow_data_root_switch:
  - Whether Docker's data may get another folder (C(data-root), C(userns-remap)) on a host that has containers,
    volumes, networks of its own or, with a graph driver, images. They stay in the former folder, the builders' caches
    with them, but Docker shows them no more until it has that folder again.
docker_pulls:
  - Whether docker itself pulls and pushes on this host (C(docker pull), C(docker push), C(docker run)), and not
    builders alone.
  - Up to version 29.4 docker fetches tokens of registries with the system's authorities as of its own start. So a CA
    that a registry with tokens needs, and that came later, means a restart, by the rules of C(builder_disruption).
    Builders need none; V(false) spares hosts that have nothing but builders.
buildkit_options:
  - Merged over what the registries make of C(buildkitd.toml), as a merge patch (RFC 7396). Mappings merge, V(null)
    removes a key, all else replaces.
  - Every key is checked by name and type, as buildkitd itself ignores unknown keys.
  - Durations are whole seconds or text such as V(48h); sizes are bytes, text such as V(20GB) or V(75%).
client_options:
  - Merged into C(~/.docker/config.json) of each of the users as a JSON merge patch (RFC 7396), such as C(credHelpers)
    or C(detachKeys). Keys that are not named stay as they are.
  - C(auths) and C(proxies) are refused, as O(registries) and O(proxy) have a place for them.
environment_file:
  - Path of a file on the host in which a line C(BUILDX_BUILDER=NAME) names the default builder, such as
    C(/etc/environment) or the environment file of a CI runner. All else in it stays. None by default.
environment:
  - Settings of buildx, BuildKit's client and docker for the users' jobs, names with their values, such as
    C(BUILDX_NO_DEFAULT_ATTESTATIONS). Each is a line of O(environment_file), which has to be given, in place of lines
    of that name. These come back when it goes.
  - Names that buildx, BuildKit or docker read are checked with their values; V(true) and V(false) are written as the
    program reads them. A name that resembles one of these is an error, any other is taken for your own.
  - V(BUILDX_BUILDER) and names that lead jobs away from the builder are refused, such as C(DOCKER_HOST) or
    C(DOCKER_CONFIG); so are names that say that they hold a secret, as the file may be readable by everybody.
  - Values are text without spaces and quotes, which all readers of such files understand in the same way.
docker_group:
  - Whether the users are put into the group of Docker's socket, C(docker). Who is in it is root on the host.
  - Users whom this put there are taken out again when it is V(false), or when they are no longer among the users.
proxy:
  - The proxy for dockerd (C(daemon.json)), for BuildKit (the environment of its container) and for RUN steps
    (C(config.json) of the users, from which docker and buildx make build arguments).
proxy.http:
  - URL of the proxy for C(http://), without user name and password.
proxy.https:
  - URL of the proxy for C(https://), which is how registries are reached.
proxy.no_proxy:
  - What is reached directly, as host names, domains (C(.example.com)), addresses or networks in CIDR notation.
proxy.username:
  - Login name at the proxy, with O(proxy.password).
proxy.password:
  - Password of O(proxy.username). Never logged, but whoever may build can read it, as build arguments have it.
dns:
  - Addresses of the name servers for containers (C(daemon.json)) and for RUN steps (C(buildkitd.toml)).
gc:
  - How large the build cache may become, of dockerd's own BuildKit (C(daemon.json)) and of the builders
    (C(buildkitd.toml)), in the words of each version. Without any of it nothing is written.
  - Sizes are bytes, text such as V(50GB) (1024 to the power of 3), or a share of the disk such as V(10%), which
    dockerd does not take. C(daemon_options) and C(buildkit_options) have the last word about each of the two.
gc.keep:
  - The size that garbage collection leaves alone, also if the disk becomes full. Without O(gc.max) all that is above
    it is deleted.
gc.max:
  - The size that the cache is cut to; what was not used for longest goes first.
gc.free:
  - How much of the disk garbage collection tries to keep free, with O(gc.max). BuildKit before 0.17 and Docker before
    28.0 cannot do that.
gc.unused_for:
  - What was not used for that long is deleted, but for the size of O(gc.keep), as seconds or text such as V(168h).
    There are no days. Needs O(gc.max) or O(gc.keep).
gc.enabled:
  - Whether garbage is collected at all. V(true) if anything else is given.
disruption:
  - What may be done to running builds, and to containers that a restart of dockerd would stop.
  - V(wait) waits until no build runs and no container would be lost, one without live-restore and without a restart
    policy V(always) or V(unless-stopped). After O(drain_timeout) seconds the host fails, unchanged, and names who
    still runs.
  - V(now) waits for nothing. V(never) restarts and recreates nothing, and says what is pending.
drain_timeout:
  - Seconds to wait for running builds and containers with O(disruption=wait).
lock_timeout:
  - One run at a time changes a host. Seconds to wait until another one has ended its step there; after that the host
    fails, unchanged, and names who works there. V(0) waits for nobody.
verify_trust:
  - Whether the registries are asked after a change, as proof. Without, trust shows in the builds alone. For hosts
    that do not reach all the registries of their table yet.
verify_timeout:
  - Seconds that a build of the proof may take, which is one for all platforms. Raise it for a large base image, or
    where emulators are slow.
trace_max_age:
  - Seconds for which a host that is unchanged since a full plan found nothing to do needs no other full plan. V(0)
    plans in full in every run.
full_plan:
  - Whether to plan in full although nothing has changed, for one run with C(-e builder_full_plan=true).
"""
