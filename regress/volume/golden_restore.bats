#!/usr/bin/env bats
# regress/volume/golden_restore.bats - golden volumes restored through director, storage and file daemon
#
# Each with its own bootstrap (`restore bootstrap=`); the result is that of tercet-volume extract,
# which volume/vectors compares with the manifests.

load ../lib/farm

setup_file() {
	[ "$(id -u)" -eq 0 ] || skip "owners and devices need root"
	farm_start
}

teardown_file() {
	farm_stop
}

# restore_vector STYLE NAME [FILE STATUS]: all its bootstraps, or this one; how the restores end.
restore_vector() {
	local folder=$TERCET_SOURCE/regress/golden/$1/$2 bsr id out
	find "$folder" -maxdepth 1 -type f ! -name '*.*' -exec cp {} "$FARM/site/volumes/" \;
	chmod a+r "$FARM"/site/volumes/*
	for bsr in "$folder"/${3:-restore-job*.bsr}; do
		out=$FARM/out/$1-$2-$(basename "$bsr" .bsr)
		mkdir -p "$FARM/out"
		sed -e '/^Storage=/d; /^Device=/d; s/^MediaType=.*/MediaType="File"/' "$bsr" >"$FARM/golden.bsr"
		chmod a+r "$FARM/golden.bsr"
		farm_console "restore client=farm-fd storage=Disk bootstrap=$FARM/golden.bsr where=$out/restored yes" wait messages >"$FARM/golden.out"
		id=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/golden.out" | head -n 1)
		[ "$(farm_job_status "$id")" = "${4:-T}" ] || {
			cat "$FARM/golden.out"
			return 1
		}
		"$TERCET_BIN/tercet-volume" extract -b "$bsr" "$folder" "$out/extracted" >"$FARM/extract.out" 2>&1 || {
			cat "$FARM/extract.out"
			return 1
		}
		touch -d @0 "$out"/*/vec # made on the way where the job did not save it
		tree diff "$out/extracted" "$out/restored"
	done
}

@test "Bareos volumes" {
	for v in plain plain-64512 plain-4096 nochecksum sparse sparse-gzip gzip6 lzo lz4 mixed autoxflate span copied append sig-md5 sig-sha1 sig-sha256 sig-xxh128; do
		echo "$v"
		restore_vector bareos "$v"
	done
}

@test "two jobs that alternate on one volume, one of them compressed" {
	restore_vector bareos interleaved write.bsr W # what came out of its fifos makes files
}

@test "Bacula volumes" {
	for v in plain md5 sha512 sparse sparse-gzip gzip6 lzo span; do
		echo "$v"
		restore_vector bacula9 "$v"
	done
}
