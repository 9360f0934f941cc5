#!/usr/bin/env bats
# regress/backup/order.bats - jobs of a chain on two volumes in turn: the newest version comes last

load ../lib/farm

setup_file() {
	farm_make
	# Nothing but the file: the last one of a job is in hand until the restore of all of them ends.
	farm_conf_add dir <<X
FileSet { Name = "Ledger"; Include { Options { Signature = MD5 }; File = "$FARM/src/ledger" } }
Job {
  Name = "Turns"; JobDefs = "Standard"; Client = "farm-fd"; Write Bootstrap = "$FARM/turns.bsr"; FileSet = "Ledger"
  Incremental Backup Pool = "Full"
}
X
	farm_up
	save january Full
	status Full-0001 Used
	save february Incremental
	status Full-0001 Append
	status Full-0002 Used
	save march Incremental
}

teardown_file() {
	farm_stop
}

status() { # volume status
	farm_console "update volume=$1 volstatus=$2" | grep -F "New Volume status is: $2"
}

# Of a size of its own: two versions of one second would be one to an Incremental.
save() { # content level
	echo "$1" >"$FARM/src/ledger"
	farm_run Turns "$2"
	farm_ok
}

restored() { # where
	RESTORE=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/restore.out" | head -n 1)
	[ "$(farm_job_status "$RESTORE")" = T ]
	[ "$(cat "$1$FARM/src/ledger")" = march ]
}

@test "the jobs are on one volume, the other and the first again" {
	[ "$(catalog "SELECT string_agg(volumename, ' ' ORDER BY jobid) FROM jobmedia JOIN media USING (mediaid) WHERE firstindex > 0")" = "Full-0001 Full-0002 Full-0001" ]
}

@test "a restore by the bootstrap file" {
	farm_console "restore bootstrap=$FARM/turns.bsr client=farm-fd where=$FARM/bootstrap yes" wait messages >"$FARM/restore.out"
	restored "$FARM/bootstrap"
}

@test "tercet-volume extract by it: from the directory, or not at all" {
	"$TERCET_BIN/tercet-volume" extract -b "$FARM/turns.bsr" "$FARM/site/volumes" "$FARM/extracted"
	[ "$(cat "$FARM/extracted$FARM/src/ledger")" = march ]
	run "$TERCET_BIN/tercet-volume" extract -b "$FARM/turns.bsr" "$FARM/site/volumes/Full-0001" "$FARM/site/volumes/Full-0002" "$FARM/refused"
	[ "$status" -ne 0 ]
	[ ! -e "$FARM/refused$FARM/src/ledger" ]
}

@test "a restore of whole jobs, when their file records are gone" {
	catalog "DELETE FROM file"
	farm_console "restore client=farm-fd fileset=Ledger where=$FARM/pruned select current all done yes" wait messages >"$FARM/restore.out"
	restored "$FARM/pruned"
}
