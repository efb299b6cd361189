#!/usr/bin/env bash
# prometheus-node-exporter 1.5.0, promtool and prometheus 2.42.0: a blank at the end of a line. The server scrapes it
# without a word; promtool refuses it ("expected integer as timestamp"), and the textfile collector of the node
# exporter drops the whole file, of which it says no more than node_textfile_scrape_error 1.
# Why it matters: text files are written by scripts, where a blank is seen by nobody. A host's builders have no metrics
# at all, while the same text served over HTTP has them.
# Upstream says otherwise: Prometheus' page "Exposition formats" has blanks at both ends of a line ignored;
# prometheus/common issue 33 is open since 2016.
set -euo pipefail
. "$(dirname "$0")/common.bash"
command -v curl >/dev/null || cannot "curl is missing"
debian_packages prometheus=2.42.0+ds-5+deb12u1 prometheus-node-exporter=1.5.0-1+b6
mkdir "$work/metrics"
printf '# TYPE builder_ok gauge\nbuilder_ok{platform="linux/arm64"} 1\nbuilder_ok{platform="linux/arm"} 1 \n' \
  >"$work/metrics/a.prom"
ports=$(env -u LD_LIBRARY_PATH python3 -c 'import socket
print(*(each.getsockname()[1] for each in [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]))')
read -r http exporter server <<<"$ports"
cat >"$work/prometheus.yml" <<YML
global: {scrape_interval: 1s}
scrape_configs: [{job_name: same, metrics_path: /a.prom, static_configs: [{targets: ["127.0.0.1:$http"]}]}]
YML
(cd "$work/metrics" && exec env -u LD_LIBRARY_PATH python3 -m http.server --bind 127.0.0.1 "$http") >"$work/log" 2>&1 &
started=$!
prometheus-node-exporter --collector.disable-defaults --collector.textfile --web.listen-address="127.0.0.1:$exporter" \
  --collector.textfile.directory="$work/metrics" >"$work/log" 2>&1 &
started="$started $!"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
  --web.listen-address="127.0.0.1:$server" >"$work/log" 2>&1 &
started="$started $!"
# shellcheck disable=SC2064 # the processes as they are now
trap "kill $started; wait; rm -rf '$work'" EXIT
scraped() {
  curl --silent "http://127.0.0.1:$server/api/v1/query?query=count(builder_ok)" | grep -o '"[0-9]"\]' | tr -dc 0-9
}
exported() {
  curl --silent "http://127.0.0.1:$exporter/metrics" | grep -E '^(builder_ok|node_textfile_scrape_error)'
}
for _ in $(seq 100); do
  scraped >"$work/scraped" && exported >"$work/exported" && break
  sleep 0.2
done
lint=$(promtool check metrics <"$work/metrics/a.prom" 2>&1 | grep -o 'expected integer as timestamp.*' || true)
as_known "promtool; series that the server scrapes; what the node exporter has" \
  'no error; 2; builder_ok{platform="linux/arm"} 0 …' \
  'expected integer as timestamp, got ""; 2; node_textfile_scrape_error 1' \
  "${lint:-no error}; $(cat "$work/scraped"); $(cat "$work/exported")"
