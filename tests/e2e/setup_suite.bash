# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# One PostgreSQL cluster for all files; each file makes its databases and its lab.

setup_suite() {
	local tool

	bats_require_minimum_version 1.7.0
	# shellcheck source=tests/e2e/lib.bash
	. "${BASH_SOURCE[0]%/*}/lib.bash"
	((EUID == 0)) || lab_fail 'end-to-end tests make namespaces and load BPF: run them as root'
	for tool in kamailio sipp psql ip ss jq; do
		type -P "$tool" >/dev/null || lab_fail "$tool is missing: run 'make deps'"
	done
	LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/cseqguard-$$.XXXXXX")
	chmod 755 "$LAB_DIR"
	export SUITE_DIR=$LAB_DIR
	pg_up
}

teardown_suite() {
	LAB_DIR=$SUITE_DIR
	pg_down
	rm -rf "$SUITE_DIR"
}
