#!/usr/bin/env bats
# regress/director/start.bats - exit codes, start in the background, what a dead director left
#
# labels: tsan

load ../lib/farm
load ../lib/elsewhere

setup_file() {
	farm_start
	echo content >"$FARM/src/file"
	cat >"$FARM/gate" <<X
#!/bin/sh
while [ ! -e "$FARM/open" ]; do sleep 0.1; done
X
	cat >"$FARM/mail" <<X
#!/bin/sh
{ echo "\$@"; cat; } >>"$FARM/mails"
X
	cat >"$FARM/failed" <<X
#!/bin/sh
echo "\$@" >>"$FARM/failures"
X
	cat >"$FARM/call" <<X
#!/bin/sh
cat >>"$FARM/calls"
while [ -e "$FARM/busy" ]; do sleep 0.1; done
X
	chmod 755 "$FARM/gate" "$FARM/mail" "$FARM/failed" "$FARM/call"
	install -m 666 /dev/null "$FARM/calls"
	install -m 666 /dev/null "$FARM/mails"
	install -m 666 /dev/null "$FARM/failures"
	farm_conf_add dir <<X
Messages { Name = "Mailed"; Catalog = all
  Mail Command = "$FARM/mail %e %c %n"; Mail On Error = "root" = all, !skipped
}
Messages { Name = "Called"; Catalog = all
  Operator Command = "$FARM/call %n"; Operator = "root" = all, !skipped
}
Job { Name = "Watched"; JobDefs = "Standard"; Client = "farm-fd"; Messages = "Called"
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/gate" }
}
Job { Name = "Gated"; JobDefs = "Standard"; Client = "farm-fd"; Messages = "Mailed"
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/gate" }
  Run Script { Runs When = After; Runs On Client = no; Runs On Success = no; Runs On Failure = yes
    Command = "$FARM/failed %i" }
}
X
	farm_console reload
}

teardown_file() {
	touch "$FARM/open"
	farm_stop
}

@test "-t: 0 for a good configuration, 1 with the place for a bad one" {
	"$TERCET_BIN/tercet-dir" -t -c "$FARM/site/etc/tercet-dir.conf"
	sed 's/^  Media Type = "File"/  Meida Type = "File"/' "$FARM/site/etc/tercet-dir.conf" >"$FARM/bad.conf"
	run "$TERCET_BIN/tercet-dir" -t -c "$FARM/bad.conf"
	[ "$status" -eq 1 ]
	grep -F "$FARM/bad.conf:" <<<"$output"
	grep -F "Meida" <<<"$output"
}

@test "a file that is not there, an option that is not known" {
	run "$TERCET_BIN/tercet-dir" -t -c "$FARM/none.conf"
	[ "$status" -eq 1 ]
	grep -F "none.conf" <<<"$output"
	run "$TERCET_BIN/tercet-dir" --wrong
	[ "$status" -eq 41 ]
}

@test "more jobs than the catalog's server has connections for: a warning" {
	lacks 'max_connections' <"$FARM/site/log/tercet-dir.log"
	cp "$FARM/site/etc/tercet-dir.conf" "$FARM/few.conf"
	farm_conf dir '/^Director {/,/^}/s/Maximum Concurrent Jobs = .*/Maximum Concurrent Jobs = 81/'
	farm_console reload | grep reloaded
	cp "$FARM/few.conf" "$FARM/site/etc/tercet-dir.conf"
	grep -F "Maximum Concurrent Jobs = 81 the director may need 199 connections, and the server allows 197" "$FARM/site/log/tercet-dir.log"
}

@test "start without -f: a port in use is said, exit code 1" {
	mkdir "$FARM/second"
	sed -e "s|Working Directory = .*|Working Directory = \"$FARM/second\"|" \
		-e 's/Name = "farm-dir"/Name = "second-dir"/' \
		"$FARM/site/etc/tercet-dir.conf" >"$FARM/second.conf"
	chown -R --reference="$FARM/site/var/dir" "$FARM/second" 2>/dev/null || true
	run timeout 60 "$TERCET_BIN/tercet-dir" -c "$FARM/second.conf" -p "$FARM/second.pid"
	echo "$output"
	[ "$status" -eq 1 ]
	grep -iE "address already in use|in use" <<<"$output"
	[ ! -e "$FARM/second.pid" ]
}

@test "start without -f returns when ready; SIGTERM stops and removes the pid file" {
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	sed -i "0,/  Port = .*/s//  Port = $port/" "$FARM/second.conf"
	"$TERCET_BIN/tercet-dir" -c "$FARM/second.conf" -p "$FARM/second.pid" >"$FARM/second.log" 2>&1
	pid=$(cat "$FARM/second.pid")
	kill -0 "$pid"
	python3 -c "import socket; socket.create_connection(('127.0.0.1', $port), 5).close()"
	kill "$pid"
	gone() { ! kill -0 "$pid" 2>/dev/null || grep -q '^State:.*Z' "/proc/$pid/status"; }
	farm_await 30 gone
	[ ! -e "$FARM/second.pid" ]
}

@test "Ctrl-C while it waits for a start without -f stops what starts" {
	mkdir -p "$FARM/third"
	chown -R --reference="$FARM/site/var/dir" "$FARM/third" 2>/dev/null || true
	sed -e "s|$FARM/second|$FARM/third|" -e "0,/  Port = .*/s//  Port = $(farm_ports)/" "$FARM/second.conf" >"$FARM/third.conf"
	"$TERCET_BIN/tercet-dir" -c "$FARM/third.conf" -p "$FARM/third.pid" >"$FARM/third.log" 2>&1 &
	waits=$!
	farm_await 30 test -e "$FARM/third/catalog" # a new cluster takes seconds
	kill -INT $waits
	rc=0
	wait $waits || rc=$?
	[ $rc -eq 1 ]
	stopped() { flock -n "$FARM/third/second-dir.tercet-dir.lock" true; }
	farm_await 60 stopped
	[ ! -e "$FARM/third.pid" ]
}

@test "a job that a killed director left unfinished gets f, a reason, and ends as a failed one does" {
	farm_console "run job=Gated level=Full yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	running() { [ "$(farm_job_status "$JOB")" = R ]; }
	farm_await 30 running
	farm_kill dir
	catalog "INSERT INTO tercet_ingest (jobid) VALUES ($JOB)" # as if its attributes had come
	# One that another program left long ago is nobody's news.
	catalog "INSERT INTO job (jobid, job, name, type, level, jobstatus, schedtime, clientid)
		SELECT 77777, 'Gated.2020-01-01', name, type, level, 'R', '2020-01-01', clientid FROM job WHERE jobid = $JOB"
	touch "$FARM/open"
	farm_up
	[ "$(farm_job_status "$JOB")" = f ]
	[ "$(catalog "SELECT count(*) FROM tercet_ingest")" -eq 0 ]
	has_reason() { farm_joblog "$JOB" | grep -F "the director ended while Job"; }
	farm_await 30 has_reason
	farm_await 60 grep -E "Termination: +\*\*\* Backup Error" "$FARM/mails"
	farm_console wait messages >"$FARM/told.out" # to the end of the left job
	[ "$(farm_job_status 77777)" = f ]
	farm_joblog 77777 | grep -F "the director ended while Job"
	[ "$(head -n 1 "$FARM/mails")" = "Fatal Error farm-fd Gated" ]
	grep -F "JobId $JOB: Fatal error: the director ended while Job Gated." "$FARM/mails"
	[ "$(cat "$FARM/failures")" = "$JOB" ]
	farm_joblog "$JOB" >"$FARM/left.log"
	[ "$(grep -c "the director ended while Job" "$FARM/left.log")" -eq 1 ]
	grep -E "JobId: +$JOB$" "$FARM/left.log"
	[ "$(farm_job_status "$JOB")" = f ]
	farm_kill dir
	farm_up
	[ "$(grep -c "Termination" "$FARM/mails")" -eq 1 ]
	farm_run Backup Full
	farm_ok
}

@test "no start waits for an operator who is told of such a job" {
	rm -f "$FARM/open"
	farm_console "run job=Watched level=Full yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	running() { [ "$(farm_job_status "$JOB")" = R ]; }
	farm_await 10 running
	farm_kill dir
	touch "$FARM/open" "$FARM/busy"
	farm_up
	farm_await 10 grep -F "JobId $JOB: Fatal error: the director ended while" "$FARM/calls"
	rm "$FARM/busy"
	farm_await 30 grep -E "Termination: +\*\*\* Backup Error" "$FARM/calls"
	[ "$(farm_joblog "$JOB" | grep -c "the director ended while Job")" -eq 1 ]
}

@test "a start that fails leaves it to the next one to tell of such a job" {
	rm -f "$FARM/open"
	: >"$FARM/mails"
	farm_console "run job=Gated level=Full yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	running() { [ "$(farm_job_status "$JOB")" = R ]; }
	farm_await 10 running
	farm_kill dir
	touch "$FARM/open"
	cp "$FARM/site/etc/tercet-dir.conf" "$FARM/one.conf"
	# Behind the catalog that the site has one without tables.
	catalog "CREATE DATABASE empty"
	# shellcheck source=/dev/null
	data=$(. "$FARM/site/etc/site" && echo "$SITE_STATE/dir/catalog/data")
	farm_conf_add dir <<X
Catalog { Name = "Empty"; DB Name = "empty"; DB User = "$(stat -c %U "$data")"
  DB Address = "$(sed -n 5p "$data/postmaster.pid")"; DB Port = $(sed -n 4p "$data/postmaster.pid")
}
X
	run "$FARM/site/tercet" start
	[ "$status" -ne 0 ]
	cp "$FARM/one.conf" "$FARM/site/etc/tercet-dir.conf"
	farm_up
	farm_await 60 grep -E "Termination: +\*\*\* Backup Error" "$FARM/mails"
	[ "$(farm_job_status "$JOB")" = f ]
}

@test "a second one beside a director that runs, or still ends its jobs, touches nothing" {
	rm -f "$FARM/open"
	farm_console "run job=Gated level=Full yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	running() { [ "$(farm_job_status "$JOB")" = R ]; }
	farm_await 30 running
	server=$(catalog "SELECT pg_postmaster_start_time()")
	run timeout 60 "$TERCET_BIN/tercet-dir" -f -c "$FARM/site/etc/tercet-dir.conf"
	echo "$output"
	[ "$status" -eq 1 ]
	grep -iF "address already in use" <<<"$output"
	# Another port, as while the first one stops: it listens no more then.
	sed '0,/  Port = .*/s//  Port = '"$(farm_ports)"'/' "$FARM/site/etc/tercet-dir.conf" >"$FARM/beside.conf"
	run timeout 60 "$TERCET_BIN/tercet-dir" -f -c "$FARM/beside.conf"
	echo "$output"
	[ "$status" -eq 1 ]
	grep -F "runs already in" <<<"$output" | grep -F "(process $(farm_pid dir))"
	running
	[ "$(catalog "SELECT pg_postmaster_start_time()")" = "$server" ]
	farm_joblog "$JOB" | lacks "the director ended while"
	touch "$FARM/open"
	farm_console wait messages
	[ "$(farm_job_status "$JOB")" = T ]
}

@test "a daemon started without standard descriptors gives their numbers to nothing else" {
	sed "s/ Port = .*/ Port = $(farm_ports)/" "$FARM/site/etc/tercet-fd.conf" >"$FARM/bare.conf"
	"$TERCET_BIN/tercet-fd" -f -c "$FARM/bare.conf" -p "$FARM/bare.pid" <&- >&- 2>&- 3>&- 4>&- &
	farm_await 30 test -s "$FARM/bare.pid"
	for n in 0 1 2; do
		readlink "/proc/$!/fd/$n" >>"$FARM/descriptors"
	done
	kill $!
	[ "$(sort -u "$FARM/descriptors")" = /dev/null ]
}

@test "without -f the log is the system's" {
	elsewhere_make
	sed "s/ Port = .*/ Port = $(farm_ports)/" "$FARM/site/etc/tercet-fd.conf" >"$FARM/background.conf"
	elsewhere "" "$TERCET_BIN/tercet-fd" -c "$FARM/background.conf" -p "$FARM/background.pid"
	kill "$(cat "$FARM/background.pid")"
	farm_await 30 grep -E 'tercet-fd\[[0-9]+\]: main: stopping: Terminated' "$FARM/syslog"
	grep -E '^<30>tercet-fd\[[0-9]+\]: main: farm-fd .* listens on port' "$FARM/syslog"
}
