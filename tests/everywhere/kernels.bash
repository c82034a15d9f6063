# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# The kernels of Debian's archive, and the kernel tests on each of them under software emulation. run sources
# this file, and sets these.
: "${top:?}" "${cache:?}" "${limit:?}" "${releases:?}"

# Each kernel, and the Debian whose compiler builds the programs for it. Backports have the newest kernel.
kernel_suites() { # prints SUITE RELEASE
	local release

	for release in $releases; do
		echo "$release $release"
	done
	echo "$release-backports $release"
}

# apt with sources and lists of its own, for both architectures.
archive() { # TOOL ARGUMENT...
	"$1" -o Dir::State="$cache/apt" -o Dir::State::status=/dev/null -o Dir::Cache="$cache/apt/cache" \
		-o Dir::Etc::sourcelist="$cache/apt/sources.list" -o Dir::Etc::sourceparts=- \
		-o APT::Architectures=amd64,arm64 -o Acquire::Languages=none -o APT::Sandbox::User=root "${@:2}"
}

archive_update() {
	local release

	mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial"
	for release in $releases; do
		root_sources "$release"
	done >"$cache/apt/sources.list"
	root_sources "$release" | sed -n "s/ $release / $release-backports /p" | head -n 1 >>"$cache/apt/sources.list"
	archive apt-get -q update
}

# Downloads and unpacks the newest cloud kernel of SUITE, unless it is here already.
kernel_fetch() { # SUITE ARCH
	local folder=$cache/kernel/$1-$2 meta=linux-image-cloud-$2 version image package name

	version=$(archive apt-cache madison "$meta:$2" | awk -v suite="$1" '{ split($6, s, "/") }
		s[1] == suite || s[1] == suite "-security" || s[1] == suite "-updates" { print $3; exit }')
	[[ -n $version ]] || absent "the archive has no kernel of $1 for $2"
	[[ ! -e $folder/$version ]] || return 0
	image=$(archive apt-cache show "$meta:$2=$version" | sed -n 's/^Depends:.*\(linux-image-[0-9][^ ,]*\).*/\1/p')
	rm -rf "$folder"
	mkdir -p "$folder/packages/partial"
	# Newer kernels are in two packages more, and not in boot.
	for package in "$image" "${image/image/binary}" "${image/image/modules}"; do
		! archive apt-cache show "$package:$2" >/dev/null 2>&1 ||
			(cd "$folder/packages" && archive apt-get -q download "$package:$2" && dpkg-deb -x "$package"_*.deb ..) || return
	done
	rm -r "$folder/packages"
	name=${image#linux-image-}
	[[ -d $folder/boot ]] ||
		{ mkdir "$folder/boot" && mv "$folder/usr/lib/modules/$name/vmlinuz" "$folder/boot/vmlinuz-$name"; } || return
	: >"$folder/$version"
}

# The kernel tests, as built in the root of RELEASE, on the kernel of SUITE. They read tests/vectors.
emulate() { # SUITE ARCH RELEASE
	local folder=$cache/kernel/$1-$2 build=$cache/$3/root/cseqguard/out/ name tap code=0

	[[ $2 == amd64 ]] || build+=$2/
	passed "$3-$2-kernel" || absent "no kernel tests: $3-$2-kernel did not pass"
	kernel_fetch "$1" "$2" || exit
	name=$(cd "$folder/boot" && echo vmlinuz-*)
	tap=$cache/log/$1-$2-emulated.tap
	cd "$cache/$3/root/cseqguard" || exit
	CSEQGUARD_VMLINUZ=$folder/boot/$name CSEQGUARD_ROOT=$cache/$3 CSEQGUARD_QEMU_SECONDS=$limit \
		tests/kernel/qemu "${build}tests/kernel_test" >"$tap" || code=$?
	((code != 125)) || exit 125 # the reason is printed
	grep -v '^ok ' "$tap" || :
	name=${name#vmlinuz-}
	echo "${name%%-cloud*}: $(grep -c '^ok ' "$tap") passed, $(grep -c '^not ok ' "$tap") failed"
	exit "$code"
}

kernels() {
	local suite release arch

	selected_any {bookworm,trixie}{,-backports}-{amd64,arm64}-emulated || return 0
	archive_update >"$cache/log/archive" 2>&1 || die "cannot read Debian's archive; see $cache/log/archive"
	while read -r suite release; do
		for arch in amd64 arm64; do
			cell "$suite-$arch-emulated" emulate "$suite" "$arch" "$release"
		done
	done < <(kernel_suites)
}
