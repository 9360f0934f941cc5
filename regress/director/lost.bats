#!/usr/bin/env bats
# regress/director/lost.bats - a daemon or the catalog goes away in mid-job
#
# labels: tsan

load ../lib/farm

setup_file() {
	farm_start
	tree make "$FARM/src" --seed 17 --files 120 --no-special
	farm_conf_add dir <<X
FileSet {
  Name = "Slow"
  Include {
    Options { Signature = MD5; Read Fifo = yes; Hard Links = yes }
    File = "$FARM/src"
    File = "$FARM/fifo"
  }
}
Job { Name = "Slow"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Slow" }
Job { Name = "Brief"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Slow"; Max Run Time = 2 }
X
	mkfifo "$FARM/fifo"
	farm_console reload
}

teardown_file() {
	farm_stop
}

setup() {
	exec 9<>"$FARM/fifo"
	printf 'some data' >&9
}

teardown() {
	farm_after
	exec 9>&-
	farm_settle
}

# Start a job and wait until files were sent and its file daemon hangs on the fifo: it must have
# it open before the test lets go of the other end, or it waits for a writer that never comes.
slow_job() {
	farm_console "run job=${1:-Slow} level=Full yes" >"$FARM/slow.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/slow.out" | head -n 1)
	[ -n "$JOB" ]
	farm_await 30 farm_reads "$FARM/fifo"
	farm_await 30 job_has_files
}

job_has_files() {
	farm_console "status client=farm-fd" | tr -d ',' | grep -qE "Files=[1-9][0-9]{2,}|Files Examined=[1-9][0-9]{2,}"
}

ended() {
	case $(farm_job_status "$JOB") in T | W | E | f | A) return 0 ;; esac
	return 1
}

@test "the storage daemon dies: the client is told at once, the job ends within seconds" {
	slow_job
	farm_kill sd
	begin=$SECONDS
	farm_await 12 ended
	echo "took $((SECONDS - begin)) seconds"
	farm_joblog "$JOB" | grep -F "comm line to SD dropped"
	farm_up 9>&- # the daemons must not hold the fifo open
	farm_run Backup Full
	farm_ok
}

@test "the file daemon dies: the storage daemon is told, the job ends within seconds" {
	slow_job
	farm_kill fd
	farm_await 12 ended
	farm_joblog "$JOB" | grep -iE "fatal|error"
	farm_up 9>&- # the daemons must not hold the fifo open
	farm_run Backup Full
	farm_ok
}

@test "cancel of a job that hangs on a fifo" {
	slow_job
	farm_console "cancel jobid=$JOB yes"
	farm_await 12 ended
	[ "$(farm_job_status "$JOB")" = A ]
}

@test "Max Run Time" {
	slow_job Brief
	farm_await 75 ended
	[ "$(farm_job_status "$JOB")" = A ]
	farm_joblog "$JOB" | grep -F "Max run time exceeded. Job canceled."
}

@test "the catalog server is killed in mid-job: the job goes on and ends OK with exact counts" {
	slow_job
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
