#!/usr/bin/env bats
# regress/backup/storages.bats - one restore from several storages: of two media types in one
# daemon, and of a second daemon

load ../lib/farm

setup_file() {
	local password
	farm_make
	OTHER_PORT=$(python3 "$TERCET_SOURCE/regress/lib/ports.py" $$)
	export OTHER_PORT
	password=$(sed -n '/^Storage {/,/^}/s/.*Password = "\(.*\)".*/\1/p' "$FARM/site/etc/tercet-dir.conf" | head -n 1)
	mkdir "$FARM/other" "$FARM/far" "$FARM/far-state"
	chmod 777 "$FARM/other" "$FARM/far" "$FARM/far-state"
	farm_conf_add dir <<X
Storage {
  Name = "Other"; Address = "127.0.0.1"; Port = $((FARM_PORT + 2)); Device = "Other"; Media Type = "Other"
  Password = "$password"
}
Storage {
  Name = "Far"; Address = "127.0.0.1"; Port = $OTHER_PORT; Device = "Far"; Media Type = "File"
  Password = "$password"
}
Storage {
  Name = "Door"; Address = "127.0.0.3"; Port = $((FARM_PORT + 2)); Device = "Disk"; Media Type = "File"
  Password = "$password"
}
Pool { Name = "Doors"; Storage = "Disk"; Label Format = "Doors-"; Maximum Volume Bytes = 2000000 }
Pool { Name = "OtherPool"; Storage = "Other"; Label Format = "Other-" }
Pool { Name = "FarPool"; Storage = "Far"; Label Format = "Far-" }
Job {
  Name = "Three"; JobDefs = "Standard"; Client = "farm-fd"; Write Bootstrap = "$FARM/three.bsr"
  Differential Backup Pool = "OtherPool"; Incremental Backup Pool = "FarPool"
}
X
	farm_conf_add sd <<X
Device {
  Name = "Other"; Media Type = "Other"; Device Type = File; Archive Device = "$FARM/other"
  Label Media = yes; Random Access = yes; Automatic Mount = yes
}
X
	sed "/^Device {/,\$d; s/Port = .*/Port = $OTHER_PORT/; s|Working Directory = .*|Working Directory = \"$FARM/far-state\"|" \
		"$FARM/site/etc/tercet-sd.conf" >"$FARM/site/etc/far.conf"
	cat >>"$FARM/site/etc/far.conf" <<X
Device {
  Name = "Far"; Media Type = "File"; Device Type = File; Archive Device = "$FARM/far"
  Label Media = yes; Random Access = yes; Automatic Mount = yes
}
X
	farm_up
	"$TERCET_BIN/tercet-sd" -p "$FARM/far.pid" -c "$FARM/site/etc/far.conf" >"$FARM/site/log/tercet-far.log" 2>&1
	for level in Full Differential Incremental; do
		echo "saved by the $level" >"$FARM/src/$level"
		farm_run Three "$level"
		farm_ok
	done
}

teardown_file() {
	local rc=0
	farm_kill_far || rc=1
	rm -rf "/tmp/tercet-farm-ports/$OTHER_PORT"
	farm_stop && return $rc
}

farm_kill_far() {
	local pid
	pid=$(cat "$FARM/far.pid")
	kill "$pid"
	farm_await 30 farm_is_gone "$pid"
}

restored() { # where
	RESTORE=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/restore.out" | head -n 1)
	[ "$(farm_job_status "$RESTORE")" = T ]
	diff -r "$FARM/src" "$1$FARM/src"
}

@test "each level is on a storage of its own" {
	ls "$FARM/site/volumes" "$FARM/other" "$FARM/far"
	[ "$(catalog "SELECT string_agg(DISTINCT v.mediatype || ' ' || s.name, ',') FROM jobmedia JOIN media v USING (mediaid) JOIN storage s USING (storageid)")" = "File Disk,File Far,Other Other" ]
}

@test "the restore command reads each where it lies" {
	farm_console "restore client=farm-fd where=$FARM/command select current all done yes" wait messages >"$FARM/restore.out"
	restored "$FARM/command"
}

@test "so does a restore by a bootstrap" {
	farm_console "restore bootstrap=$FARM/three.bsr client=farm-fd where=$FARM/bootstrap yes" wait messages >"$FARM/restore.out"
	restored "$FARM/bootstrap"
}

@test "a restore of which nothing can be read is no good one" {
	touch "$FARM/far/note" # an empty directory would be a file system that is not mounted
	mv "$FARM"/far/Far-* "$FARM"
	id=$(catalog "SELECT max(jobid) FROM job WHERE type = 'B'")
	farm_restore "$id" "$FARM/nothing" || true
	mv "$FARM"/Far-* "$FARM/far"
	[ "$(farm_job_status "$RESTORE")" = E ]
}

@test "what the first of two daemons could not read counts at the end" {
	for volume in "$FARM"/site/volumes/Full-* "$FARM"/other/Other-*; do
		cp -p "$volume" "$volume.good"
		printf 'spoilt' | dd of="$volume" bs=1 seek=500 conv=notrunc status=none
	done
	# What the Incremental has again of what was saved in its second needs no other volume.
	farm_console "restore bootstrap=$FARM/three.bsr client=farm-fd where=$FARM/spoilt yes" wait messages >"$FARM/restore.out"
	for volume in "$FARM"/site/volumes/Full-*.good "$FARM"/other/Other-*.good; do mv "$volume" "${volume%.good}"; done
	RESTORE=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/restore.out" | head -n 1)
	[ "$(farm_job_status "$RESTORE")" = E ]
	farm_joblog "$RESTORE" | grep -F "damaged block"
	diff "$FARM/src/Incremental" "$FARM/spoilt$FARM/src/Incremental"
}

@test "a job over volumes that were last used by two addresses of one daemon" {
	head -c 5000000 /dev/urandom >"$FARM/src/large"
	farm_run Backup Full pool=Doors
	farm_ok
	catalog "UPDATE media SET storageid = (SELECT storageid FROM storage WHERE name = 'Door') WHERE volumename = 'Doors-0002'"
	farm_restore "$JOB" "$FARM/doors"
	diff -r "$FARM/src" "$FARM/doors$FARM/src"
	rm "$FARM/src/large"
}
