# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# The PostgreSQL cluster that all files share, in SUITE_DIR. Each file makes databases of its own in it.

# shellcheck source=tests/e2e/lib.bash
. "${BASH_SOURCE[0]%/*}/lib.bash"

suite_up() {
	local tool

	((EUID == 0)) || lab_fail 'end-to-end tests make namespaces and load BPF: run them as root' || return
	for tool in kamailio sipp psql ip ss jq; do
		type -P "$tool" >/dev/null || lab_fail "$tool is missing: run 'make deps'" || return
	done
	chmod 755 "$SUITE_DIR"
	LAB_DIR=$SUITE_DIR LAB_PG_OPTIONS='-c max_connections=400' pg_up
}

suite_down() {
	LAB_DIR=$SUITE_DIR pg_down
	rm -rf "$SUITE_DIR"
}
