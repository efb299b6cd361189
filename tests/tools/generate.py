"""Writes the files that are made from code, after a change of it: `python -m tests.tools.generate`."""

from __future__ import annotations

from tests.tools import argument_specs, report_schema, role_defaults, variables_page

# In this order: the page of variables reads the argument specs.
MADE = (argument_specs, role_defaults, variables_page, report_schema)


if __name__ == "__main__":
    for each in MADE:
        each.TARGET.write_text(each.content())
