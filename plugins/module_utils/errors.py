# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong on a host, in words for people."""

from __future__ import annotations


class HostError(Exception):
    """A host cannot be made as asked; the text names the thing, what was found and the remedy."""
