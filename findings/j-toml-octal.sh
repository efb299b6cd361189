#!/usr/bin/env bash
# @ltd/j-toml 1.38.0: with `bigint: false` octal and binary integers are read as 0, and hexadecimal ones correctly.
# Without that option 0o660 is 432n, as it has to be.
# Why it matters: modes are written in octal (`mode = 0o660` for a socket), `bigint: false` is what one sets to get
# numbers that JSON can hold, and a mode of 0 is valid.
# Upstream says otherwise: TOML 1.0.0, section Integer; the README of LongTengDao/j-toml tells of the option's range
# only.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages @ltd/j-toml@1.38.0
seen=$(cd "$work/node" && node -e '
  const TOML = require("@ltd/j-toml");
  const { a, b, c } = TOML.parse("a = 0o660\nb = 0b11\nc = 0x1f\n", { bigint: false });
  console.log(a, b, c);')
as_known "0o660, 0b11, 0x1f" "432 3 31" "0 0 31" "$seen"
