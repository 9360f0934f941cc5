#!/usr/bin/env bats
# regress/backup/interleave.bats - two jobs at once into one volume; one job over several volumes
#
# labels: tsan

load ../lib/farm

setup_file() {
	farm_make
	# The drives of a site each take one job.
	sed -i 's/^ *Count = .*/  Maximum Concurrent Jobs = 10/' "$FARM/site/etc/tercet-sd.conf"
	farm_conf_add dir <<X
FileSet {
  Name = "Second"
  Include {
    Options { Signature = SHA256 }
    File = "$FARM/second"
  }
}
Job { Name = "Second"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Second" }
Pool { Name = "Small"; Storage = "Disk"; Label Format = "Small-"; Maximum Volume Bytes = 2500000 }
X
	farm_up
	tree make "$FARM/src" --seed 1 --files 400 --no-special
	tree make "$FARM/second" --seed 2 --files 400 --no-special
}

teardown_file() {
	farm_stop
}

@test "two jobs at once share a volume and both restore" {
	farm_console "run job=Backup level=Full yes" "run job=Second level=Full yes" wait messages >"$FARM/both.out"
	mapfile -t ids < <(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/both.out")
	[ "${#ids[@]}" -eq 2 ]
	[ "$(catalog "SELECT count(DISTINCT mediaid) FROM jobmedia WHERE jobid IN (${ids[0]}, ${ids[1]})")" -eq 1 ]
	farm_restore "${ids[0]}" "$FARM/one"
	farm_restore "${ids[1]}" "$FARM/two"
	tree diff "$FARM/src" "$FARM/one$FARM/src"
	# Hard Links is off in this FileSet: every name has its own copy.
	tree diff "$FARM/second" "$FARM/two$FARM/second" --no-links
}

@test "a job that does not fit spans volumes and restores" {
	farm_run Backup Full pool=Small
	farm_ok
	[ "$(catalog "SELECT count(DISTINCT mediaid) FROM jobmedia WHERE jobid = $JOB AND firstindex > 0")" -ge 3 ]
	for v in "$FARM"/site/volumes/Small-*; do
		[ "$(stat -c %s "$v")" -lt 2500000 ]
	done
	farm_restore "$JOB" "$FARM/span"
	tree diff "$FARM/src" "$FARM/span$FARM/src"
}
