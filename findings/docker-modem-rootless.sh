#!/usr/bin/env bash
# docker-modem 5.0.7 (npm, under dockerode): the path in DOCKER_HOST=ssh://build@builder/run/user/1000/docker.sock is
# dropped, and `docker system dial-stdio` run without it. Nothing tells that it's another daemon: the system's.
# Why it matters: the path is how a rootless builder is addressed over SSH. Images are built, and removed, in the
# wrong daemon, as root.
# Upstream says otherwise: docker/cli cli/connhelper/connhelper.go runs `docker --host=unix://PATH system dial-stdio`
# for such a URL. docker 7.2.0, the SDK for Python, refuses it ("no path allowed for this protocol").
set -euo pipefail
. "$(dirname "$0")/common.bash"
node_packages docker-modem@5.0.7
cat >"$work/node/ask.js" <<'JS'
// An SSH server on 127.0.0.1 that lets anybody in, tells the command, and answers as Docker's API does
const { generateKeyPairSync } = require("crypto");
const { Server } = require("ssh2");
const Modem = require("docker-modem");

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "pkcs1", format: "pem" },
});
const server = new Server({ hostKeys: [privateKey] }, (client) => {
  client.on("authentication", (attempt) => attempt.accept());
  client.on("error", () => {});
  client.on("session", (accept) =>
    accept().on("exec", (accept, reject, { command }) => {
      console.log(command);
      accept().end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
    }),
  );
});
server.listen(0, "127.0.0.1", () => {
  process.env.DOCKER_HOST = `ssh://build@127.0.0.1:${server.address().port}/run/user/1000/docker.sock`;
  new Modem().dial({ path: "/_ping", method: "GET", statusCodes: { 200: true } }, (error) => {
    if (error) console.log(error.message);
    process.exit();
  });
});
JS
seen=$(cd "$work/node" && env -u SSH_AUTH_SOCK timeout 30 node --no-deprecation ask.js)
as_known "command on the host for ssh://build@…/run/user/1000/docker.sock" \
  "docker --host=unix:///run/user/1000/docker.sock system dial-stdio" "docker system dial-stdio" "$seen"
