#!/usr/bin/env bats
# regress/faults/volume.bats - volumes that are cut, have rubbish behind their end, or meet a full disk

load ../lib/farm

setup_file() {
	farm_start
	tree make "$FARM/src" --seed 11 --files 200 --no-special
	farm_run Backup Full
	farm_ok
	echo "$JOB" >"$FARM/first"
	catalog "SELECT volumename FROM media JOIN jobmedia USING (mediaid) WHERE jobid = $JOB LIMIT 1" >"$FARM/volume"
}

teardown_file() {
	umount -l "$FARM/site/volumes" 2>/dev/null || true
	farm_stop
}

# Address of the last block of a volume, which is whole.
last_block() {
	python3 - "$1" <<'X'
import struct, sys
data, at, last = open(sys.argv[1], 'rb').read(), 0, 0
while at < len(data):
    last = at
    at += struct.unpack_from('>I', data, at + 4)[0]
if at != len(data):
    sys.exit('%s: the block at %d ends at %d of %d' % (sys.argv[1], last, at, len(data)))
print(last)
X
}

@test "rubbish behind the end is cut off and the volume goes on being used" {
	volume=$(cat "$FARM/volume")
	head -c 70000 /dev/urandom >>"$FARM/site/volumes/$volume"
	farm_run Backup Full
	farm_ok
	farm_joblog "$JOB" | grep -F "70000 bytes of an incomplete block were cut off"
	farm_restore "$JOB" "$FARM/out1"
	tree diff "$FARM/src" "$FARM/out1$FARM/src"
	farm_restore "$(cat "$FARM/first")" "$FARM/out2"
	tree diff "$FARM/src" "$FARM/out2$FARM/src"
	echo "$JOB" >"$FARM/second"
}

@test "a cut volume is named when restored, in a block and between blocks" {
	volume=$(cat "$FARM/volume")
	file=$FARM/site/volumes/$volume
	at=$(last_block "$file")
	cp -p "$file" "$FARM/good"
	truncate -s -100 "$file"
	! farm_restore "$(cat "$FARM/second")" "$FARM/out3" || false
	farm_joblog "$RESTORE" | grep -F "Volume \"$volume\": damaged block at address $at: "
	truncate -s "$at" "$file"
	! farm_restore "$(cat "$FARM/second")" "$FARM/out4" || false
	farm_joblog "$RESTORE" | grep -F "Volume \"$volume\" ends at address $at, "
	farm_restore "$(cat "$FARM/first")" "$FARM/out5"
	tree diff "$FARM/src" "$FARM/out5$FARM/src"
}

@test "a cut volume is not written again; another one is" {
	volume=$(cat "$FARM/volume")
	size=$(stat -c %s "$FARM/site/volumes/$volume")
	farm_run Backup Full
	farm_ok
	farm_joblog "$JOB" | grep -E "Volume \"$volume\" cannot be used: .*it has $size bytes, the catalog says"
	[ "$(catalog "SELECT volstatus FROM media WHERE volumename = '$volume'")" = Error ]
	[ "$(stat -c %s "$FARM/site/volumes/$volume")" -eq "$size" ]
	farm_restore "$JOB" "$FARM/out6"
	tree diff "$FARM/src" "$FARM/out6$FARM/src"
	cp -p "$FARM/good" "$FARM/site/volumes/$volume"
}

@test "a full disk ends the job with a reason; with room the next one works" {
	[ "$(id -u)" -eq 0 ] || skip "mounting needs root"
	farm_console "release storage=Disk" >/dev/null # so that no volume is open
	mv "$FARM/site/volumes" "$FARM/site/volumes.0"
	mkdir "$FARM/site/volumes"
	mount -t tmpfs -o "size=2m,uid=$(stat -c %u "$FARM/site/volumes.0"),gid=$(stat -c %g "$FARM/site/volumes.0")" \
		tercet-test "$FARM/site/volumes"
	catalog "UPDATE media SET volstatus = 'Used' WHERE volstatus = 'Append'"
	farm_run Backup Full
	farm_failed
	farm_joblog "$JOB" | grep -F "No space left on device"
	[ "$(catalog "SELECT count(*) FROM media WHERE volstatus = 'Error' AND volumename <> '$(cat "$FARM/volume")'")" -eq 0 ]
	for v in "$FARM"/site/volumes/*; do
		[ ! -s "$v" ] || last_block "$v"
	done
	mount -o remount,size=64m "$FARM/site/volumes"
	farm_run Backup Full
	farm_ok
	farm_restore "$JOB" "$FARM/out7"
	tree diff "$FARM/src" "$FARM/out7$FARM/src"
	farm_console "release storage=Disk" >/dev/null # so that no volume is open
	umount "$FARM/site/volumes"
	rmdir "$FARM/site/volumes"
	mv "$FARM/site/volumes.0" "$FARM/site/volumes"
	farm_restore "$(cat "$FARM/second")" "$FARM/out8"
	tree diff "$FARM/src" "$FARM/out8$FARM/src"
}
