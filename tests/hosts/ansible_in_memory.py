"""What the process has in memory of which a run of `ansible_playbook` is a fork; importing it is what that costs."""

from __future__ import annotations

import importlib
import os

from tests.hosts.ansible_playbook import ENVIRONMENT

os.environ |= ENVIRONMENT  # which Ansible reads when it is imported, and never again

# Plugins that every run loads, and what of ours they import.
PLUGINS = (
    "ansible.executor.module_common",
    "ansible.plugins.callback.default",
    "ansible.plugins.connection.ssh",
    "ansible.plugins.shell.sh",
    "ansible.plugins.strategy.linear",
    "ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base",
)

PlaybookCLI = importlib.import_module("ansible.cli.playbook").PlaybookCLI
importlib.import_module("ansible.plugins.loader").init_plugin_loader()  # finds the collection
for plugin in PLUGINS:
    importlib.import_module(plugin)
