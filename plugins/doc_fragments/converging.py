# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by all modules that converge a concern."""

from __future__ import annotations


class ModuleDocFragment:
    """``multiarch.builders.converging``: attributes and requirements."""

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
