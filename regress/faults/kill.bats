#!/usr/bin/env bats
# regress/faults/kill.bats - kill -9 of each daemon in mid-job
#
# After each: the job that was finished before still restores, the broken one ends with a reason,
# the next run works without a person.

load ../lib/farm

setup_file() {
	farm_start
	tree make "$FARM/src" --seed 3 --files 200 --no-special
	farm_run Backup Full
	farm_ok
	echo "$JOB" >"$FARM/finished"
	# Something that keeps a job busy: a fifo that delivers only when asked to.
	farm_conf_add dir <<X
FileSet {
  Name = "Slow"
  Include {
    Options { Signature = MD5; Read Fifo = yes }
    File = "$FARM/src"
    File = "$FARM/fifo"
  }
}
Job { Name = "Slow"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Slow" }
X
	mkfifo "$FARM/fifo"
	farm_console reload
}

teardown_file() {
	farm_stop
}

# Start job Slow and wait until its file daemon hangs on the fifo.
slow_job() {
	exec 9<>"$FARM/fifo"
	printf 'some data' >&9
	farm_console "run job=Slow level=Full yes" >"$FARM/slow.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/slow.out" | head -n 1)
	[ -n "$JOB" ]
	farm_await 30 farm_reads "$FARM/fifo"
	farm_await 30 job_has_files
}

job_has_files() {
	farm_console "status client=farm-fd" | tr -d ',' | grep -qE "Files=[1-9][0-9]{2,}|Files Examined=[1-9][0-9]{2,}"
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
	slow_job
	farm_kill fd
	farm_await 60 job_is_over "$JOB"
	farm_up 9>&-
	everything_goes_on ""
}

@test "the storage daemon is killed" {
	slow_job
	farm_kill sd
	exec 9>&-
	farm_await 90 job_is_over "$JOB"
	farm_up 9>&-
	everything_goes_on ""
}

@test "the director is killed" {
	slow_job
	farm_kill dir
	exec 9>&-
	farm_up 9>&-
	farm_await 60 job_is_over "$JOB"
	everything_goes_on "the director could not write its last words"
}
