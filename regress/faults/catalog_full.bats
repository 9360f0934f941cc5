#!/usr/bin/env bats
# regress/faults/catalog_full.bats - the disk is full under the catalog, or where attributes wait
#
# Small file systems in memory for both.  The job ends and names the full disk, earlier jobs restore,
# and once there is room again the next run works.

load ../lib/farm
load ../lib/server

MANY=50000

setup_file() {
	[ "$(id -u)" = 0 ] || skip "only root can mount"
	farm_start
	server_take
	server_down
	# The server's data in memory; its log of changes (WAL) elsewhere for now.
	DATA=$(server_data)
	WORK=$FARM/work
	export DATA WORK
	mv "$DATA" "$FARM/data.old"
	mkdir "$DATA" "$WORK"
	mount -t tmpfs -o size=300m,mode=700 tercet-test "$DATA"
	mount -t tmpfs -o size=100m tercet-test "$WORK"
	chown --reference="$FARM/data.old" "$DATA"
	mv "$FARM/data.old/pg_wal" "$FARM/wal"
	cp -a "$FARM/data.old/." "$DATA"
	ln -s "$FARM/wal" "$DATA/pg_wal"
	farm_conf dir "s|^  Working Directory = .*|  Working Directory = \"$WORK\"|"
	server_up
	server_gated_job 23
	farm_up
	farm_run Backup Full
	farm_ok
	echo "$JOB" >"$FARM/finished"
}

teardown_file() {
	local rc=0
	[ -n "${DATA:-}" ] || return 0
	"$FARM/site/tercet" stop >"$FARM/stop.out" 2>&1 || rc=1
	server_is_gone || server_down || rc=1
	umount "$DATA" "$WORK"
	farm_stop || rc=1
	return $rc
}

teardown() {
	farm_after
	make_room
	server_answers || server_up
	exec 8>&- 9>&-
	farm_settle
}

# Of the server's disk leave so many KiB.
fill_up() {
	head -c "$(($(df --output=avail -k "$DATA" | tail -n 1) - $1))K" /dev/zero >"$DATA/filler"
}

make_room() {
	rm -f "$DATA/filler"
	mount -o remount,size=100m "$WORK"
}

ended() {
	case $(farm_job_status "$JOB") in T | W | E | f | A) return 0 ;; esac
	return 1
}

# The report of the job, which needs no catalog.
report() {
	sed -n "/JobId $JOB: /p" "$FARM/site/log/jobs.log"
}

reported() {
	report | grep -qF "$1"
}

# The finished job restores, the next run ends well and restores.
all_goes_on() {
	rm -rf "$FARM/out"
	farm_restore "$(cat "$FARM/finished")" "$FARM/out"
	tree diff "$FARM/src" "$FARM/out$FARM/src"
	farm_run Backup Full
	farm_ok
	rm -rf "$FARM/out"
	farm_restore "$JOB" "$FARM/out"
	tree diff "$FARM/src" "$FARM/out$FARM/src"
	rm -rf "$FARM/out"
}

@test "no room for rows: the job fails and says so, with room again the next one works" {
	server_gated_begin
	fill_up 2000
	exec 8>&-
	farm_await 60 farm_reads "$FARM/behind"
	exec 9>&-
	farm_await 150 reported "No space left on device"
	make_room
	farm_await 60 ended
	case $(farm_job_status "$JOB") in E | f) ;; *) return 1 ;; esac
	all_goes_on
}

@test "no room for rows for a while, then there is: the job ends OK" {
	server_gated_begin
	fill_up 2000
	exec 8>&-
	farm_await 60 farm_reads "$FARM/behind"
	is_full() { grep -q "JobId $JOB: job $JOB: attributes wait: .*No space left on device" "$FARM/site/log/tercet-dir.log"; }
	farm_await 60 is_full
	make_room
	exec 9>&-
	farm_await 60 ended
	[ "$(farm_job_status "$JOB")" = T ]
	[ "$(catalog "SELECT count(*) = max(jobfiles) AND count(*) = count(DISTINCT fileindex) AND count(*) > $MANY
		FROM file JOIN job USING (jobid) WHERE jobid = $JOB")" = t ]
}

@test "no room where attributes wait: the job ends at once and names the file" {
	server_gated_begin
	mount -o remount,size=5m "$WORK"
	server_down
	exec 8>&-
	farm_await 60 reported "No space left on device"
	report | grep -F "$WORK/Main.attributes.$JOB.spool"
	# The client does not hang on its fifo any more: it was told.
	is_free() { ! farm_reads "$FARM/behind"; }
	farm_await 30 is_free
	mount -o remount,size=100m "$WORK"
	server_up
	farm_await 60 ended
	[ "$(farm_job_status "$JOB")" = f ]
	[ ! -e "$WORK/Main.attributes.$JOB.spool" ]
	all_goes_on
}
