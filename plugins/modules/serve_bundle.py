#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name; nothing here runs on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: serve_bundle
short_description: Write what a client outside of the inventory needs to build on hosts that serve
version_added: 0.2.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Writes the client's certificate and key, the CA, and a page with the commands for a shell, GitLab CI, GitHub Actions
    and Jenkins. The key is readable by its owner only, and is shown nowhere.
  - The certificate is issued by C(playbooks/provision-builders.yml), which also tells the servers.
  - It runs only on the controller. C(playbooks/serve-bundle.yml) does it. See C(docs/serve-certificates.md).
options:
  client:
    description:
      - Name of the client, as in C(clients) of C(builder_serve).
    type: str
    required: true
  dest:
    description:
      - The directory on the controller, created if it is missing. Relative to the current directory of the command.
    type: path
    required: true
attributes:
  check_mode:
    support: full
    description: Writes nothing.
  diff_mode:
    support: none
    description: Keys are never shown.
  idempotent:
    support: full
    description: Writes again only what differs.
requirements:
  - cryptography on the controller
"""

EXAMPLES = r"""
- name: Write the certificates of GitLab's pipelines
  multiarch.builders.serve_bundle:
    client: gitlab-ci
    dest: bundle
  run_once: true
"""

RETURN = r"""
dest:
  description: The directory.
  returned: success
  type: str
  sample: /srv/fleet/bundle
files:
  description: The files in it.
  returned: success
  type: list
  elements: str
  sample: [ca.pem, cert.pem, key.pem, README.md]
"""
