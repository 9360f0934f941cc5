#!/usr/bin/env bats
# regress/director/queue.bats - limits, priorities, duplicates, time limits, cancel
#
# Jobs are held by a gate: a script before the job that waits for a file.
#
# labels: tsan

load ../lib/farm

setup_file() {
	farm_make
	cat >"$FARM/gate" <<X
#!/bin/sh
while [ ! -e "$FARM/open.\$1" ]; do sleep 0.1; done
X
	chmod 755 "$FARM/gate"
	echo content >"$FARM/src/file"
	farm_conf_add dir <<X
JobDefs {
  Name = "Gated"; Type = Backup; Level = Full; Client = "farm-fd"; FileSet = "Standard"
  Messages = "Standard"; Pool = "Full"
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/gate %n" }
}
Job { Name = "A"; JobDefs = "Gated"; Maximum Concurrent Jobs = 1 }
Job { Name = "B"; JobDefs = "Gated"; Maximum Concurrent Jobs = 9; Client = "wide" }
Job { Name = "C"; JobDefs = "Gated"; Maximum Concurrent Jobs = 9; Client = "narrow" }
Job { Name = "D"; JobDefs = "Gated"; Maximum Concurrent Jobs = 9; Client = "narrow" }
Job { Name = "S"; JobDefs = "Gated"; Maximum Concurrent Jobs = 9; Pool = "Narrow" }
Job { Name = "S2"; JobDefs = "Gated"; Maximum Concurrent Jobs = 9; Pool = "Narrow" }
Job { Name = "Mixed1"; JobDefs = "Gated"; Allow Mixed Priority = yes; Priority = 20 }
Job { Name = "Mixed2"; JobDefs = "Gated"; Allow Mixed Priority = yes; Priority = 10 }
Job { Name = "Only"; JobDefs = "Gated"; Allow Duplicate Jobs = no; Maximum Concurrent Jobs = 9 }
Job { Name = "Newest"; JobDefs = "Gated"; Allow Duplicate Jobs = no; Cancel Running Duplicates = yes; Maximum Concurrent Jobs = 9 }
Job {
  Name = "Raised"; JobDefs = "Gated"; Allow Duplicate Jobs = no; Maximum Concurrent Jobs = 9
  Cancel Lower Level Duplicates = yes; Cancel Running Duplicates = yes
}
Job { Name = "Late"; JobDefs = "Gated"; Max Start Delay = 1; Maximum Concurrent Jobs = 9 }
Client {
  Name = "narrow"; Address = "127.0.0.1"; Port = $((FARM_PORT + 1)); Maximum Concurrent Jobs = 1
  Password = "$(password_of Client)"
}
Client {
  Name = "wide"; Address = "127.0.0.1"; Port = $((FARM_PORT + 1)); Maximum Concurrent Jobs = 9
  Password = "$(password_of Client)"
}
Storage {
  Name = "Narrow"; Address = "127.0.0.1"; Port = $((FARM_PORT + 2)); Device = "Disk"; Media Type = "File"
  Password = "$(password_of Storage)"; Maximum Concurrent Jobs = 1
}
Pool { Name = "Narrow"; Storage = "Narrow"; Label Format = "Narrow-" }
X
	farm_up
}

teardown_file() {
	farm_stop
}

teardown() {
	local j
	farm_after
	for j in A B C D S S2 Mixed1 Mixed2 Only Newest Raised Late; do touch "$FARM/open.$j"; done
	farm_settle
	rm -f "$FARM"/open.*
}

password_of() {
	sed -n "/^$1 {/,/^}/s/.*Password = \"\\(.*\\)\".*/\\1/p" "$FARM/site/etc/tercet-dir.conf" | head -n 1
}

# queue JOB [run arguments]: its JobId in JOB.
queue() {
	local name=$1
	shift
	JOB=$(farm_console "run job=$name $* yes" | sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p')
	[ -n "$JOB" ]
}

director_says() {
	farm_console "status director" | grep -qF -- "$1"
}

is_running() {
	[ "$(farm_job_status "$1")" = R ]
}

ended_with() {
	[ "$(farm_job_status "$1")" = "$2" ]
}

# Its log comes into the catalog at most seconds behind the fact, and the report behind its final row.
has_said() { # JobId, text
	farm_joblog "$1" | grep -F -- "$2"
}

# Behind its scheduled time, which is a whole second, by more than so long.
is_late() { # JobId, interval
	[ "$(catalog "SELECT localtimestamp > schedtime + interval '1 second' + interval '$2' FROM job WHERE jobid = $1")" = t ]
}

@test "the limit of a Job: the second waits and status names limit and holder" {
	queue A
	first=$JOB
	farm_await 30 is_running "$first"
	queue A
	farm_await 30 director_says "Job \"A\" has its Maximum Concurrent Jobs (1), held by JobId $first"
	touch "$FARM/open.A"
	farm_await 20 ended_with "$JOB" T
	ended_with "$first" T
}

@test "the limit of a Client" {
	queue C
	first=$JOB
	farm_await 30 is_running "$first"
	queue D
	farm_await 30 director_says "Client \"narrow\" has its Maximum Concurrent Jobs (1), held by JobId $first"
	touch "$FARM/open.C" "$FARM/open.D"
	farm_await 20 ended_with "$JOB" T
}

@test "the limit of a Storage" {
	queue S
	first=$JOB
	farm_await 30 is_running "$first"
	queue S2
	farm_await 30 director_says "Storage \"Narrow\" has its Maximum Concurrent Jobs (1), held by JobId $first"
	touch "$FARM/open.S" "$FARM/open.S2"
	farm_await 20 ended_with "$JOB" T
}

@test "the limit of the Director, also changed by a reload" {
	farm_conf dir 's/^  Maximum Concurrent Jobs = 10$/  Maximum Concurrent Jobs = 2/'
	farm_console reload
	queue B
	first=$JOB
	queue B
	second=$JOB
	queue B
	farm_await 30 director_says "the Director has its Maximum Concurrent Jobs (2), held by JobId $first, $second"
	farm_await 30 is_running "$second"
	run is_running "$JOB"
	[ "$status" -ne 0 ]
	farm_conf dir 's/^  Maximum Concurrent Jobs = 2$/  Maximum Concurrent Jobs = 10/'
	farm_console reload
	farm_await 30 is_running "$JOB"
}

@test "priorities: less urgent jobs wait, and run in order of priority" {
	queue B
	first=$JOB
	farm_await 30 is_running "$first"
	queue B priority=30
	thirty=$JOB
	queue B priority=20
	twenty=$JOB
	farm_await 30 director_says "priority 20 waits for priority 10, JobId $first"
	director_says "priority 30 waits for priority 10, JobId $first"
	touch "$FARM/open.B"
	farm_await 30 ended_with "$thirty" T
	farm_await 30 has_said "$thirty" "Start Backup JobId"
	[ "$(catalog "SELECT string_agg(jobid::text, ' ' ORDER BY logid) FROM log WHERE jobid >= $first AND logtext LIKE '%Start Backup JobId%'")" = "$first $twenty $thirty" ]
}

@test "Allow Mixed Priority lets a more urgent job start beside a running one" {
	queue Mixed1
	farm_await 30 is_running "$JOB"
	queue Mixed2
	farm_await 30 is_running "$JOB"
}

@test "a duplicate is refused, the first job goes on" {
	queue Only
	first=$JOB
	farm_await 30 is_running "$first"
	queue Only
	farm_await 30 ended_with "$JOB" f
	farm_joblog "$JOB" | grep -F "JobId $first already running. Duplicate job not allowed."
	is_running "$first"
	touch "$FARM/open.Only"
	farm_await 20 ended_with "$first" T
}

@test "Cancel Running Duplicates cancels the older one" {
	queue Newest
	first=$JOB
	farm_await 30 is_running "$first"
	queue Newest
	farm_await 30 ended_with "$first" A
	farm_joblog "$JOB" | grep -F "Cancelling duplicate JobId=$first."
	touch "$FARM/open.Newest"
	farm_await 20 ended_with "$JOB" T
}

@test "duplicates are compared by the level they are upgraded to" {
	queue Raised level=Incremental # there is no Full: both are one
	first=$JOB
	farm_await 30 is_running "$first"
	queue Raised level=Incremental
	farm_await 30 ended_with "$first" A
	farm_joblog "$JOB" | grep -F "Cancelling duplicate JobId=$first."
	touch "$FARM/open.Raised"
	farm_await 20 ended_with "$JOB" T
}

@test "cancel of a running job and of a waiting one" {
	queue A
	first=$JOB
	farm_await 30 is_running "$first"
	queue A
	farm_await 30 director_says "held by JobId $first"
	farm_console "cancel jobid=$JOB yes" | grep -F "marked to be canceled"
	farm_await 30 ended_with "$JOB" A
	is_running "$first"
	farm_console "cancel jobid=$first yes"
	farm_await 30 ended_with "$first" A
	farm_await 30 has_said "$first" "Backup Canceled"
}

@test "Max Start Delay: a job that waited too long is cancelled when its turn comes" {
	queue A
	farm_await 30 is_running "$JOB"
	queue Late priority=50
	late=$JOB
	farm_await 30 is_late "$late" "2 seconds"
	touch "$FARM/open.A" "$FARM/open.Late"
	farm_await 20 ended_with "$late" A
	farm_joblog "$late" | grep -F "Job canceled because max start delay time exceeded."
}

@test "when= starts a job at its time and not before" {
	when=$(date -d '+8 seconds' '+%Y-%m-%d %H:%M:%S')
	touch "$FARM/open.B"
	queue B "when=\"$when\""
	director_says "waiting"
	farm_await 30 ended_with "$JOB" T
	farm_await 30 has_said "$JOB" "seconds for scheduled start time"
	farm_joblog "$JOB" | grep -E "waiting [1-9] seconds for scheduled start time"
	[ "$(catalog "SELECT starttime >= '$when' FROM job WHERE jobid = $JOB")" = t ]
}
