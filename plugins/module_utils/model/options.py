# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of the collection's modules, each defined once: a row with its type, choices, default and readers.

An option ``X`` is the role variable ``builder_X``. Modules, their documentation, the roles' defaults and argument
specs, and docs/variables.md are made from the rows. Keys of options that are mappings are in option_keys.py, texts in
doc_fragments/texts.py, checks of values in plugin_utils/spec/option_checks.py. Pure data: nothing of Ansible is
imported.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.option_keys import (
    CANARY,
    CONTEXT,
    DATA_ROOTS,
    ENGINE_REPOSITORY,
    GC,
    GUARD,
    INHERIT,
    NODE,
    PLUGIN,
    PROXY,
    REGISTRY,
    SERVE,
    SSH,
    Option,
)

# The module of each concern, in their order.
MODULES = {
    "engine": "engine",
    "trust": "registry_trust",
    "daemon": "docker_daemon",
    "binfmt": "binfmt_handlers",
    "contexts": "docker_contexts",
    "buildx": "buildx_builder",
    "serve": "buildkit_serve",
    "ssh": "ssh_access",
    "guard": "guard",
}
CONCERNS = tuple(MODULES)
DISRUPTIONS = ("wait", "now", "never")
DRIVERS = ("docker-container", "remote", "kubernetes")

# The pins, and the one place that holds them: `make pins` looks up what is newer. A digest is that of the index of all
# architectures (looked up in public repositories, 2026-11).
BINFMT_IMAGE = (
    "docker.io/tonistiigi/binfmt:qemu-v10.2.3-68"
    "@sha256:400a4873b838d1b89194d982c45e5fb3cda4593fbfd7e08a02e76b03b21166f0"
)
BUILDKIT_IMAGE = (
    "docker.io/moby/buildkit:v0.33.0@sha256:6c2fa84a6b61ccd72899dde4239f8d5717f05f9a8ca6f3cad185fb1a95a94de3"
)
DEFAULT_INSTANCE: t.Dict[str, t.Any] = {"name": "multiarch", "default": True}

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
    # {"REGISTRY/FILE": [host, key]}: the part of a registry's entry in that file, to send the text once.
    "registry_files": {"type": "dict"},
}

# Ansible reads all of a row but `read_by`, the concerns and other modules that use it (PLANNING use all of them), and
# `controller_only`: it becomes part of other options, or of warnings, before a module runs.
OPTIONS: t.Dict[str, Option] = {
    "concerns": {
        "type": "list",
        "elements": "str",
        "choices": list(CONCERNS),
        "default": list(CONCERNS),
        "read_by": ("engine", "build_proof"),
    },
    "engine": {"type": "str", "choices": ["present", "distro", "docker"], "default": "present", "read_by": ("engine",)},
    "engine_repository": {"type": "dict", "options": ENGINE_REPOSITORY, "default": {}, "read_by": ("engine",)},
    "engine_version": {"type": "str", "read_by": ("engine",)},
    "allow_engine_downgrade": {"type": "bool", "default": False, "read_by": ("engine",)},
    "buildx_plugin": {"type": "dict", "options": PLUGIN, "default": {}, "read_by": ("engine",)},
    "platforms": {
        "type": "list",
        "elements": "str",
        "default": ["linux/amd64", "linux/arm64"],
        "read_by": ("binfmt", "buildx", "build_proof"),
    },
    "registries": {
        "type": "list",
        "elements": "dict",
        "options": REGISTRY,
        "default": [],
        "read_by": ("trust", "daemon", "binfmt", "buildx", "guard", "registry_proof", "registry_capabilities"),
    },
    "ca_warn_days": {
        "type": "int",
        "default": 30,
        "controller_only": True,
        "read_by": (*CONCERNS[1:], "registry_proof", "registry_capabilities"),
    },
    "instances": {
        "type": "list",
        "elements": "dict",
        "options": INSTANCE,
        "default": [DEFAULT_INSTANCE],
        "read_by": ("engine", "binfmt", "buildx", "serve", "guard", "registry_proof", "build_proof", "job_proof"),
    },
    "users": {
        "type": "list",
        "elements": "str",
        "default": ["root"],
        "read_by": (
            "trust",
            "contexts",
            "buildx",
            "guard",
            "registry_proof",
            "registry_capabilities",
            "build_proof",
            "job_proof",
        ),
    },
    "contexts": {
        "type": "list",
        "elements": "dict",
        "options": CONTEXT,
        "default": [],
        "read_by": ("contexts", "guard"),
    },
    "ssh_keys": {
        "type": "bool",
        "default": False,
        "no_log": False,
        "read_by": ("engine", "binfmt", "buildx", "serve", "guard", "registry_proof", "build_proof", "job_proof"),
    },
    "ssh_options": {"type": "dict", "options": SSH, "default": {}, "read_by": ("buildx", "ssh")},
    "native_first": {"type": "bool", "default": True, "read_by": ("binfmt",)},
    "binfmt_source": {"type": "str", "choices": ["image", "package"], "default": "image", "read_by": ("binfmt",)},
    "binfmt_image": {"type": "str", "default": BINFMT_IMAGE, "read_by": ("binfmt",)},
    "binfmt_images": {"type": "dict", "default": {}, "read_by": ("binfmt",)},
    "binfmt_archive": {"type": "str", "read_by": ("binfmt",)},
    "binfmt_canary": {"type": "dict", "options": CANARY, "default": {}, "read_by": ("binfmt",)},
    "binfmt_takeover": {"type": "bool", "default": False, "read_by": ("binfmt",)},
    "daemon_options": {"type": "dict", "default": {}, "read_by": ("engine", "daemon")},
    "allow_image_store_switch": {"type": "bool", "default": False, "read_by": ("daemon", "retire")},
    "allow_data_root_switch": {"type": "bool", "default": False, "read_by": ("daemon", "retire")},
    "data_roots": {"type": "dict", "options": DATA_ROOTS, "default": {}, "read_by": ("daemon",)},
    "docker_pulls": {"type": "bool", "default": True, "read_by": ("daemon", "registry_proof", "build_proof")},
    "buildkit_options": {"type": "dict", "default": {}, "controller_only": True, "read_by": ("buildx",)},
    "inherit": {"type": "dict", "options": INHERIT, "default": {}, "read_by": ("buildx",)},
    "client_options": {"type": "dict", "default": {}, "read_by": ("buildx",)},
    "environment_file": {"type": "str", "read_by": ("buildx", "job_proof")},
    "environment": {"type": "dict", "default": {}, "read_by": ("buildx", "registry_capabilities", "build_proof")},
    "docker_group": {"type": "bool", "default": False, "read_by": ("buildx",)},
    "proxy": {
        "type": "dict",
        "options": PROXY,
        "default": {},
        "read_by": ("engine", "daemon", "buildx", "registry_proof", "registry_capabilities"),
    },
    "dns": {"type": "list", "elements": "str", "default": [], "read_by": ("daemon", "buildx")},
    "gc": {"type": "dict", "options": GC, "default": {}, "read_by": ("daemon", "buildx")},
    "serve": {"type": "dict", "options": SERVE, "default": {}, "read_by": ("serve", "guard")},
    "serve_authority": {"type": "str", "controller_only": True, "read_by": ("buildx", "serve")},
    "serve_plain_keys": {"type": "bool", "default": False, "controller_only": True, "read_by": ("buildx", "serve")},
    "guard": {"type": "bool", "default": False, "read_by": ("guard",)},
    "guard_options": {"type": "dict", "options": GUARD, "default": {}, "read_by": ("guard",)},
    "disruption": {
        "type": "str",
        "choices": list(DISRUPTIONS),
        "default": "wait",
        "read_by": ("engine", "daemon", "buildx", "serve", "retire"),
    },
    "drain_timeout": {"type": "int", "default": 900, "read_by": ("engine", "daemon", "buildx", "serve", "retire")},
    "lock_timeout": {"type": "int", "default": 300, "read_by": (*CONCERNS, "retire")},
    "verify_trust": {"type": "bool", "default": True, "read_by": ()},
    "verify_repository": {"type": "str", "default": "", "read_by": ()},
    "verify_base": {"type": "str", "default": "scratch", "read_by": ()},
    "verify_timeout": {"type": "int", "default": 1800, "read_by": ("build_proof",)},
    "trace_max_age": {"type": "int", "default": 86400, "controller_only": True, "read_by": ()},
    "full_plan": {"type": "bool", "default": False, "controller_only": True, "read_by": ()},
}
_OURS = ("read_by", "controller_only")
PLANNING = ("spec", "replay", "plan", "apply", "survey")


def options_of(reader: str) -> t.Tuple[str, ...]:
    """The options of a module, by its name or by that of its concern."""
    if reader in PLANNING:
        return tuple(OPTIONS)
    names = {reader, *(concern for concern, module in MODULES.items() if module == reader)}
    return tuple(name for name, row in OPTIONS.items() if names & {*row["read_by"]})


def argument_spec(reader: str) -> t.Dict[str, Option]:
    """The argument specification of a module, by its name or by that of its concern."""
    rows = {name: OPTIONS[name] for name in options_of(reader)}
    return {name: {key: value for key, value in row.items() if key not in _OURS} for name, row in rows.items()}
