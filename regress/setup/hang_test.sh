#!/bin/bash
# regress/setup/hang_test.sh - a test that hangs fails in time and says what it saw
#
# An inner test file hangs in two ways: a console waits for a job that never ends, and a test
# overruns its own limit.
set -eu -o pipefail
work=$(mktemp -d /tmp/tercet-hang-XXXXXX)
trap 'rm -rf "$work"' EXIT
fail() {
	echo "FAILED: $*"
	cat "$work/out"
	exit 1
}

cat >"$work/inner.bats" <<X
load "$TERCET_SOURCE/regress/lib/farm"
setup_file() {
	farm_make
	mkfifo "\$FARM/src/never"
	cat <<Y | farm_conf_add dir
FileSet { Name = "Never"; Include { Options { Read Fifo = yes }; File = "\$FARM/src/never" } }
Job { Name = "Never"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Never" }
Y
	farm_up
}
teardown_file() { farm_stop; }
teardown() { farm_after; farm_settle; }
@test "a console waits" { exec 9<>"\$FARM/src/never"; farm_run Never Full; }
@test "a test overruns" { while sleep 0.2; do :; done; }
X
begin=$SECONDS
if BATS_TEST_TIMEOUT=60 FARM_PATIENCE=8 timeout 500 bats "$work/inner.bats" >"$work/out" 2>&1; then
	fail "the inner tests hang and passed"
fi
for text in '^not ok 1 a console waits' '^not ok 2 a test overruns.*timeout after 60s' \
	'the console did not end within 8 seconds: run job=Never' 'Start Backup JobId 1' \
	'log of tercet-fd' 'Processing file: .*/src/never' 'took longer than 60 seconds'; do
	grep -qE "$text" "$work/out" || fail "no line $text"
done
if command -v gdb >/dev/null && ! grep -q 'at .*director/job/backup.c' "$work/out"; then
	fail "no stacks"
fi
echo "both said what they saw, after $((SECONDS - begin)) seconds"
