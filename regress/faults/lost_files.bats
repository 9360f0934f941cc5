#!/usr/bin/env bats
# regress/faults/lost_files.bats - whatever a damaged volume takes, the job log has its name
#
# Blocks hold hundreds of small files with their attributes.  A file that does not come back as it
# was is named in the log of the restore.
# Spec: volume.md 2.5

load ../lib/farm

setup_file() {
	farm_start
	mkdir "$FARM/src/many"
	python3 - "$FARM/src/many" <<'X'
import random, sys
rng = random.Random(8)
for n in range(4000):
    with open('%s/file %04d' % (sys.argv[1], n), 'wb') as f:
        f.write(rng.randbytes(rng.choice((0, 10, 900, 3000))))
X
	farm_run Backup Full
	farm_ok
	echo "$JOB" >"$FARM/id"
	farm_console "release storage=Disk" >/dev/null
	volume=$(catalog "SELECT volumename FROM media LIMIT 1")
	echo "$volume" >"$FARM/volume"
	cp -p "$FARM/site/volumes/$volume" "$FARM/good"
}

teardown_file() {
	farm_stop
}

setup() {
	volume=$(cat "$FARM/volume")
	file=$FARM/site/volumes/$volume
	cp -p "$FARM/good" "$file"
}

# Addresses of the blocks of a volume.
blocks() {
	python3 - "$1" <<'X'
import struct, sys
data, at = open(sys.argv[1], 'rb').read(), 0
while at < len(data):
    print(at)
    at += struct.unpack_from('>I', data, at + 4)[0]
X
}

spoil() { # offset
	printf 'spoilt spoilt' | dd of="$file" bs=1 seek="$1" conv=notrunc status=none
}

# Restore everything, and compare what is not there with what is named.
restore_and_compare() { # name of this case, fewest files lost
	local where=$FARM/$1
	! farm_restore "$(cat "$FARM/id")" "$where" || false
	farm_joblog "$RESTORE" >"$FARM/$1.log"
	python3 - "$FARM/src" "$where$FARM/src" >"$FARM/$1.lost" <<'X'
import os, sys
for name in sorted(os.listdir(sys.argv[1] + '/many')):
    try:
        with open('%s/many/%s' % (sys.argv[1], name), 'rb') as a, open('%s/many/%s' % (sys.argv[2], name), 'rb') as b:
            same = a.read() == b.read()
    except FileNotFoundError:
        same = False
    if not same:
        print('/many/' + name)
X
	[ "$(wc -l <"$FARM/$1.lost")" -ge "$2" ]
	grep -o "$FARM/src/many/file [0-9]*" "$FARM/$1.log" | sort -u >"$FARM/$1.named"
	sed "s,^,$FARM/src," "$FARM/$1.lost" | sort | comm -23 - "$FARM/$1.named" | diff /dev/null -
}

@test "files wholly inside a damaged block are named" {
	mapfile -t at < <(blocks "$file")
	[ "${#at[@]}" -ge 5 ]
	spoil $((at[3] + 5000))
	restore_and_compare middle 100
	# And hardly any other: the blocks around it are good.
	[ "$(wc -l <"$FARM/middle.named")" -le $(($(wc -l <"$FARM/middle.lost") + 3)) ]
}

@test "files inside the damaged last block are named" {
	mapfile -t at < <(blocks "$file")
	spoil $((at[${#at[@]} - 1] + 3000))
	restore_and_compare last 1
}

@test "files behind the end of a cut volume are named" {
	mapfile -t at < <(blocks "$file")
	truncate -s $((at[2])) "$file"
	restore_and_compare cut 1000
}

@test "all files of a volume that is gone are named" {
	rm "$file"
	touch "$FARM/site/volumes/another"
	restore_and_compare gone 4000
}

@test "of a few files chosen only those are named" {
	mapfile -t at < <(blocks "$file")
	spoil $((at[3] + 5000))
	lost=$(sed -n '50s,.*/,,p' "$FARM/middle.lost")
	farm_console "restore jobid=$(cat "$FARM/id") where=$FARM/few" "cd \"$FARM/src/many\"" "mark \"$lost\"" \
		"mark \"file 0001\"" "done" yes wait messages >"$FARM/few.out" || true
	id=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/few.out" | tail -n 1)
	farm_joblog "$id" >"$FARM/few.log"
	grep -F "$FARM/src/many/$lost" "$FARM/few.log"
	[ "$(grep -o "$FARM/src/many/file [0-9]*" "$FARM/few.log" | sort -u | wc -l)" -le 2 ]
}
