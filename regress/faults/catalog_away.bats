#!/usr/bin/env bats
# regress/faults/catalog_away.bats - PostgreSQL is away in mid-job and comes back
#
# The job saves 50,000 files between two fifos: the first holds it before them, the second behind
# them, so that all their attributes come while nobody takes them.  AWAY_SECONDS=600 for the ten
# minutes of the promise; the code is the same.

load ../lib/farm
load ../lib/server

MANY=50000
: "${AWAY_SECONDS:=15}"
# The limit of a test grows with what it is asked to wait.
BATS_TEST_TIMEOUT=$((BATS_TEST_TIMEOUT + AWAY_SECONDS))

setup_file() {
	farm_start
	server_take
	server_gated_job 21
	farm_up 7>&- 8>&- 9>&- # the daemons must not hold the fifos open
	farm_run Backup Full
	farm_ok
}

teardown_file() {
	server_stop
}

teardown() {
	farm_after
	server_signal CONT
	server_answers || server_up
	exec 8>&- 9>&-
	farm_settle
}

# Let the many files pass and hold behind them.
pass_many() {
	exec 8>&-
	farm_await 60 farm_reads "$FARM/behind"
	farm_await 120 client_sent "$MANY"
}

client_sent() {
	[ "$(farm_console "status client=farm-fd" | tr -d ',' | sed -n 's/.*Files=\([0-9]*\) .*/\1/p' | head -n 1)" -ge "$1" ]
}

spool_has() {
	# shellcheck source=/dev/null
	[ "$(. "$FARM/site/etc/site" && cat "$SITE_STATE"/dir/*.attributes."$JOB".spool 2>/dev/null | wc -c)" -ge "$1" ]
}

ended() {
	case $(farm_job_status "$JOB") in T | W | E | f | A) return 0 ;; esac
	return 1
}

# OK, and every row once.
all_is_there() {
	farm_await 120 ended
	case $(farm_job_status "$JOB") in
	T | W) ;;
	*)
		farm_joblog "$JOB"
		return 1
		;;
	esac
	[ "$(catalog "SELECT count(*) = max(jobfiles) AND count(*) = count(DISTINCT fileindex) AND count(*) > $MANY
		FROM file JOIN job USING (jobid) WHERE jobid = $JOB")" = t ]
	[ "$(catalog "SELECT count(*) FROM file JOIN path USING (pathid) WHERE jobid = $JOB AND path LIKE '$FARM/many/%'
		AND name LIKE 'longlong%'")" -eq "$MANY" ]
}

@test "stopped before many attributes come, started again: they waited on disk, the job ends OK" {
	server_gated_begin
	server_down
	pass_many
	farm_await 30 spool_has 8000000
	sleep "$AWAY_SECONDS" # what is tested is that so long does not matter
	server_up
	exec 9>&-
	all_is_there
	farm_joblog "$JOB" | grep -E '[0-9]+ attributes waited on disk while the catalog was away'
	[ -z "$(find "$FARM" -name '*.attributes.*.spool')" ]
	# W: the contents of the fifos come back as regular files.
	farm_restore "$JOB" "$FARM/out" || [ "$RESTORE_STATUS" = W ]
	tree diff "$FARM/src" "$FARM/out$FARM/src"
	diff <(cd "$FARM/many" && find . | sort) <(cd "$FARM/out$FARM/many" && find . | sort)
}

@test "killed with all its processes in mid-load, away for a while: nothing lost, nothing twice" {
	server_gated_begin
	exec 8>&-
	rows_come() { [ "$(catalog "SELECT sum(batches) FROM tercet_ingest WHERE jobid = $JOB")" -gt 0 ]; }
	farm_await 60 rows_come
	server_kill
	pass_many
	sleep "$AWAY_SECONDS"
	server_up
	exec 9>&-
	all_is_there
}

@test "away when the job ends: its last requests and its row wait" {
	server_gated_begin
	pass_many
	server_down
	exec 9>&-
	sleep "$AWAY_SECONDS"
	server_up
	all_is_there
}

@test "a run that comes due meanwhile waits with it" {
	local minute
	minute=$(date -d '+80 seconds' +%M)
	[ "$(date +%S)" -gt 40 ] || minute=$(date -d '+60 seconds' +%M)
	farm_conf_add dir <<X
Schedule { Name = "Minutes"; Run = Level=Full hourly at 00:$minute }
Job { Name = "Due"; JobDefs = "Standard"; Client = "farm-fd"; Schedule = "Minutes" }
X
	farm_console reload | grep reloaded
	server_down
	its_time() { [ "$(date +%M)" = "$minute" ]; }
	farm_await 130 its_time
	sleep 15 # longer than a person at a console would wait
	server_up
	due_has_run() { [ "$(catalog "SELECT count(*) FROM job WHERE name = 'Due' AND jobstatus = 'T'")" = 1 ]; }
	farm_await 60 due_has_run
	[ "$(catalog "SELECT to_char(schedtime, 'MI:SS') FROM job WHERE name = 'Due'")" = "$minute:00" ]
}

@test "a job is cancelled while the server is away: it ends when its row can be written" {
	server_gated_begin
	server_down
	exec 8>&-
	farm_await 60 farm_reads "$FARM/behind"
	farm_console "cancel jobid=$JOB yes" | grep -F "marked to be canceled"
	fd_is_free() { ! farm_reads "$FARM/behind"; }
	farm_await 20 fd_is_free
	server_up
	farm_await 60 ended
	[ "$(farm_job_status "$JOB")" = A ]
	farm_run Backup Full
	farm_ok
}

@test "the director stops while a job waits for the server" {
	local begin
	server_gated_begin
	server_down
	exec 8>&-
	farm_await 60 farm_reads "$FARM/behind"
	begin=$SECONDS
	"$FARM/site/tercet" stop
	echo "the site took $((SECONDS - begin)) seconds to stop"
	server_up
	exec 9>&-
	farm_up 7>&- 8>&- 9>&- # the daemons must not hold the fifos open
	[ "$(farm_job_status "$JOB")" = f ]
	farm_run Backup Full
	farm_ok
}

@test "the director is killed while attributes wait on disk: they do not lie there for ever" {
	server_gated_begin
	server_down
	pass_many
	farm_await 30 spool_has 1000000
	farm_kill dir
	exec 9>&-
	server_up
	farm_up 7>&- 8>&- 9>&- # the daemons must not hold the fifos open
	[ "$(farm_job_status "$JOB")" = f ]
	[ -z "$(find "$FARM" -name '*.attributes.*.spool')" ]
	farm_run Backup Full
	farm_ok
}

@test "the director stops while the server hangs" {
	server_gated_begin
	server_signal STOP
	exec 8>&-
	"$FARM/site/tercet" stop
	server_signal CONT
	exec 9>&-
	farm_up 7>&- 8>&- 9>&- # the daemons must not hold the fifos open
	case $(farm_job_status "$JOB") in f | A) ;; *) return 1 ;; esac
	farm_run Backup Full
	farm_ok
}

@test "it hangs (SIGSTOP): the job waits and goes on" {
	server_gated_begin
	exec 8>&-
	server_signal STOP
	sleep "$AWAY_SECONDS"
	server_signal CONT
	pass_many
	exec 9>&-
	all_is_there
}
