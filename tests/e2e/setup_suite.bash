# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash
#
# For bats without tests/run, which starts the cluster of suite.bash itself and sets SUITE_DIR.

setup_suite() {
	bats_require_minimum_version 1.7.0
	[[ -z ${SUITE_DIR:-} ]] || return 0
	# shellcheck source=tests/e2e/suite.bash
	. "${BASH_SOURCE[0]%/*}/suite.bash"
	SUITE_OWN=$(mktemp -d "${TMPDIR:-/tmp}/cseqguard-$$.XXXXXX")
	export SUITE_DIR=$SUITE_OWN
	suite_up
}

teardown_suite() {
	[[ -z ${SUITE_OWN:-} ]] || suite_down
}
