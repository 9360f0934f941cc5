#!/usr/bin/env bats
# regress/faults/archive.bats - the file system with the volumes is not mounted for a while
#
# A job waits for it and says so; what the catalog knows of the volumes stays as it is.

load ../lib/farm

setup_file() {
	farm_start
	tree make "$FARM/src" --seed 21 --files 100 --no-special
	farm_run Backup Full
	farm_ok
	echo "$JOB" >"$FARM/first"
	farm_console "release storage=Disk" >/dev/null
}

teardown_file() {
	farm_stop
}

start() { # console command that queues a job: JOB
	JOB=$(farm_console "$1" | sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p')
	[ -n "$JOB" ]
}

waits_for_mount() {
	farm_console "status director" | grep -F "waiting for a mount request"
}

has_ended() {
	case $(farm_job_status "$1") in C | R) return 1 ;; esac
}

media() {
	catalog "SELECT volumename, volstatus, volbytes FROM media ORDER BY mediaid"
}

@test "a backup waits for an empty archive to be mounted and marks no volume" {
	media >"$FARM/before"
	mv "$FARM/site/volumes" "$FARM/site/volumes.0"
	mkdir "$FARM/site/volumes"
	chown --reference="$FARM/site/volumes.0" "$FARM/site/volumes"
	start "run job=Backup level=Full yes"
	farm_await 20 waits_for_mount
	media | diff "$FARM/before" -
	[ -z "$(ls -A "$FARM/site/volumes")" ]
	farm_console "messages" | grep -F "The archive is not mounted"
	rmdir "$FARM/site/volumes"
	mv "$FARM/site/volumes.0" "$FARM/site/volumes"
	farm_console "mount storage=Disk" >/dev/null
	farm_await 30 has_ended "$JOB"
	[ "$(farm_job_status "$JOB")" = T ]
	farm_restore "$JOB" "$FARM/out1"
	tree diff "$FARM/src" "$FARM/out1$FARM/src"
	farm_console "release storage=Disk" >/dev/null
}

@test "a restore waits for a missing archive directory" {
	mv "$FARM/site/volumes" "$FARM/site/volumes.0"
	start "restore jobid=$(cat "$FARM/first") where=$FARM/out2 all done yes"
	farm_await 20 waits_for_mount
	mv "$FARM/site/volumes.0" "$FARM/site/volumes"
	farm_console "mount storage=Disk" >/dev/null
	farm_await 30 has_ended "$JOB"
	[ "$(farm_job_status "$JOB")" = T ]
	tree diff "$FARM/src" "$FARM/out2$FARM/src"
}

@test "a volume missing among others is marked" {
	volume=$(catalog "SELECT volumename FROM media LIMIT 1")
	mv "$FARM/site/volumes/$volume" "$FARM/$volume"
	touch "$FARM/site/volumes/another"
	farm_run Backup Full
	farm_ok
	[ "$(catalog "SELECT volstatus FROM media WHERE volumename = '$volume'")" = Error ]
}
