#!/usr/bin/env bash
# gitignore-to-dockerignore 3.0.0 (npm): `build/out` of a .gitignore becomes `**/build/out`, so that src/build/out does
# not reach the builder, though Git has it. To Git a pattern with a slash in it is that path alone.
# Why it matters: the image lacks files that are in the repository, on builders alone: a checkout that is built without
# the file made by this has them.
# Upstream says otherwise: gitignore(5): with a separator at the beginning or middle the pattern is relative to the
# .gitignore's folder.
set -euo pipefail
. "$(dirname "$0")/common.bash"
git --version || cannot "git is missing"
node_packages gitignore-to-dockerignore@3.0.0 @balena/dockerignore@1.0.2
mkdir "$work/app"
git -C "$work/app" init --quiet
printf 'build/out\n' >"$work/app/.gitignore"
cat >"$work/node/ask.mjs" <<'JS'
import { readFileSync } from "node:fs";
import dockerignore from "@balena/dockerignore";
import { convertToDockerignore } from "gitignore-to-dockerignore";
const [file, ...paths] = process.argv.slice(2);
const ignore = dockerignore().add(convertToDockerignore(readFileSync(file, "utf8")).split("\n"));
console.log(paths.filter((path) => ignore.ignores(path)).join(" "));
JS
seen=$(git -C "$work/app" check-ignore build/out/a src/build/out/a | paste -sd ' '
  node "$work/node/ask.mjs" "$work/app/.gitignore" build/out/a src/build/out/a)
as_known "ignored of build/out/a and src/build/out/a: by Git; by the .dockerignore" "twice the first" \
  "build/out/a
build/out/a src/build/out/a" "$seen"
