#!/usr/bin/env bats
# regress/director/hung.bats - a daemon that hangs costs its own job its time, and nobody else theirs
#
# The file daemon stands still (SIGSTOP) while it has jobs: connections are taken by the kernel and
# nothing is ever answered; or a client greets and is mute from then on.
#
# labels: tsan

load ../lib/farm

CLIENTS="one two"

setup_file() {
	local c
	farm_make
	cat >"$FARM/gate" <<X
#!/bin/sh
touch "$FARM/at/\$1"
while [ ! -e "$FARM/open/\$1" ]; do sleep 0.1; done
X
	chmod 755 "$FARM/gate"
	mkdir "$FARM/at" "$FARM/open"
	chmod 777 "$FARM/at"
	echo content >"$FARM/src/file"
	python3 "$TERCET_SOURCE/regress/director/mute_client.py" mute >"$FARM/mute.port" 2>"$FARM/mute.log" 3>&- &
	MUTE=$!
	export MUTE
	farm_await 20 test -s "$FARM/mute.port"
	for c in $CLIENTS; do
		cat <<X
Client {
  Name = "$c"; Address = "127.0.0.1"; Port = $((FARM_PORT + 1))
  Password = "$(sed -n '/^Client {/,/^}/s/.*Password = "\(.*\)".*/\1/p' "$FARM/site/etc/tercet-dir.conf" | head -n 1)"
}
Job { Name = "Held-$c"; JobDefs = "Standard"; Client = "$c"
  Run Script { Runs When = Before; Runs On Client = yes; Command = "$FARM/gate %n" }
}
X
	done | farm_conf_add dir
	farm_conf_add dir <<X
Client { Name = "mute"; Address = "127.0.0.1"; Port = $(cat "$FARM/mute.port"); Password = "mute"; TLS Enable = no }
Job { Name = "Mute"; JobDefs = "Standard"; Client = "mute" }
Job { Name = "Newest"; JobDefs = "Standard"; Client = "one"
  Allow Duplicate Jobs = no; Cancel Running Duplicates = yes
  Run Script { Runs When = Before; Runs On Client = yes; Command = "$FARM/gate %n" }
}
Job { Name = "Limited"; JobDefs = "Standard"; Client = "farm-fd"; Max Run Sched Time = 3
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/gate %n" }
}
X
	farm_up
}

teardown_file() {
	kill "$MUTE"
	farm_stop
}

teardown() {
	local j
	farm_after
	farm_kill fd CONT
	for j in Newest Limited Held-{one,two}; do touch "$FARM/open/$j"; done
	farm_settle
	rm -f "$FARM"/open/* "$FARM"/at/*
}

# queue JOB: its JobId in JOB.
queue() {
	JOB=$(farm_console "run job=$1 level=Full yes" | sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p')
	[ -n "$JOB" ]
}

ended_with() {
	[ "$(farm_job_status "$1")" = "$2" ]
}

# The director has given up to tell a daemon of a cancel: it tried for 15 seconds.
gave_up() {
	grep -F "cancel of $1" "$FARM/site/log/tercet-dir.log"
}

@test "a duplicate is queued, and the limits of others are in force, while a hung client is to be told of a cancel" {
	queue Newest
	first=$JOB
	farm_await 30 test -e "$FARM/at/Newest"
	queue Limited
	limited=$JOB
	farm_kill fd STOP
	queue Newest
	run gave_up Newest
	[ "$status" -ne 0 ]
	ended_with "$first" R || ended_with "$first" A
	farm_await 30 ended_with "$limited" A
	farm_joblog "$limited" | grep -F "Max run sched time exceeded. Job canceled."
	catalog "SELECT endtime - schedtime FROM job WHERE jobid = $limited"
	[ "$(catalog "SELECT endtime - schedtime < interval '12 seconds' FROM job WHERE jobid = $limited")" = t ]
	farm_joblog "$JOB" | grep -F "Cancelling duplicate JobId=$first."
}

@test "a client that greets and never answers a cancel: the console is answered, and told why" {
	queue Mute
	farm_await 30 grep -F "it has the job" "$FARM/mute.log"
	farm_console "cancel jobid=$JOB yes"
	gave_up Mute
}

@test "the director stops in time though every client hangs" {
	local c pid
	pid=$(farm_pid dir)
	for c in $CLIENTS; do queue "Held-$c"; done
	for c in $CLIENTS; do farm_await 30 test -e "$FARM/at/Held-$c"; done
	farm_kill fd STOP
	farm_kill dir TERM
	farm_await 60 farm_is_gone "$pid" # systemd gives it 90
	farm_up
	[ "$(catalog "SELECT count(*) FROM job WHERE name LIKE 'Held-%' AND jobstatus = 'A'")" -eq 2 ]
}
