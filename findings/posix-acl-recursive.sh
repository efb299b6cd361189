#!/usr/bin/env bash
# ansible.posix 2.1.0 (ansible 12.3.0), acl with `recursive`: if a single file of the folder needs no change, nothing is
# changed, status ok, "… is present". With `default: true` that is each folder with a file in it: files have no default
# ACL, so they never need a change.
# Why it matters: a cache or a folder of contexts that a group of users shares is set up this way. The play is green,
# and the second user cannot write.
# Upstream says otherwise: the module's documentation has `recursive` apply the ACL recursively. Its issues 592 and 688
# tell of it; pull request 638, which mends it, is merged and in no release of the package ansible so far.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections ansible.posix
debian_packages acl=2.3.1-3 libacl1=2.3.1-3 libattr1
PATH=$work/debian/bin:$PATH
cache=$work/cache
mkdir -p "$cache/empty" "$cache/used"
touch "$cache/used/index.json"
setfacl -m user:nobody:rwx "$cache" 2>/dev/null || cannot "the file system has no ACLs"
setfacl -b "$cache"
ask() {
  module ansible.posix.acl \
    "path=$1 etype=user entity=nobody permissions=rwx default=true recursive=true state=present" |
    sed -n 's/^ *"changed": \(.*\),/\1/p'
  getfacl --absolute-names "$1" | grep -c '^default:user:nobody:rwx' || true
}
seen=$(ask "$cache/empty"; ask "$cache/used")
as_known "changed, and default entries for the user: of an empty folder, of one with a file" "true 1 true 1" \
  "true 1 false 0" "$(paste -sd ' ' <<<"$seen")"
