#!/usr/bin/env bats
# regress/faults/clock.bats - the clock is set an hour forward and back, in jobs and between them
#
# The daemons and the catalog's server run with a clock of the test's (clock_step.c).  Files get the
# times that a kernel with that clock would have given them.
# CLOCK_SEEDS="1 2 3 ..." for more of the random ones.

load ../lib/farm
load ../lib/server
load ../lib/clock

: "${CLOCK_SEEDS:=1 2 3}"

setup_file() {
	farm_start
	clock_make
	export SERVER_PRELOAD=$CLOCK_PRELOAD
	mkdir "$FARM/tree"
	mkfifo "$FARM/hold"
	farm_conf_add dir <<X
FileSet {
  Name = "Held"
  Include {
    Options { Signature = MD5; Read Fifo = yes }
    File = "$FARM/src"
    File = "$FARM/hold"
  }
}
FileSet { Name = "Tree"; Include { Options { Signature = MD5; Mtime Only = yes }; File = "$FARM/tree" } }
Job {
  Name = "Held"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Held"
  Max Run Time = 30 minutes; Max Run Sched Time = 30 minutes; Max Start Delay = 30 minutes; Max Wait Time = 30 minutes
}
Job { Name = "Tree"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Tree" }
X
	server_take
	clock_up
	echo content >"$FARM/src/file"
}

teardown_file() {
	server_stop
}

teardown() {
	farm_after
	exec 9>&-
	farm_settle
}

queue() { # job
	JOB=$(farm_console "run job=$1 level=Full yes" | sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' | head -n 1)
	[ -n "$JOB" ]
}

held_job() {
	exec 9<>"$FARM/hold"
	printf 'data' >&9
	queue Held
	farm_await 30 farm_reads "$FARM/hold"
}

ended() {
	case $(farm_job_status "$JOB") in T | W | E | f | A) return 0 ;; esac
	return 1
}

# Of every job, and from job to job.
times_are_in_order() {
	catalog "SELECT jobid, starttime, endtime, realendtime FROM job ORDER BY jobid"
	[ "$(catalog "SELECT count(*) FROM job WHERE starttime > endtime OR endtime > realendtime")" = 0 ]
	[ "$(catalog "SELECT count(*) FROM job a JOIN job b ON a.jobid < b.jobid WHERE a.starttime > b.starttime")" = 0 ]
}

@test "an hour forward and back in mid-job: nothing is over its time, the job ends OK" {
	held_job
	clock_step 3600
	# The limits are looked at once a minute, and whenever a job comes or ends.
	HELD=$JOB
	queue Backup
	farm_await 30 ended
	[ "$(farm_job_status "$JOB")" = T ]
	[ "$(farm_job_status "$HELD")" = R ]
	clock_step 0
	exec 9>&-
	JOB=$HELD
	farm_await 30 ended
	[ "$(farm_job_status "$JOB")" = T ]
	times_are_in_order
}

@test "an hour back in mid-job" {
	clock_step 3600
	held_job
	clock_step 0
	exec 9>&-
	farm_await 30 ended
	[ "$(farm_job_status "$JOB")" = T ]
	times_are_in_order
}

# Change some files and give them the time that the clock shows.
change() { # number of the round
	local k
	for _ in 1 2 3; do
		k=$((RANDOM % 12))
		echo "round $1 $RANDOM" >"$FARM/tree/f$k"
		touch -d "@$(($(date +%s) + $(cat "$FARM/step")))" "$FARM/tree/f$k"
	done
}

# Full, then some Incrementals and Differentials, the clock anywhere within an hour each time.
random_chain() { # seed
	local round steps=(-3600 0 3600) levels=(Incremental Incremental Differential)
	RANDOM=$1
	rm -rf "$FARM/tree" "$FARM/back"
	mkdir "$FARM/tree"
	for round in 1 2 3 4 5 6; do
		clock_step "${steps[RANDOM % 3]}"
		[ "$round" -ne 4 ] || { "$FARM/site/tercet" stop && clock_up; }
		change "$round"
		sleep 1.1
		if [ "$round" -eq 1 ]; then farm_run Tree Full; else farm_run Tree "${levels[RANDOM % 3]}"; fi
		farm_ok
		# Changes just after a job, before the next step.
		change "$round"
	done
	farm_run Tree Incremental
	farm_ok
	farm_console "restore client=farm-fd fileset=Tree where=$FARM/back current select all done yes" wait messages >"$FARM/back.out"
	diff -r "$FARM/tree" "$FARM/back$FARM/tree" || {
		echo "seed $1"
		catalog "SELECT jobid, level, jobfiles, starttime, endtime FROM job WHERE name = 'Tree' ORDER BY jobid"
		cat "$FARM/back.out"
		return 1
	}
}

@test "an hour forward or back between jobs: the chain restores what was there" {
	local seed
	for seed in $CLOCK_SEEDS; do random_chain "$seed"; done
	times_are_in_order
}
