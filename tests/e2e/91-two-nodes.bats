#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The rows of calls that two hosts guard as a pair.

load lib
load daemon
load postgres

@test "merge: PostgreSQL makes one row of two nodes' versions, in whatever order they come" {
	schema "$DB"
	"$LAB_OUT/tests/e2e/merge" "$(pg_conninfo "$DB")"
}
