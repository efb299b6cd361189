# For the scripts beside this file: Augeas and its lenses of Debian 12, and what a lens makes of $work/root/etc/file.

debian_packages augeas-lenses=1.14.0-1+deb12u1 augeas-tools=1.14.0-1+deb12u1 libaugeas0=1.14.0-1+deb12u1 \
  libxml2 libicu72
mkdir -p "$work/root/etc"
# tree LENS: what it makes of etc/file
tree() {
  printf 'load\nprint /files/etc/file\n' |
    augtool --root="$work/root" --noload --noautoload --nostdinc --include="$work/debian/usr/share/augeas/lenses/dist" \
      --transform="$1.lns incl /etc/file" 2>&1
}
