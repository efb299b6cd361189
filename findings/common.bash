# For the scripts beside this file: packages in a temporary folder that goes when they end, and the verdict.
# Status 0: still as described. 1: no longer so. 2: could not be tried (a package or program is missing).

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

cannot() {
  echo "not tried: $*" >&2
  exit 2
}

# python_packages NAME==VERSION...: in a new environment, whose programs come first in PATH
python_packages() {
  python3 -m venv "$work/python" || cannot "python3 has no venv"
  "$work/python/bin/pip" install --quiet "$@" 2>"$work/pip.log" || cannot "pip: $(tail -n 1 "$work/pip.log")"
  PATH=$work/python/bin:$PATH
  echo "packages: $* ($(python3 --version))"
}

# node_packages NAME@VERSION...: in $work/node; their install scripts are not run
node_packages() {
  mkdir "$work/node"
  echo '{"private": true}' >"$work/node/package.json"
  (cd "$work/node" && npm install --silent --ignore-scripts --no-audit --no-fund "$@") >"$work/npm.log" 2>&1 ||
    cannot "npm: $(tail -n 1 "$work/npm.log")"
  echo "packages: $* (node $(node --version))"
}

# debian_packages NAME[=VERSION]...: in $work/debian, unpacked, not installed; their programs and libraries come first
debian_packages() {
  mkdir "$work/debs"
  (cd "$work/debs" && apt-get download "$@") >"$work/apt.log" 2>&1 || cannot "apt-get: $(tail -n 1 "$work/apt.log")"
  local deb
  for deb in "$work"/debs/*.deb; do
    dpkg-deb --extract "$deb" "$work/debian"
    echo "package: $(dpkg-deb --show "$deb" | tr '\t' ' ')"
  done
  PATH=$work/debian/usr/bin:$work/debian/usr/sbin:$PATH
  LD_LIBRARY_PATH=$(echo "$work"/debian/usr/lib/*-linux-gnu*)
  export LD_LIBRARY_PATH
}

# as_known WHAT EXPECTED KNOWN SEEN
as_known() {
  printf '%s\n  expected: %s\n  seen:     %s\n' "$1" "$2" "$4"
  [ "$3" = "$4" ] && return
  printf '  known:    %s\nThis is no longer so: look again, then mend or remove this file.\n' "$3" >&2
  exit 1
}
