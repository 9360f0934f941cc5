#!/usr/bin/env bats
# regress/director/moved.bats - a reload gives a Catalog another database
#
# Jobs that run keep theirs; those that come later have the new one.

load ../lib/farm
load ../lib/slow
load ../lib/server

setup_file() {
	farm_start
	server_take
	tree make "$FARM/src" --seed 18 --files 120 --no-special
	slow_conf
	farm_conf_add dir <<X
Job { Name = "Quick"; Type = Admin; JobDefs = "Standard"; Client = "farm-fd" }
X
	farm_up
}

teardown_file() {
	server_stop
}

use_database() {
	farm_conf dir "s|^  DB Name = .*|  DB Name = \"$1\"|"
}

# sql DATABASE STATEMENT
sql() {
	PGHOST=$PG_SOCKET timeout 60 "$FARM_PSQL" -X -q -A -t -p 5432 -U "$PG_USER" -d "$1" -c "$2"
}

# job_is_over DATABASE NAME
job_is_over() {
	[ "$(sql "$1" "SELECT jobstatus IN ('T', 'W') FROM job WHERE name = '$2'")" = t ]
}

@test "a job that runs ends in the old database, the next one is in the new one" {
	slow_job

	use_database moved
	"$TERCET_BIN/tercet-catalog" -c "$FARM/site/etc/tercet-dir.conf" create
	farm_console reload | grep -F "reloaded"
	farm_console "run job=Quick yes" | grep -F "Job queued. JobId=1"
	farm_await 30 job_is_over moved Quick

	exec 9>&-
	farm_await 60 job_is_over tercet Slow
	[ "$(sql tercet "SELECT string_agg(name, ' ') FROM job")" = Slow ]
	[ "$(sql tercet "SELECT count(*) = max(jobfiles) AND count(*) > 100 FROM file JOIN job USING (jobid)")" = t ]
}

@test "a database that is not there: the reload is refused and the one before stays" {
	use_database missing
	run farm_console reload
	[[ "$output" == *missing* ]]
	[[ "$output" == *"the old configuration stays"* ]]
	farm_console "list jobs" | grep -F "Quick"
	use_database moved
}

@test "and back again" {
	use_database tercet
	farm_console reload | grep -F "reloaded"
	farm_console "list jobs" | grep -F "Slow"
	farm_run Backup Full
	[ "$JOB" = 2 ]
	farm_ok
	use_database moved
	farm_console reload | grep -F "reloaded"
	farm_console "list jobs" | lacks "Slow"
}
