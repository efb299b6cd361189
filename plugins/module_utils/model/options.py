# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of the collection's modules, once: types, choices and defaults.

An option ``X`` is the role variable ``builder_X``. Modules pick the options of their concern; the controller
fills in the defaults from here before it checks the values. Pure data: nothing of Ansible is imported.
"""

from __future__ import annotations

import typing as t

CONCERNS = ("engine", "trust", "daemon", "binfmt", "buildx")
DISRUPTIONS = ("wait", "now", "never")
DRIVERS = ("docker-container", "remote", "kubernetes")

# research: looked up in public repositories, 2026-11; a digest pins the index of all architectures
BINFMT_IMAGE = (
    "docker.io/tonistiigi/binfmt:qemu-v10.2.3-68"
    "@sha256:400a4873b838d1b89194d982c45e5fb3cda4593fbfd7e08a02e76b03b21166f0"
)
BUILDKIT_IMAGE = (
    "docker.io/moby/buildkit:v0.33.0@sha256:6c2fa84a6b61ccd72899dde4239f8d5717f05f9a8ca6f3cad185fb1a95a94de3"
)
DEFAULT_INSTANCE: t.Dict[str, t.Any] = {"name": "multiarch", "default": True}

Option = t.Dict[str, t.Any]

REGISTRY: t.Dict[str, Option] = {
    "host": {"type": "str", "required": True},
    "mirrors": {"type": "list", "elements": "str", "default": []},
    "ca": {"type": "str"},
    # Both become `ca` on the controller.
    "ca_from": {"type": "str", "choices": ["harbor"]},
    "ca_fingerprint": {"type": "str"},
    "client_cert": {"type": "str"},
    "client_key": {"type": "str", "no_log": True},
    "insecure": {"type": "bool", "default": False},
    "http": {"type": "bool", "default": False},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    # Filled in on the controller, where TOML can be written.
    "hosts_toml": {"type": "str"},
}

PROXY: t.Dict[str, Option] = {
    "http": {"type": "str"},
    "https": {"type": "str"},
    "no_proxy": {"type": "list", "elements": "str", "default": []},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
}

PLUGIN: t.Dict[str, Option] = {
    "src": {"type": "str"},
    "url": {"type": "str"},
    "sha256": {"type": "str"},
    "version": {"type": "str"},
}

NODE: t.Dict[str, Option] = {
    "host": {"type": "str"},
    "endpoint": {"type": "str"},
    "context": {"type": "str"},
    "user": {"type": "str"},
    "name": {"type": "str"},
    "platforms": {"type": "list", "elements": "str", "default": []},
    "driver_opts": {"type": "dict", "default": {}},
    "ca": {"type": "str"},
    "client_cert": {"type": "str"},
    "client_key": {"type": "str", "no_log": True},
}

# Numbers and text are both fine: bytes or 50GB, seconds or 48h.
GC: t.Dict[str, Option] = {
    "keep": {"type": "raw"},
    "max": {"type": "raw"},
    "free": {"type": "raw"},
    "unused_for": {"type": "raw"},
    "enabled": {"type": "bool"},
}

INSTANCE: t.Dict[str, Option] = {
    "name": {"type": "str", "required": True},
    "driver": {"type": "str", "choices": list(DRIVERS), "default": "docker-container"},
    "image": {"type": "str", "default": BUILDKIT_IMAGE},
    "driver_opts": {"type": "dict", "default": {}},
    "flags": {"type": "list", "elements": "str", "default": []},
    "default": {"type": "bool", "default": False},
    "nodes": {"type": "list", "elements": "dict", "options": NODE, "default": []},
    # Filled in on the controller, where TOML and X.509 can be handled.
    "config": {"type": "str"},
    "certificates": {"type": "dict", "no_log": True},
    # {"REGISTRY/FILE": [host, key]}: what of a registry's entry is that file, so that its text is sent once.
    "registry_files": {"type": "dict"},
}

OPTIONS: t.Dict[str, Option] = {
    "concerns": {"type": "list", "elements": "str", "choices": list(CONCERNS), "default": list(CONCERNS)},
    "engine": {"type": "str", "choices": ["present", "distro"], "default": "present"},
    "buildx_plugin": {"type": "dict", "options": PLUGIN, "default": {}},
    "platforms": {"type": "list", "elements": "str", "default": ["linux/amd64", "linux/arm64"]},
    "registries": {"type": "list", "elements": "dict", "options": REGISTRY, "default": []},
    "ca_warn_days": {"type": "int", "default": 30},
    "instances": {"type": "list", "elements": "dict", "options": INSTANCE, "default": [DEFAULT_INSTANCE]},
    "users": {"type": "list", "elements": "str", "default": ["root"]},
    "binfmt_source": {"type": "str", "choices": ["image", "package"], "default": "image"},
    "binfmt_image": {"type": "str", "default": BINFMT_IMAGE},
    "binfmt_archive": {"type": "str"},
    "binfmt_takeover": {"type": "bool", "default": False},
    "daemon_options": {"type": "dict", "default": {}},
    "allow_image_store_switch": {"type": "bool", "default": False},
    "allow_data_root_switch": {"type": "bool", "default": False},
    "docker_pulls": {"type": "bool", "default": True},
    "buildkit_options": {"type": "dict", "default": {}},
    "client_options": {"type": "dict", "default": {}},
    "environment_file": {"type": "str"},
    "environment": {"type": "dict", "default": {}},
    "docker_group": {"type": "bool", "default": False},
    "proxy": {"type": "dict", "options": PROXY, "default": {}},
    "dns": {"type": "list", "elements": "str", "default": []},
    "gc": {"type": "dict", "options": GC, "default": {}},
    "disruption": {"type": "str", "choices": list(DISRUPTIONS), "default": "wait"},
    "drain_timeout": {"type": "int", "default": 900},
    "lock_timeout": {"type": "int", "default": 300},
    "verify_trust": {"type": "bool", "default": True},
}

# The options that each concern's module takes; the plan takes them all.
_NETWORK = ("registries", "proxy", "dns")
_DISRUPTION = ("disruption", "drain_timeout")
OPTIONS_OF: t.Dict[str, t.Tuple[str, ...]] = {
    "engine": ("concerns", "engine", "buildx_plugin", "instances", "proxy", "lock_timeout"),
    "trust": ("registries", "ca_warn_days", "users", "lock_timeout"),
    "daemon": (
        "registries",
        "ca_warn_days",
        "proxy",
        "dns",
        "gc",
        "daemon_options",
        "allow_image_store_switch",
        "allow_data_root_switch",
        "docker_pulls",
        "disruption",
        "drain_timeout",
        "lock_timeout",
    ),
    "binfmt": (
        "platforms",
        "binfmt_source",
        "binfmt_image",
        "binfmt_archive",
        "binfmt_takeover",
        "registries",
        "ca_warn_days",
        "lock_timeout",
    ),
    "buildx": (
        "instances",
        "registries",
        "ca_warn_days",
        "users",
        "proxy",
        "dns",
        "gc",
        "buildkit_options",
        "client_options",
        "environment_file",
        "environment",
        "docker_group",
        "disruption",
        "drain_timeout",
        "lock_timeout",
    ),
}


def argument_spec(*names: str) -> t.Dict[str, Option]:
    """The argument specification of a module that takes the options *names*."""
    return {name: OPTIONS[name] for name in names}
