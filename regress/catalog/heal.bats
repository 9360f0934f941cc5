#!/usr/bin/env bats
# regress/catalog/heal.bats - the managed PostgreSQL heals by itself
#
# Real daemons; the server and the director are killed, a start overlaps a stop.

load ../lib/farm

setup_file() {
	farm_start
	tree make "$FARM/src" --seed 5 --files 300 --no-special
	farm_conf_add dir <<X
FileSet {
  Name = "Slow"
  Include {
    Options { Signature = MD5; Hard Links = yes; Read Fifo = yes }
    File = "$FARM/src"
    File = "$FARM/fifo"
  }
}
Job { Name = "Slow"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Slow" }
X
	mkfifo "$FARM/fifo"
	farm_console reload
}

teardown_file() {
	farm_stop
}

data_dir() {
	# shellcheck source=/dev/null
	(. "$FARM/site/etc/site" && echo "$SITE_STATE/dir/catalog/data")
}

postmaster() {
	head -n 1 "$(data_dir)/postmaster.pid"
}

# A server other than $1 answers.
new_postmaster() {
	[ "$(postmaster)" != "$1" ] && catalog "SELECT 1"
}

# Only a process that works in the data directory.
kill_postmaster() {
	[ "$(readlink "/proc/$1/cwd")" = "$(readlink -f "$(data_dir)")" ]
	kill -9 "$1"
}

job_ended() {
	case $(farm_job_status "$1") in T | W | E | f | A | I | e) return 0 ;; esac
	return 1
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

@test "the server is killed in mid-job: it comes back, the job ends well, the next one too" {
	local old job
	old=$(postmaster)
	exec 9<>"$FARM/fifo"
	printf 'some data' >&9
	farm_console "run job=Slow level=Full yes" >"$FARM/slow.out"
	job=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/slow.out" | head -n 1)
	[ -n "$job" ]
	farm_await 30 farm_reads "$FARM/fifo"
	kill_postmaster "$old"
	farm_await 120 new_postmaster "$old"
	exec 9>&-
	farm_await 300 job_ended "$job"
	[ "$(farm_job_status "$job")" = T ]
	# Reaped, and said in the log with the reason.
	gone "$old"
	grep -q "PostgreSQL server (process $old) ended: killed by signal 9" "$FARM"/site/log/tercet-dir.log
	grep -q "PostgreSQL server runs again" "$FARM"/site/log/tercet-dir.log
	farm_run Backup Full
	farm_ok
	# With a warning, because the content of the fifo comes back as a regular file.
	farm_restore "$job" "$FARM/again" || [ "$RESTORE_STATUS" = W ]
	tree diff "$FARM/src" "$FARM/again$FARM/src"
}

@test "the director is killed: the server lives on and is taken over" {
	local old dir
	old=$(postmaster)
	dir=$(farm_pid dir)
	farm_kill dir
	farm_await 60 gone "$dir"
	kill -0 "$old"
	farm_up
	[ "$(postmaster)" = "$old" ]
	farm_run Backup Full
	farm_ok
	# One that was taken over is looked after as well.
	kill_postmaster "$old"
	farm_await 120 new_postmaster "$old"
	farm_run Backup Full
	farm_ok
}

@test "director and server are killed together" {
	local old
	old=$(postmaster)
	farm_kill dir
	kill_postmaster "$old"
	farm_up
	[ "$(postmaster)" != "$old" ]
	farm_run Backup Full
	farm_ok
}

@test "a start that finds the old server stopping waits and succeeds" {
	local old
	for _ in 1 2 3; do
		old=$(postmaster)
		farm_kill dir
		kill -INT "$old"
		farm_up
		[ "$(postmaster)" != "$old" ]
	done
	farm_run Backup Full
	farm_ok
}

@test "a stop of the director stops the server" {
	local old
	old=$(postmaster)
	"$FARM/site/tercet" stop
	gone "$old"
	farm_up
	farm_run Backup Full
	farm_ok
}
