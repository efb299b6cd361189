#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0): `to_days(year=360)` or `to_days(month=28)` changes what a year and a month
# is for all time filters that follow in the same process, where nobody said so.
# Why it matters: how long images and build caches are kept is written as 1y or 6mo. What it comes to depends on the
# order in which templates happen to be rendered.
# Upstream says otherwise: the documentation of community.general.to_days has the defaults 365 and 30 for the
# parameters `year` and `month` of one call. plugins/filter/time.py writes them to a table that all calls share.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general
ask() { module ansible.builtin.debug "msg='$1'" | sed -n 's/^ *"msg": "\(.*\)"$/\1/p'; }
year="{{ \"1y\" | community.general.to_days }}"
month="{{ \"6mo\" | community.general.to_days }}"
other="{{ \"1y\" | community.general.to_days(year=360, month=28) }}"
as_known "1y, 6mo; 1y with other years and months, 1y, 6mo" "365.0, 180.0; 360.0, 365.0, 180.0" \
  "365.0, 180.0; 360.0, 360.0, 168.0" "$(ask "$year, $month"); $(ask "$other, $year, $month")"
