#!/usr/bin/env bats
# regress/director/inuse.bats - a volume that a job writes is not purged or deleted
#
# labels: tsan

load ../lib/farm
load ../lib/slow

setup_file() {
	farm_make
	slow_conf
	head -c 6000000 /dev/urandom >"$FARM/src/big"
	farm_up
}

teardown_file() {
	farm_stop
}

volume_has_a_block() {
	# shellcheck source=/dev/null
	state=$(. "$FARM/site/etc/site" && echo "$SITE_STATE")
	volume=$(catalog "SELECT volumename FROM media ORDER BY mediaid LIMIT 1")
	[ -n "$volume" ] && find "$FARM/site" "$state" -name "$volume" -size +1000k 2>/dev/null | grep -q .
}

@test "the first volume of a job is in use from its first block on" {
	slow_job
	farm_await 30 volume_has_a_block
	[ "$(catalog "SELECT count(*) FROM jobmedia")" -eq 0 ] # no piece has ended
	run farm_console "purge volume=$volume yes" "delete volume=$volume yes"
	exec 9>&-
	[ "$(grep -c "Volume \"$volume\" is in use by a running job" <<<"$output")" -eq 2 ]
	farm_settle
	[ "$(catalog "SELECT jobstatus IN ('T', 'W') FROM job WHERE name = 'Slow'")" = t ]
	[ "$(catalog "SELECT count(*) FROM jobmedia")" -gt 0 ]
	farm_console "purge volume=$volume yes" | grep "purged from catalog"
}

@test "nor does a job lose the volume that came to it while a person thought" {
	farm_run Backup Full
	farm_ok
	volume=$(catalog "SELECT volumename FROM media ORDER BY mediaid DESC LIMIT 1")
	mkfifo "$FARM/keys"
	"$FARM/site/tconsole" <"$FARM/keys" >"$FARM/keys.out" 2>&1 3>&- &
	exec 8>"$FARM/keys"
	echo "delete volume=$volume" >&8
	farm_await 30 grep -q "Are you sure" "$FARM/keys.out"
	slow_job
	uses() { farm_console "purge volume=$volume" | grep "is in use"; }
	farm_await 30 uses
	echo yes >&8
	farm_await 30 grep -q "Volume \"$volume\" is in use by a running job" "$FARM/keys.out"
	exec 8>&- 9>&-
	farm_settle
	[ "$(catalog "SELECT jobstatus IN ('T', 'W') FROM job ORDER BY jobid DESC LIMIT 1")" = t ]
}
