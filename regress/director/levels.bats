#!/usr/bin/env bats
# regress/director/levels.bats - which level is done, and the reason in log and report
#
# labels: tsan

load ../lib/farm

setup_file() {
	farm_start
	tree make "$FARM/src" --seed 5 --files 30
}

teardown_file() {
	farm_stop
}

level_of() {
	catalog "SELECT level FROM job WHERE jobid = $1"
}

@test "no prior Full: an Incremental becomes a Full and says why" {
	farm_run Backup Incremental
	farm_ok
	[ "$(level_of "$JOB")" = F ]
	farm_joblog "$JOB" >"$FARM/log"
	grep -F "No prior Full backup Job record found." "$FARM/log"
	grep -F "No prior or suitable Full backup found in catalog. Doing FULL backup." "$FARM/log"
	grep -E "Backup Level: +Full \(upgraded from Incremental\)" "$FARM/log"
	grep -E 'Pool: +"Full"' "$FARM/log"
}

@test "with a Full the level stays, and the report names its time" {
	farm_run Backup Incremental
	farm_ok
	[ "$(level_of "$JOB")" = I ]
	start=$(catalog "SELECT to_char(starttime, 'YYYY-MM-DD HH24:MI:SS') FROM job WHERE level = 'F' ORDER BY jobid LIMIT 1")
	farm_joblog "$JOB" | grep -F "Incremental, since=$start"
	farm_joblog "$JOB" | grep -E 'Pool: +"Incremental"'
}

@test "a failed Full does not count" {
	catalog "UPDATE job SET jobstatus = 'f' WHERE level = 'F'"
	farm_run Backup Differential
	farm_ok
	[ "$(level_of "$JOB")" = F ]
	farm_joblog "$JOB" | grep -E "Full \(upgraded from Differential\)"
}

@test "a changed FileSet causes a Full" {
	farm_conf dir 's|^    File = ".*/src"$|&\n    File = "/etc/hostname"|'
	farm_console reload
	farm_run Backup Incremental
	farm_ok
	[ "$(level_of "$JOB")" = F ]
	farm_joblog "$JOB" | grep -F "Doing FULL backup."
	[ "$(catalog "SELECT count(DISTINCT filesetid) FROM job WHERE name = 'Backup'")" -eq 2 ]
}

@test "Max Full Interval and Max Diff Interval" {
	farm_conf_add dir <<X
Job { Name = "Aged"; JobDefs = "Standard"; Client = "farm-fd"; Max Full Interval = 30 days; Max Diff Interval = 7 days }
X
	farm_console reload
	farm_run Aged Full
	farm_ok
	farm_run Aged Incremental
	[ "$(level_of "$JOB")" = I ]
	catalog "UPDATE job SET starttime = starttime - interval '8 days' WHERE name = 'Aged'"
	farm_run Aged Incremental
	farm_ok
	[ "$(level_of "$JOB")" = D ]
	farm_joblog "$JOB" | grep -F "Doing Differential backup."
	farm_joblog "$JOB" | grep -F "Differential (upgraded from Incremental)"
	catalog "UPDATE job SET starttime = starttime - interval '31 days' WHERE name = 'Aged'"
	farm_run Aged Incremental
	farm_ok
	[ "$(level_of "$JOB")" = F ]
	farm_joblog "$JOB" | grep -F "Doing FULL backup."
}

@test "a backup of a level that is none ends as a Full, with a warning, and is found" {
	farm_conf_add dir <<X
Schedule { Name = "Verifying"; Run = Level=Catalog at 3:00 }
Job { Name = "Astray"; JobDefs = "Standard"; Client = "farm-fd"; Level = Catalog; Schedule = "Verifying" }
X
	farm_console reload | grep reloaded
	"$TERCET_BIN/tercet-dir" -t -c "$FARM/site/etc/tercet-dir.conf" 2>&1 | grep -F 'this level does not fit the Backup job "Astray"'
	farm_run Astray
	[ "$STATUS" = W ]
	[ "$(level_of "$JOB")" = F ]
	farm_joblog "$JOB" | grep -F "This is no level of a backup"
	farm_joblog "$JOB" | grep -E 'Pool: +"Full"'
	# A person is told at once.
	run farm_console "run job=Backup level=VolumeToCatalog yes" "run job=Backup level=Since yes"
	[ "$(grep -c 'does not fit a Backup job' <<<"$output")" -eq 2 ]
	[[ $output != *queued* ]]
}
