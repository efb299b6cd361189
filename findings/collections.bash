# For the scripts beside this file: single collections of the package ansible 12.3.0, and their modules on this host.

# collections NAMESPACE.NAME... [-- PACKAGE==VERSION...]: in $work/collections; after -- what modules need of PyPI
collections() {
  local names=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    names+=("$1")
    shift
  done
  shift $(($# > 0))
  python_packages ansible-core==2.19.14 "$@"
  "$work/python/bin/pip" download --quiet --no-deps --dest "$work" ansible==12.3.0 2>"$work/pip.log" ||
    cannot "pip: $(tail -n 1 "$work/pip.log")"
  python3 - "$work" "${names[@]}" <<'PY'
import json
import sys
import zipfile
from pathlib import Path

work = Path(sys.argv[1])
with zipfile.ZipFile(next(work.glob("ansible-*.whl"))) as wheel:
    for name in sys.argv[2:]:
        top = f"ansible_collections/{name.replace('.', '/')}/"
        parts = tuple(top + each for each in ("plugins/", "meta/", "MANIFEST.json"))
        wheel.extractall(work / "collections", [each for each in wheel.namelist() if each.startswith(parts)])
        print("collection:", name, json.loads(wheel.read(top + "MANIFEST.json"))["collection_info"]["version"])
PY
  export ANSIBLE_COLLECTIONS_PATH=$work/collections ANSIBLE_HOME=$work/ansible ANSIBLE_NOCOLOR=1
  export ANSIBLE_CONFIG=$work/ansible.cfg
  : >"$ANSIBLE_CONFIG"
}

# module NAME ARGUMENTS: on this host; the arguments are JSON or key=value
module() {
  local said
  said=$(ansible localhost -i localhost, -c local -e "ansible_python_interpreter=$work/python/bin/python" \
    -m "$1" -a "$2" 2>"$work/ansible.log") || cannot "$1: $(sed -n 's/^ *"msg": //p' <<<"$said")"
  echo "$said"
}
