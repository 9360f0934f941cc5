#!/usr/bin/env bats
# regress/backup/main_path.bats - what a full backup stores, a restore gives back
#
# labels: quick tsan

load ../lib/farm

setup_file() {
	farm_start
	tree make "$FARM/src" --seed 42 --files 300
}

teardown_file() {
	farm_stop
}

@test "a full backup ends OK and the catalog has every entry" {
	farm_run Backup Full
	farm_ok
	[ "$(catalog "SELECT count(*) FROM file WHERE jobid = $JOB")" -eq "$(tree count "$FARM/src")" ]
	[ "$(catalog "SELECT jobfiles FROM job WHERE jobid = $JOB")" -eq "$(tree count "$FARM/src")" ]
	echo "$JOB" >"$FARM/full"
}

@test "restore gives back the same tree" {
	farm_restore "$(cat "$FARM/full")" "$FARM/out"
	run tree diff "$FARM/src" "$FARM/out$FARM/src"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "three levels over an edited tree restore to the last state" {
	tree edit "$FARM/src" --seed 7
	farm_run Backup Differential
	farm_ok
	[ "$(catalog "SELECT level FROM job WHERE jobid = $JOB")" = D ]
	tree edit "$FARM/src" --seed 8
	farm_run Backup Incremental
	[ "$(catalog "SELECT level FROM job WHERE jobid = $JOB")" = I ]
	[ "$(catalog "SELECT jobfiles FROM job WHERE jobid = $JOB")" -lt 100 ]
	farm_console "restore client=farm-fd fileset=Standard current select all where=$FARM/now done yes" \
		wait messages >"$FARM/restore.out"
	# Names renamed away come back too: without accurate mode deletions are not known.
	run tree diff "$FARM/src" "$FARM/now$FARM/src" --no-links
	echo "$output"
	lacks '> missing' <<<"$output"
}

@test "one flipped bit on the volume is named and the rest is restored" {
	farm_run Backup Full
	volume=$(catalog "SELECT volumename FROM media JOIN jobmedia USING (mediaid) WHERE jobid = $JOB LIMIT 1")
	start=$(catalog "SELECT startfile::bigint * 4294967296 + startblock FROM jobmedia WHERE jobid = $JOB AND firstindex > 0 ORDER BY jobmediaid LIMIT 1")
	cp "$FARM/site/volumes/$volume" "$FARM/volume.good"
	python3 - "$FARM/site/volumes/$volume" "$start" <<'X'
import sys
with open(sys.argv[1], 'r+b') as f:
    f.seek(int(sys.argv[2]) + 1500)
    b = f.read(1)
    f.seek(-1, 1)
    f.write(bytes([b[0] ^ 4]))
X
	if farm_restore "$JOB" "$FARM/broken"; then
		echo "the restore of a damaged volume ended OK" >&2
		return 1
	fi
	farm_joblog "$RESTORE" >"$FARM/broken.log"
	cat "$FARM/broken.log"
	grep -F "Volume \"$volume\": damaged block at address $start: " "$FARM/broken.log" | grep -i checksum
	grep -E "Volume \"$volume\": files 1-[0-9]+ of session [0-9]+/[0-9]+ may be lost" "$FARM/broken.log"
	# What is there is whole; what is missing was announced.
	run tree diff "$FARM/src" "$FARM/broken$FARM/src" --no-links --no-dir-times
	lacks '> type=reg.*size=[1-9]' <<<"$output"
	cp "$FARM/volume.good" "$FARM/site/volumes/$volume"
}
