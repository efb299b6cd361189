#!/usr/bin/env bash
# docker-registry 2.8.2 (distribution): who asks for a tag while it is pushed again gets 500 now and then, `unknown
# error` with "invalid checksum digest format": the file that holds the tag's digest is emptied, then written.
# Why it matters: docker 26.1's own builder pushes the manifest of each platform under the same tag, at the same time,
# and asks for the tag before each: so `docker buildx build --builder default --platform A,B,C --push` fails at times,
# and so does a pull from a mirror that is being filled. Nothing is lost: the same request answers 200 just after.
# Upstream says otherwise: distribution/distribution v2.8.2 docs/spec/api.md, "Existing Manifests": 200 or 404;
# registry/storage/driver/filesystem/driver.go (PutContent) writes in place. 3.1 writes beside it and renames.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/registry.bash"
start_registry
put_image app latest
seen=$(env -u LD_LIBRARY_PATH python3 - "http://$registry/v2/app/manifests/latest" <<'PY'
import concurrent.futures, http.client, sys, time, urllib.parse

url = urllib.parse.urlsplit(sys.argv[1])
kind = "application/vnd.oci.image.manifest.v1+json"


def ask(method, body=None):
    head = {"Content-Type" if body else "Accept": kind}
    connection = http.client.HTTPConnection(url.netloc)
    connection.request(method, url.path, body, head)
    answer = connection.getresponse()
    return answer.status, answer.read()


manifest = ask("GET")[1]
end = time.monotonic() + 60
statuses = {ask("HEAD")[0]}


def push():
    while time.monotonic() < end and 500 not in statuses:
        ask("PUT", manifest)


def pull():
    while time.monotonic() < end and 500 not in statuses:
        statuses.add(ask("HEAD")[0])


with concurrent.futures.ThreadPoolExecutor() as threads:
    for each in [threads.submit(work) for work in (push, pull, pull)]:
        each.result()
statuses.add(f"then {ask('HEAD')[0]}")
print(*sorted(map(str, statuses)))
PY
)
as_known "a tag that is pushed again and again" "200, always" "200 500 then 200" "$seen"
