#!/usr/bin/busybox sh
# Stand-in for tonistiigi/binfmt: the documented interface over Debian's QEMU binaries. Like the original it ends with
# status 0 whatever happened, logs to stderr and prints the registry's state as JSON to stdout.
set -u
mount=/proc/sys/fs/binfmt_misc
install='' uninstall='' version=''
busybox=/usr/bin/busybox

log() { printf '%s\n' "$*" >&2; }

# architecture, name of the emulator, ELF class and byte order (bytes 4 and 5), machine (bytes 18 and 19)
architectures='
386 i386 0101 0300
amd64 x86_64 0201 3e00
arm arm 0101 2800
arm64 aarch64 0201 b700
loong64 loongarch64 0201 0201
mips64 mips64 0202 0008
mips64le mips64el 0201 0800
ppc64le ppc64le 0201 1500
riscv64 riscv64 0201 f300
s390x s390x 0202 0016'

row() { printf '%s\n' "$architectures" | $busybox grep "^$1 "; }
emulator() { set -- $(row "$1"); printf '%s' "${2:-}"; }
escaped() { printf '%s' "$1" | $busybox sed 's/../\\x&/g'; }

magic() {
	set -- $(row "$1")
	case $3 in ??02) type=0002 ;; *) type=0200 ;; esac
	printf '7f454c46%s01%018d%s%s' "$3" 0 "$type" "$4"
}

# Which bits of the magic count: not the ABI's version bytes, and both ET_EXEC and ET_DYN.
mask() {
	set -- $(row "$1")
	head=ffffffffffffff00ffffffffffffffff
	case $1 in
	amd64 | 386) head=fffffffffffefe00ffffffffffffffff ;;
	mips64*) head=ffffffffffffff0000ffffffffffffff ;;
	loong64) head=fffffffffffffffc00ffffffffffffff ;;
	esac
	case $3 in ??02) tail=fffeffff ;; *) tail=feffffff ;; esac
	[ "$1" = ppc64le ] && tail=feffff00
	printf '%s%s' "$head" "$tail"
}

normal() { # aliases, as containerd's platforms package reads them
	case ${1#linux/} in
	x86_64 | x86-64 | amd64 | amd64/*) echo amd64 ;;
	aarch64 | arm64 | arm64/*) echo arm64 ;;
	armhf | armel | arm | arm/*) echo arm ;;
	i386 | 386) echo 386 ;;
	*) printf '%s\n' "${1#linux/}" ;;
	esac
}

enabled() { $busybox head -n 1 "$1" | $busybox grep -q '^enabled'; }

own() { # what the machine runs without an emulator
	if [ "$($busybox uname -m)" = aarch64 ]; then
		echo linux/arm64
		# The kernel pretends to be one for 32 bits only where the processor runs such programs.
		! $busybox linux32 $busybox true 2>/dev/null || printf 'linux/arm/v7\nlinux/arm/v6\n'
		return
	fi
	echo linux/amd64
	echo linux/amd64/v2
	$busybox grep -qw avx2 /proc/cpuinfo && echo linux/amd64/v3
	[ ! -e /proc/sys/abi/vsyscall32 ] || echo linux/386 # there when the kernel runs 32-bit programs itself
}

supported() { # the machine's own architectures, then those with a handler that works in any chroot (flag F)
	natives=$(own)
	printf '%s\n' "$natives"
	for name in amd64 arm64 riscv64 ppc64le s390x mips64le mips64 loong64 arm; do
		! printf '%s\n' "$natives" | $busybox grep -q "^linux/$name\(/\|$\)" || continue
		for entry in "$mount"/*; do
			case ${entry##*/} in register | status | '*') continue ;; esac
			enabled "$entry" && $busybox grep -q '^flags:.*F' "$entry" || continue
			$busybox grep -q "^magic $(magic $name)" "$entry" || continue
			if [ $name = arm ]; then printf 'linux/arm/v7\nlinux/arm/v6\n'; else echo linux/$name; fi
			break
		done
	done
}

emulators() {
	for entry in "$mount"/*; do
		case ${entry##*/} in register | status | '*') continue ;; esac
		enabled "$entry" && echo "${entry##*/}"
	done
}

json_list() { # lines of stdin → a JSON list as Go's MarshalIndent prints it
	lines=$($busybox cat)
	[ -n "$lines" ] || { printf 'null'; return; }
	printf '[\n'
	printf '%s\n' "$lines" | $busybox sed -e 's/.*/    "&"/' -e '$!s/$/,/'
	printf '  ]'
}

install_one() {
	binary="qemu-$(emulator "$1")"
	[ "$binary" != qemu- ] || { log "installing: $1 unsupported architecture: $1"; return; }
	path="${QEMU_BINARY_PATH:-/usr/bin}/${QEMU_BINARY_PREFIX:-}$binary"
	binary="${QEMU_BINARY_PREFIX:-}$binary"
	flags=CF${QEMU_PRESERVE_ARGV0:+P}
	[ ! -e "$mount/$binary" ] || { log "installing: $1 $binary already registered"; return; }
	line=":$binary:M:0:$(escaped "$(magic "$1")"):$(escaped "$(mask "$1")"):$path:$flags"
	if message=$( { printf '%s' "$line" >"$mount/register"; } 2>&1); then
		log "installing: $1 OK"
	else
		log "installing: $1 cannot register \"$path\" to $mount/register: $message"
	fi
}

uninstall_one() {
	for entry in "$mount"/*; do
		name=${entry##*/}
		case $name in
		register | status | WSLInterop) ;;
		"$1" | *-"$1") { echo -1 >"$entry"; } 2>/dev/null && log "uninstalling: $1 OK"; return ;;
		esac
	done
	log "uninstalling: $1 not found"
}

uninstall_names() { # names and globs as they match; a platform as its emulator's name
	for word in $(printf '%s' "$uninstall" | $busybox tr , ' '); do
		known=$(emulator "$(normal "$word")")
		set +f
		matches=$(cd "$mount" && for match in ${known:-$word}; do [ -e "$match" ] && echo "$match"; done)
		set -f
		printf '%s\n' "${matches:-${known:-$word}}"
	done
}

usage() { log "Usage of binfmt: --install LIST|all, --uninstall LIST, --mount DIR, --version"; exit 2; }

while [ $# -gt 0 ]; do
	case ${1#-} in -*) option=$1 ;; *) option=-$1 ;; esac
	value=${option#*=}
	case $option in
	--version) version=yes; shift; continue ;;
	--*=*) shift ;;
	*) [ $# -gt 1 ] || usage; value=$2; shift 2 ;;
	esac
	case $option in
	--install | --install=*) install=$value ;;
	--uninstall | --uninstall=*) uninstall=$value ;;
	--mount | --mount=*) mount=$value ;;
	*) usage ;;
	esac
done

if [ -n "$version" ]; then
	log "binfmt/stand-in qemu/v@QEMU_VERSION@ go/none"
	exit 0
fi
mounted=
if [ ! -e "$mount/status" ]; then
	if ! message=$($busybox mount -t binfmt_misc binfmt_misc "$mount" 2>&1); then
		log "error: cannot mount binfmt_misc filesystem at $mount: $message"
		exit 0
	fi
	mounted=yes
fi
set -f
for name in $(uninstall_names); do set +f; uninstall_one "$name"; done
if [ "$install" = all ]; then
	have=$(supported)
	install=
	set +f
	for name in $(printf '%s\n' "$architectures" | $busybox cut -d' ' -f1); do
		printf '%s\n' "$have" | $busybox grep -q "^linux/$name\(/\|$\)" || install="$install $name"
	done
fi
set +f
for name in $(printf '%s' "$install" | $busybox tr , ' '); do install_one "$(normal "$name")"; done
printf '{\n  "supported": %s,\n  "emulators": %s\n}\n' "$(supported | json_list)" "$(emulators | json_list)"
[ -z "$mounted" ] || $busybox umount "$mount"
exit 0
