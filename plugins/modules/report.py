#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write one page about all hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Write one page about all hosts of a play, and the same as JSON
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Writes C(builders.html), one file that needs no server, and C(builders.json) beside it. Both cover all hosts of the
    play, with the results of M(multiarch.builders.survey). Hosts that failed or could not be reached are included, with
    the reason.
  - It runs only on the controller. The task must run for all hosts of the play, without C(run_once) and with the
    strategy C(linear). One of them writes, and each has the outcome of its survey. So the exit status is as if the
    survey were not ignored. With C(serial) one of each batch writes, and the page of the last one is whole.
  - The role C(builder_report) and C(playbooks/report-builders.yml) do both.
options:
  surveys:
    description:
      - The name of the variable in which the survey was registered.
    type: str
    required: true
  dest:
    description:
      - The directory on the controller, created if it is missing. Relative to the current directory of the command.
    type: path
    default: report
attributes:
  check_mode:
    support: full
    description: Writes nothing.
  diff_mode:
    support: none
    description: Changes no host.
  idempotent:
    support: full
    description: Changes no host. The files say when they were written.
requirements:
  - Jinja2 on the controller, which ansible-core needs too
seealso:
  - module: multiarch.builders.survey
"""

EXAMPLES = r"""
- name: Survey
  multiarch.builders.survey:
    platforms: [amd64, arm64]
  register: survey
  ignore_errors: true
  ignore_unreachable: true

- name: Write the report
  multiarch.builders.report:
    surveys: survey
    dest: /srv/www/builders
"""

RETURN = r"""
html:
  description: The page.
  returned: always
  type: str
  sample: /srv/www/builders/builders.html
json:
  description: The same as data.
  returned: always
  type: str
  sample: /srv/www/builders/builders.json
"""
