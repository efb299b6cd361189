# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of options that are mappings, or lists of them: rows as in options.py. Pure data."""

from __future__ import annotations

import typing as t

Option = t.Dict[str, t.Any]

DATA_ROOTS: t.Dict[str, Option] = {"docker": {"type": "str"}, "containerd": {"type": "str"}}

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

ENGINE_REPOSITORY: t.Dict[str, Option] = {
    "url": {"type": "str"},
    # Its text; a path becomes it on the controller.
    "key": {"type": "str", "no_log": False},
    "suite": {"type": "str"},
    "components": {"type": "list", "elements": "str", "default": ["stable"]},
}

CANARY: t.Dict[str, Option] = {
    "image": {"type": "str"},
    "archive": {"type": "str"},
    "command": {"type": "list", "elements": "str"},
    "timeout": {"type": "int"},
}

NODE: t.Dict[str, Option] = {
    "host": {"type": "str"},
    "serve": {"type": "str"},
    "endpoint": {"type": "str"},
    "context": {"type": "str"},
    "user": {"type": "str"},
    "name": {"type": "str"},
    "platforms": {"type": "list", "elements": "str", "default": []},
    "driver_opts": {"type": "dict", "default": {}},
    "ca": {"type": "str"},
    "client_cert": {"type": "str"},
    "client_key": {"type": "str", "no_log": True},
    # Filled in on the controller, which has the inventory: {"host", "address", "login", "port"}.
    "ssh": {"type": "dict"},
}

CONTEXT: t.Dict[str, Option] = {
    "name": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
    "description": {"type": "str"},
    "users": {"type": "list", "elements": "str"},
    "ca": {"type": "str"},
    "client_cert": {"type": "str"},
    "client_key": {"type": "str", "no_log": True},
    "skip_tls_verify": {"type": "bool", "default": False},
    "takeover": {"type": "bool", "default": False},
}

# Numbers and text are both fine: bytes or 50GB, seconds or 48h.
GC: t.Dict[str, Option] = {
    "keep": {"type": "raw"},
    "max": {"type": "raw"},
    "free": {"type": "raw"},
    "unused_for": {"type": "raw"},
    "enabled": {"type": "bool"},
}

INHERIT: t.Dict[str, Option] = {
    "enabled": {"type": "bool", "default": False},
    "users": {"type": "list", "elements": "str"},
    "takeover": {"type": "bool", "default": False},
    # Both as in INSTANCE.
    "config": {"type": "str"},
    "registry_files": {"type": "dict"},
}

# Without it nothing is swept; {} has the defaults.
SWEEP: t.Dict[str, Option] = {
    "after": {"type": "raw", "default": "24h"},
    "free": {"type": "raw"},
    "patterns": {"type": "list", "elements": "str", "default": []},
    "keep": {"type": "list", "elements": "str", "default": []},
    "images": {"type": "bool", "default": True},
    "dry_run": {"type": "bool", "default": False},
}

GUARD: t.Dict[str, Option] = {
    # Debian's node-exporter reads that folder (package prometheus-node-exporter).
    "metrics": {"type": "str", "default": "/var/lib/prometheus/node-exporter/multiarch_builders.prom"},
    "heals_per_hour": {"type": "int", "default": 12},
    "sweep": {"type": "dict", "options": SWEEP},
    # Filled in on the controller, which has the program, can read certificates, and knows the nodes of other hosts.
    "program": {"type": "str"},
    "src": {"type": "str"},
    "certificates": {"type": "list", "elements": "dict"},
    "nodes": {"type": "list", "elements": "str"},
}

SERVE_CLIENT: t.Dict[str, Option] = {
    "name": {"type": "str", "required": True},
    "days": {"type": "int"},
    # A date: a certificate issued before it is no longer allowed.
    "renew": {"type": "raw"},
    # Of the user's own CA.
    "certificate": {"type": "str"},
}

# No defaults, so that an empty one stays empty: nothing is served.
SERVE: t.Dict[str, Option] = {
    "builder": {"type": "str"},
    "address": {"type": "str"},
    "port": {"type": "int"},
    "names": {"type": "list", "elements": "str"},
    "clients": {"type": "list", "elements": "dict", "options": SERVE_CLIENT},
    # Filled in on the controller, unless they are the user's own.
    "ca": {"type": "str"},
    "certificate": {"type": "str"},
    "key": {"type": "str", "no_log": True},
    # Filled in on the controller.
    "allowed": {"type": "list", "elements": "dict"},
    "program": {"type": "str"},
    "src": {"type": "str"},
}

SSH: t.Dict[str, Option] = {
    "renew_before": {"type": "str"},
    "sshd_limits": {"type": "bool", "default": False},
    # Filled in on the controller, which reaches the other hosts (plugin_utils/actions/ssh_peers.py): what was seen on
    # nodes by host, and which of them are changed in this run; who logs in here, and of which hosts that is all.
    "nodes": {"type": "dict"},
    "coming": {"type": "list", "elements": "str"},
    "keys_only": {"type": "bool", "no_log": False},
    "clients": {"type": "list", "elements": "dict"},
    "settled": {"type": "list", "elements": "str"},
}
