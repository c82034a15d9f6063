# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# Minimal Debians in root folders, from this host's apt sources. bare and everywhere source this file.
# Each has its die().

# The Debian of this host.
# shellcheck source=/dev/null
host_release=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")

# Prints this host's Debian sources, of RELEASE instead of its own, as lines of sources.list.
root_sources() { # RELEASE
	# shellcheck disable=SC2016 # the variables are apt's
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Identifier: Packages' 'Origin: Debian' | sed -n "s/ $host_release/ $1/p" | sort -u
}

root_base() { # RELEASE FILE: a tarball of the minimal root
	local list

	list=$(root_sources "$1")
	[[ -n $list ]] || die "cannot find Debian $host_release among the sources of apt; see: apt-get indextargets"
	mkdir -p "${2%/*}"
	echo "${0##*/}: making a minimal Debian $1" >&2
	# mmdebstrap mounts folders of the host; a namespace keeps them from being seen by an rm -rf.
	unshare --mount --pid --fork --kill-child --mount-proc mmdebstrap --variant=minbase \
		"$1" "$2.tmp.tar" - <<<"$list" >"$2.log" 2>&1 || {
		tail -n 5 "$2.log" >&2
		die 'cannot make a minimal Debian; the last lines of mmdebstrap are above'
	}
	mv "$2.tmp.tar" "$2"
}

root_unpack() { # TARBALL ROOT
	mkdir "$2"
	tar -x --numeric-owner --xattrs -C "$2" -f "$1"
	# how to reach the sources: proxies, dates of a snapshot
	apt-config dump | grep -E '^Acquire::(Check-|Retries|https?::)' >"$2/etc/apt/apt.conf.d/99host" || :
	cp /etc/resolv.conf "$2/etc/resolv.conf"
}

# The first process in the root. $1: root, $2: folder of downloaded packages, $3: command
# shellcheck disable=SC2016 # expanded by the shell in the namespaces
root_enter='
	set -e
	mount --bind "$1" "$1"
	cd "$1"
	mount -t proc proc proc
	mount -t sysfs sysfs sys
	mount -t bpf bpf sys/fs/bpf
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs -o mode=755 tmpfs dev
	mount -t tmpfs tmpfs run
	mount -t tmpfs tmpfs tmp
	mkdir -p dev/pts dev/shm run/lock
	mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
	mount -t tmpfs tmpfs dev/shm
	mknod -m 666 dev/null c 1 3
	mknod -m 666 dev/zero c 1 5
	mknod -m 666 dev/full c 1 7
	mknod -m 666 dev/random c 1 8
	mknod -m 666 dev/urandom c 1 9
	mknod -m 666 dev/tty c 5 0
	mkdir dev/net
	mknod -m 666 dev/net/tun c 10 200
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	ln -s fd/0 dev/stdin
	ln -s fd/1 dev/stdout
	ln -s fd/2 dev/stderr
	mount --bind "$2" var/cache/apt/archives
	mkdir mnt/host
	pivot_root . mnt/host
	umount -l /mnt/host
	rmdir /mnt/host
	cd /root/cseqguard
	exec env -i ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} HOME=/root TERM=dumb CI=1 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		DEBIAN_FRONTEND=noninteractive bash -c "$3"'

# Runs COMMAND in ROOT, in its folder root/cseqguard, for at most SECONDS: 137 is the exit code after that.
# The root gets its own mount, PID and IPC namespaces, /proc, /sys, bpffs and /dev; all mounts end with the last
# process in it. It shares the network with this host.
root_run() { # SECONDS ROOT ARCHIVES COMMAND
	mkdir -p "$3/partial"
	# unshare ignores SIGTERM; --kill-child ends all processes in the root when it is killed
	exec timeout --signal=KILL "$1" unshare --mount --pid --ipc --uts --fork --kill-child bash -c "$root_enter" \
		"${0##*/}" "$2" "$3" "$4" </dev/null
}
