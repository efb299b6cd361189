# A registry of Debian on a free port of 127.0.0.1, with an index and its images: for the scripts beside this file.
# Comes after common.bash, whose $work it uses. Sets $registry (HOST:PORT) and stops the registry with the script.

start_registry() {
  local port
  debian_packages docker-registry=2.8.2+ds1-1
  port=$(env -u LD_LIBRARY_PATH python3 -c 'import socket
print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
  registry=127.0.0.1:$port
  cat >"$work/registry.yml" <<YML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/registry}, delete: {enabled: true}}
http: {addr: "$registry"}
YML
  docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
  local process=$!
  # shellcheck disable=SC2064 # the process as it is now
  trap "kill $process; rm -rf '$work'" EXIT
  local attempt
  for attempt in $(seq 50); do
    curl --silent --output /dev/null "http://$registry/v2/" && return
    sleep 0.1
  done
  cannot "the registry did not start ($attempt tries): $(tail -n 1 "$work/registry.log")"
}

# put_image REPOSITORY REFERENCE...: a small image, the same under each tag
put_image() {
  local repository=$1
  shift
  env -u LD_LIBRARY_PATH python3 "$(dirname "$0")/push_image.py" "$registry" "$repository" "$@"
}

# put_index oci|docker REPOSITORY TAG PLATFORM...: an index, or Docker's manifest list, of a small image for each
put_index() {
  local kind=$1
  shift
  env -u LD_LIBRARY_PATH python3 "$(dirname "$0")/push_index.py" "$kind" "$registry" "$@"
}
