# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by modules: those that converge a concern, and those of the action group."""

from __future__ import annotations


class ModuleDocFragment:
    """``multiarch.builders.converging``: attributes and requirements; ``….action_group``: one more attribute."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Reports what it would do, and changes nothing.
  diff_mode:
    support: full
    description: Shows files before and after, without secrets.
  idempotent:
    support: full
    description: A host in its desired state is not changed.
requirements:
  - Python 3.9 or later on the host, nothing else
  - tomlkit and cryptography on the controller
"""

    ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    support: full
    description: >-
      C(group/multiarch.builders.builder) in C(module_defaults) sets options for all modules of the group; each takes
      those that it has.
    membership:
      - multiarch.builders.builder
"""
