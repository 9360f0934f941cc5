#!/usr/bin/env bats
# regress/director/decide.bats - a job that waited for its turn decides its level again
#
# labels: tsan

load ../lib/farm
load ../lib/clock

setup_file() {
	local password
	farm_make
	password=$(sed -n '/^Storage {/,/^}/s/.*Password = "\(.*\)".*/\1/p' "$FARM/site/etc/tercet-dir.conf" | head -n 1)
	cat >"$FARM/gate" <<X
#!/bin/sh
while [ ! -e "$FARM/open" ]; do sleep 0.1; done
X
	chmod 755 "$FARM/gate"
	echo content >"$FARM/src/file"
	farm_conf_add dir <<X
Storage {
  Name = "FullDisk"; Address = "127.0.0.1"; Port = $((FARM_PORT + 2)); Device = "Disk"; Media Type = "File"
  Password = "$password"
}
Pool { Name = "FullPool"; Storage = "FullDisk"; Label Format = "FullPool-" }
Job { Name = "Twice"; JobDefs = "Standard"; Client = "farm-fd"; Full Backup Pool = "FullPool"
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/gate" }
}
X
	clock_make
	clock_up
}

teardown_file() {
	farm_stop
}

teardown() {
	farm_after
	touch "$FARM/open"
	farm_settle
}

@test "a Full that the run before it made needless: an Incremental with the pool and the storage of one" {
	farm_console "run job=Twice level=Incremental yes" "run job=Twice level=Incremental yes" >"$FARM/run.out"
	first=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out" | head -n 1)
	second=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out" | tail -n 1)
	catalog "UPDATE pool SET maxvols = 77" # as a reload would that raised it after they were queued
	clock_ahead 61 # the decision of the set-up is more than a minute old
	touch "$FARM/open"
	farm_settle
	[ "$(catalog "SELECT string_agg(level || jobstatus, ' ' ORDER BY jobid) FROM job WHERE name = 'Twice'")" = "FT IT" ]
	farm_joblog "$first" >"$FARM/first.log"
	farm_joblog "$second" >"$FARM/second.log"
	grep -E 'Storage: +"FullDisk"' "$FARM/first.log"
	grep -E 'Pool: +"Incremental"' "$FARM/second.log"
	grep -E 'Storage: +"Disk"' "$FARM/second.log"
	grep -F 'it is queued again' "$FARM/second.log"
	[ "$(catalog "SELECT DISTINCT maxvols FROM pool")" = 77 ]
}
