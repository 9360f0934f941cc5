#!/usr/bin/env bats
# regress/director/cancel.bats - what a cancelled job still holds, scripts that hang, jobs in set-up
#
# Jobs are held by gates: scripts that wait for a file.
#
# labels: tsan

load ../lib/farm

setup_file() {
	farm_make
	cat >"$FARM/gate" <<X
#!/bin/sh
echo \$\$ >"$FARM/at/\$1"
while [ ! -e "$FARM/open/\$1" ]; do sleep 0.1; done
X
	cat >"$FARM/endless" <<X
#!/bin/sh
touch "$FARM/at/endless"
exec sleep 1000
X
	cat >"$FARM/note" <<X
#!/bin/sh
echo "\$*" >>"$FARM/at/noted"
X
	chmod 755 "$FARM/gate" "$FARM/endless" "$FARM/note"
	mkdir "$FARM/at" "$FARM/open"
	chmod 777 "$FARM/at"
	echo content >"$FARM/src/file"
	farm_conf_add dir <<X
Job { Name = "Undone"; JobDefs = "Standard"; Client = "farm-fd"
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/gate before" }
  Run Script { Runs When = After; Runs On Success = no; Runs On Failure = yes; Runs On Client = no; Command = "$FARM/gate after" }
}
Job { Name = "Endless"; JobDefs = "Standard"; Client = "farm-fd"
  Run Script { Runs When = After; Runs On Failure = yes; Runs On Client = no; Command = "$FARM/endless" }
  Run Script { Runs When = After; Runs On Failure = yes; Runs On Client = no; Command = "$FARM/note behind %i %e" }
}
Job { Name = "Only"; JobDefs = "Standard"; Client = "farm-fd"; Allow Duplicate Jobs = no; Maximum Concurrent Jobs = 9 }
Messages {
  Name = "Hanging"
  Operator Command = "$FARM/gate operator"
  Operator = "someone" = all, !skipped
  Catalog = all
}
Job { Name = "Later"; JobDefs = "Standard"; Client = "farm-fd"; Messages = "Hanging" }
X
	farm_up
}

teardown_file() {
	farm_stop
}

teardown() {
	farm_after
	touch "$FARM/open/before" "$FARM/open/after" "$FARM/open/operator"
	let_go
	farm_settle
	rm -f "$FARM"/open/* "$FARM"/at/*
}

# queue JOB [run arguments]: its JobId in JOB.
queue() {
	local name=$1
	shift
	JOB=$(farm_console "run job=$name level=Full $* yes" | sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p')
	[ -n "$JOB" ]
}

director_says() {
	farm_console "status director" | grep -qF -- "$1"
}

ended_with() {
	[ "$(farm_job_status "$1")" = "$2" ]
}

# lock_table NAME: nobody reads or writes it until let_go.
lock_table() {
	catalog "BEGIN; LOCK TABLE $1 IN ACCESS EXCLUSIVE MODE; SELECT 'held by the test' FROM pg_sleep(400)" >/dev/null 2>&1 3>&- &
	farm_await 30 test_holds "$1"
}

test_holds() {
	[ "$(catalog "SELECT count(*) FROM pg_locks WHERE relation = '$1'::regclass AND granted AND mode = 'AccessExclusiveLock'")" = 1 ]
}

waits_for_table() {
	[ "$(catalog "SELECT count(*) FROM pg_locks WHERE relation = '$1'::regclass AND NOT granted")" -gt 0 ]
}

let_go() {
	catalog "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
		WHERE query LIKE '%held by the test%' AND pid <> pg_backend_pid()" >/dev/null
}

canceled_by() { # JobId text
	farm_joblog "$1" | grep -F "$2 *UserAgent* from 127.0.0.1"
}

@test "a cancelled job keeps its place until the script behind it has ended" {
	queue Undone
	first=$JOB
	farm_await 20 test -e "$FARM/at/before"
	farm_console "cancel jobid=$first yes"
	farm_await 30 canceled_by "$first" "Job canceled by console"
	farm_await 20 test -e "$FARM/at/after"
	ended_with "$first" A
	rm "$FARM/at/before"
	queue Undone
	farm_await 30 director_says "Job \"Undone\" has its Maximum Concurrent Jobs (1), held by JobId $first"
	[ ! -e "$FARM/at/before" ]
	touch "$FARM/open/before" "$FARM/open/after"
	farm_await 30 ended_with "$JOB" T
}

@test "its records are not deleted or purged meanwhile" {
	queue Undone
	farm_await 20 test -e "$FARM/at/before"
	farm_console "cancel jobid=$JOB yes"
	farm_await 20 test -e "$FARM/at/after"
	farm_console "delete jobid=$JOB yes" | grep -F "JobId $JOB is running: not deleted"
	farm_console "purge jobs job=Undone yes"
	ended_with "$JOB" A
	touch "$FARM/open/after"
	farm_console "wait jobid=$JOB timeout=60"
	farm_console "delete jobid=$JOB yes" | grep -F "deleted from the catalog"
	ended_with "$JOB" ""
}

@test "a script that hangs behind a good job: cancel ends it, the next script and the next job run" {
	queue Endless
	first=$JOB
	farm_await 30 test -e "$FARM/at/endless"
	ended_with "$first" T
	queue Endless
	farm_await 30 director_says "held by JobId $first"
	rm "$FARM/at/endless"
	farm_console "cancel jobid=$first yes" | grep -F "the script behind it is stopped"
	farm_await 30 canceled_by "$first" "The script behind the job is stopped by console"
	farm_await 30 grep -F "behind $first OK" "$FARM/at/noted"
	ended_with "$first" T
	farm_await 30 test -e "$FARM/at/endless"
	ended_with "$JOB" T
	farm_joblog "$first" | grep -F "AfterJob was ended"
	farm_console "cancel jobid=$JOB yes" | grep -F "the script behind it is stopped"
	farm_console "wait jobid=$JOB timeout=60"
	farm_console "cancel jobid=$JOB yes" | grep -F "is not running"
}

@test "a stop of the director ends a script that hangs behind a job" {
	pid=$(farm_pid dir)
	queue Endless
	farm_await 30 test -e "$FARM/at/endless"
	farm_kill dir TERM
	farm_await 30 farm_is_gone "$pid"
	grep -F "behind $JOB OK" "$FARM/at/noted"
	farm_up
	ended_with "$JOB" T
}

both_are_set_up() {
	[ "$(catalog "SELECT count(*) FROM job WHERE name = 'Only' AND jobstatus = 'C'")" -eq 2 ]
}

@test "two of one Job that come at once: the second is refused while the first is being set up" {
	lock_table fileset
	farm_console "run job=Only level=Full yes" >"$FARM/first.out" 3>&- &
	farm_await 20 waits_for_table fileset
	farm_console "run job=Only level=Full yes" >"$FARM/second.out" 3>&- &
	farm_await 30 both_are_set_up
	let_go
	first=$(catalog "SELECT max(jobid) - 1 FROM job WHERE name = 'Only'")
	farm_await 30 ended_with $((first + 1)) f
	farm_joblog $((first + 1)) | grep -F "JobId $first already running. Duplicate job not allowed."
	farm_await 30 ended_with "$first" T
}

@test "a job's message at an operator's program that hangs holds no other job" {
	when=$(date -d '+1 hour' '+%Y-%m-%d %H:%M:%S')
	farm_console "run job=Later level=Full when=\"$when\" yes" >"$FARM/later.out" 3>&- &
	farm_await 20 test -e "$FARM/at/operator"
	queue Only
	farm_await 30 ended_with "$JOB" T
	kill -0 "$(cat "$FARM/at/operator")"
	touch "$FARM/open/operator"
	later=$(catalog "SELECT max(jobid) FROM job WHERE name = 'Later'")
	farm_await 20 director_says "is waiting for its start time"
	farm_console "cancel jobid=$later yes"
	farm_await 20 ended_with "$later" A
	farm_joblog "$later" | grep -E "waiting [0-9]+ seconds for scheduled start time"
}

@test "a stop while a job is being set up: it ends with a reason, the director is gone at once" {
	pid=$(farm_pid dir)
	lock_table fileset
	farm_console "run job=Only level=Full yes" >"$FARM/first.out" 2>&1 3>&- &
	farm_await 20 waits_for_table fileset
	JOB=$(catalog "SELECT max(jobid) FROM job WHERE name = 'Only'")
	farm_kill dir TERM
	farm_await 30 farm_is_gone "$pid"
	farm_up
	case $(farm_job_status "$JOB") in f | A) ;; *) return 1 ;; esac
	farm_run Only Full
	farm_ok
}
