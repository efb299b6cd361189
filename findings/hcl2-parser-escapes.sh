#!/usr/bin/env bash
# hcl2-parser 1.0.3 (npm): `$${NAME}`, which is the text ${NAME}, and `${NAME}`, which is a variable's value, are the
# same after parsing, as are %%{ and %{. What it returns is JSON, in which ${NAME} is the variable.
# Why it matters: `$${…}` is how a bake file's dockerfile-inline and labels leave a variable to the shell in the image.
# docker-bake.hcl turned to docker-bake.json has the value of bake's own variable there, or an error.
# Upstream says otherwise: HCL's specification (hclsyntax/spec.md, json/spec.md) has the escapes in both forms;
# @cdktf/hcl2json 0.21.0 keeps them.
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages hcl2-parser@1.0.3 @cdktf/hcl2json@0.21.0
seen=$(cd "$work/node" && node - <<'JS'
const fs = require("fs");
const text = 'target "app" {\n  args = { BAKE = "x${NAME}", SHELL = "x$${NAME}" }\n}\n';
const shown = (parsed) => {
  const { BAKE, SHELL } = parsed.target.app[0].args;
  return `${BAKE} ${SHELL}`;
};
require("@cdktf/hcl2json").parse("docker-bake.hcl", text).then((parsed) => {
  console.log(shown(require("hcl2-parser").parseToObject(text)[0]), "|", shown(parsed));
  process.exit();
});
JS
)
# shellcheck disable=SC2016 # no variable of this shell
as_known 'x${NAME} and x$${NAME} after hcl2-parser, after @cdktf/hcl2json' \
  'x${NAME} x$${NAME} | x${NAME} x$${NAME}' 'x${NAME} x${NAME} | x${NAME} x$${NAME}' "$seen"
