#!/usr/bin/env bats
# regress/director/schedule.bats - a due job starts by itself; reload keeps running jobs

load ../lib/farm

setup_file() {
	farm_make
	echo content >"$FARM/src/file"
	cat >"$FARM/gate" <<X
#!/bin/sh
while [ ! -e "$FARM/open" ]; do sleep 0.1; done
X
	chmod 755 "$FARM/gate"
	# The coming minute, or the one behind it when that is too near: the site starts first.
	export MINUTE
	MINUTE=$(date -d '+90 seconds' +%M)
	farm_conf_add dir <<X
Schedule { Name = "Soon"; Run = Level=Full Priority=7 hourly at 0:$MINUTE }
Job { Name = "Due"; JobDefs = "Standard"; Client = "farm-fd"; Schedule = "Soon" }
Job { Name = "Off"; JobDefs = "Standard"; Client = "farm-fd"; Schedule = "Soon"; Enabled = no }
Job { Name = "Gated"; JobDefs = "Standard"; Client = "farm-fd"
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/gate" }
}
X
	farm_up
}

teardown_file() {
	farm_stop
}

is_running() {
	[ "$(farm_job_status "$1")" = R ]
}

ended_with() {
	[ "$(farm_job_status "$1")" = "$2" ]
}

knows_job() {
	farm_console "show job=$1" | grep -qE "Name = \"?$1\"?"
}

@test "status scheduler announces the job" {
	farm_console "status scheduler" | grep -E "Due"
	farm_console "status director" | grep -E "Due"
}

@test "SIGHUP reads the configuration again, a running job goes on to its end" {
	farm_console "run job=Gated level=Full yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	farm_await 30 is_running "$JOB"
	farm_conf_add dir <<X
Job { Name = "Added"; JobDefs = "Standard"; Client = "farm-fd" }
X
	farm_conf dir '/^Job { Name = "Gated"/,/^}/d'
	farm_kill dir HUP
	farm_await 30 knows_job Added
	is_running "$JOB"
	touch "$FARM/open"
	farm_await 20 ended_with "$JOB" T
}

@test "SIGHUP with a broken file: the old configuration stays, the error is in the log" {
	cp "$FARM/site/etc/tercet-dir.conf" "$FARM/good.conf"
	farm_conf_add dir <<<'Job { Nmae = "Typo" }'
	farm_kill dir HUP
	farm_await 30 grep -q "Nmae" "$FARM/site/log/tercet-dir.log"
	farm_console reload | grep -F Nmae
	knows_job Added
	farm_run Backup Full
	farm_ok
	cp "$FARM/good.conf" "$FARM/site/etc/tercet-dir.conf"
	farm_console reload | grep -F reloaded
}

@test "many reloads at once, by signal and by console" {
	local consoles=()
	for i in 1 2 3 4 5 6; do
		farm_kill dir HUP
		farm_console reload >"$FARM/reload.$i" &
		consoles+=($!)
	done
	wait "${consoles[@]}"
	cat "$FARM"/reload.*
	[ "$(cat "$FARM"/reload.* | grep -c '^reloaded')" -eq 6 ]
	knows_job Added
}

due_has_run() {
	[ "$(catalog "SELECT count(*) FROM job WHERE name = 'Due' AND jobstatus = 'T'")" -ge 1 ]
}

due_has_reported() { # behind its final row
	farm_joblog "$(catalog "SELECT jobid FROM job WHERE name = 'Due'")" >"$FARM/log"
	grep -F "Termination:" "$FARM/log"
}

@test "the schedule starts the due job with its overrides, and no disabled one" {
	farm_await 120 due_has_run
	[ "$(catalog "SELECT count(*) FROM job WHERE name = 'Due'")" -eq 1 ]
	[ "$(catalog "SELECT level FROM job WHERE name = 'Due'")" = F ]
	[ "$(catalog "SELECT to_char(schedtime, 'MI:SS') FROM job WHERE name = 'Due'")" = "$MINUTE:00" ]
	farm_await 30 due_has_reported
	grep -E "Job triggered by: +Scheduler" "$FARM/log"
	grep -E "Priority: +7" "$FARM/log"
	[ "$(catalog "SELECT count(*) FROM job WHERE name = 'Off'")" -eq 0 ]
}
