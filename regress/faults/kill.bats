#!/usr/bin/env bats
# regress/faults/kill.bats - kill -9 of each daemon in mid-job
#
# After each: the job that was finished before still restores, the broken one ends with a reason,
# the next run works without a person.

load ../lib/farm
load ../lib/slow

setup_file() {
	farm_start
	tree make "$FARM/src" --seed 3 --files 200 --no-special
	farm_run Backup Full
	farm_ok
	echo "$JOB" >"$FARM/finished"
	slow_conf
	farm_console reload
}

teardown_file() {
	farm_stop
}

busy_job() {
	slow_job
	farm_await 30 slow_has_files
}

job_is_over() {
	case $(farm_job_status "$1") in E | f | A | I | e) return 0 ;; esac
	return 1
}

everything_goes_on() {
	exec 9>&-
	[ -n "$1" ] || farm_joblog "$JOB" | grep -qiE 'error|fatal|cancel'
	farm_run Backup Full
	farm_ok
	rm -rf "$FARM/again"
	farm_restore "$(cat "$FARM/finished")" "$FARM/again"
	tree diff "$FARM/src" "$FARM/again$FARM/src"
	rm -rf "$FARM/again"
	farm_restore "$JOB" "$FARM/again"
	tree diff "$FARM/src" "$FARM/again$FARM/src"
}

@test "the file daemon is killed" {
	busy_job
	farm_kill fd
	farm_await 60 job_is_over "$JOB"
	farm_up 9>&-
	everything_goes_on ""
}

@test "the storage daemon is killed" {
	busy_job
	farm_kill sd
	exec 9>&-
	farm_await 90 job_is_over "$JOB"
	farm_up 9>&-
	everything_goes_on ""
}

@test "the director is killed" {
	busy_job
	farm_kill dir
	exec 9>&-
	farm_up 9>&-
	farm_await 60 job_is_over "$JOB"
	everything_goes_on "the director could not write its last words"
}
