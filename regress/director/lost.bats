#!/usr/bin/env bats
# regress/director/lost.bats - a daemon or the catalog goes away in mid-job
#
# labels: tsan

load ../lib/farm
load ../lib/slow

setup_file() {
	farm_start
	tree make "$FARM/src" --seed 17 --files 120 --no-special
	slow_conf "$FARM/src" "Hard Links = yes"
	farm_conf_add dir <<X
Job { Name = "Brief"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Slow"; Max Run Time = 2 }
X
	farm_console reload
}

teardown_file() {
	farm_stop
}

teardown() {
	farm_after
	exec 9>&-
	farm_settle
}

busy_job() {
	slow_job
	farm_await 30 slow_has_files
}

ended() {
	case $(farm_job_status "$JOB") in T | W | E | f | A) return 0 ;; esac
	return 1
}

@test "the storage daemon dies: the client is told at once, the job ends within seconds" {
	busy_job
	farm_kill sd
	begin=$SECONDS
	farm_await 30 ended
	echo "took $((SECONDS - begin)) seconds"
	farm_joblog "$JOB" | grep -F "comm line to SD dropped"
	farm_up 9>&- # the daemons must not hold the fifo open
	farm_run Backup Full
	farm_ok
}

@test "the file daemon dies: the storage daemon is told, the job ends within seconds" {
	busy_job
	farm_kill fd
	farm_await 30 ended
	farm_joblog "$JOB" | grep -iE "fatal|error"
	farm_up 9>&- # the daemons must not hold the fifo open
	farm_run Backup Full
	farm_ok
}

@test "a client that is not there yet: the job says so at once, and goes on when it comes" {
	farm_kill fd
	farm_console "run job=Backup level=Full yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	says_why() { farm_joblog "$JOB" | grep -E 'Could not connect to Client farm-fd: .*: Connection refused\. Retrying'; }
	farm_await 30 says_why
	farm_up
	done_well() { [ "$(farm_job_status "$JOB")" = T ]; }
	farm_await 60 done_well
}

@test "a storage daemon that the client does not reach: the job says so at once" {
	farm_conf dir '/^Client {/,/^}/s/^  Address = .*/&\n  Lan Address = 127.0.0.1/'
	farm_conf dir '/^Storage {/,/^}/s/^  Address = .*/&\n  Lan Address = 127.0.0.2/'
	farm_console reload "run job=Backup level=Full yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	says_why() { farm_joblog "$JOB" | grep -E 'farm-fd.*Could not connect to Storage daemon: .*: Connection refused\. Retrying'; }
	farm_await 30 says_why
	farm_conf dir '/^  Lan Address/d'
	farm_console reload "cancel jobid=$JOB"
}

@test "cancel of a job that hangs on a fifo" {
	busy_job
	farm_console "cancel jobid=$JOB yes"
	farm_await 30 ended
	[ "$(farm_job_status "$JOB")" = A ]
}

@test "Max Run Time" {
	exec 9<>"$FARM/fifo"
	farm_queue "run job=Brief level=Full yes"
	farm_await 75 ended
	[ "$(farm_job_status "$JOB")" = A ]
	farm_joblog "$JOB" | grep -F "Max run time exceeded. Job canceled."
}

@test "the catalog server is killed in mid-job: the job goes on and ends OK with exact counts" {
	busy_job
	# shellcheck source=/dev/null
	data=$(. "$FARM/site/etc/site" && echo "$SITE_STATE/dir/catalog/data")
	server=$(head -n 1 "$data/postmaster.pid")
	kill -9 "$server"
	killed() { [ ! -d "/proc/$server" ]; }
	farm_await 20 killed
	exec 9>&-
	healed() { catalog "SELECT 1" 2>/dev/null | grep -q 1; }
	farm_await 60 healed
	farm_await 90 ended
	status=$(farm_job_status "$JOB")
	[ "$status" = T ] || [ "$status" = W ]
	[ "$(catalog "SELECT count(*) = max(jobfiles) FROM file JOIN job USING (jobid) WHERE jobid = $JOB")" = t ]
	# W: the content of the fifo became a regular file.
	farm_restore "$JOB" "$FARM/out" || [ "$RESTORE_STATUS" = W ]
	tree diff "$FARM/src" "$FARM/out$FARM/src"
}
