# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules that converge a concern have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """``multiarch.builders.converging``: attributes and requirements."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Tells what it would do, and changes nothing.
  diff_mode:
    support: full
    description: Shows files before and after, never a secret.
  idempotent:
    support: full
    description: A host that is as asked is not changed.
requirements:
  - Python 3.9 or later on the host, nothing else
  - tomlkit and cryptography on the controller
"""
