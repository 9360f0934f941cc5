#!/usr/bin/env bats
# regress/shell/restore.bats - what a restore of a chain brings when records of its jobs are missing
#
# Spec: director.md 14.4

load ../lib/farm

setup_file() {
	farm_make
	farm_conf_add dir <<X
FileSet { Name = "Links"; Include { Options { Signature = MD5; Hard Links = yes; Mtime Only = yes }; File = "$FARM/links" } }
Job { Name = "Links"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Links" }
X
	farm_up
	for i in 1 2 3 4 5; do echo "content $i" >"$FARM/src/f$i"; done
	farm_run Backup Full
	farm_ok
	echo "newer" >"$FARM/src/f2"
	farm_run Backup Incremental
	farm_ok
}

teardown_file() {
	farm_stop
}

# The last job of $output ended with this letter.
restored_with() {
	local id
	id=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' <<<"$output" | tail -n 1)
	[ "$(farm_job_status "$id")" = "$1" ] || {
		echo "$output"
		farm_joblog "$id"
		return 1
	}
}

@test "data under a name that nobody marked are counted, and said" {
	mkdir "$FARM/links"
	echo old >"$FARM/links/a"
	ln "$FARM/links/a" "$FARM/links/b"
	touch -d '-1 hour' "$FARM/links/a"
	farm_run Links Full
	farm_ok
	full=$JOB
	data=$(catalog "SELECT name FROM file WHERE jobid = $full AND name <> '' ORDER BY fileindex LIMIT 1")
	other=$(echo ab | tr -d "$data")
	rm "$FARM/links/$data"
	echo new >"$FARM/links/$data"
	touch -d '+1 minute' "$FARM/links/$data"
	farm_run Links Incremental
	farm_ok
	[ "$(catalog "SELECT string_agg(name, ',') FROM file WHERE jobid = $JOB AND name <> ''")" = "$data" ]
	run farm_console "restore client=farm-fd fileset=Links current file=$FARM/links/$other where=$FARM/one done yes" wait
	[[ $output == *"Also restored: $FARM/links/$data of JobId $full"* ]]
	restored_with T
	[ "$(cat "$FARM/one$FARM/links/$other")" = old ]
	# All of it: the newest content is written last.
	run farm_console "restore client=farm-fd fileset=Links current where=$FARM/all all done yes" wait
	restored_with T
	[ "$(cat "$FARM/all$FARM/links/$other")" = old ]
	[ "$(cat "$FARM/all$FARM/links/$data")" = new ]
}

@test "a chain of which one job has lost its file records is restored whole, never in part" {
	farm_console "purge files jobid=1 yes" | grep 'purged from catalog'
	run farm_console "restore client=farm-fd fileset=Standard current file=$FARM/src/f2 where=$FARM/none done yes"
	[[ $output == *"The file records of JobId(s) 1 were pruned"* ]]
	[[ $output != *queued* ]]
	run farm_console "restore client=farm-fd fileset=Standard current where=$FARM/none done" no
	[[ $output == *"no files were found"* ]]
	[[ $output == *"No files selected to be restored"* ]]
	# Nothing is asked where nobody can answer.
	run "$FARM/site/tconsole" --json -x "restore client=farm-fd fileset=Standard current where=$FARM/none done"
	[[ $output == *"nothing is asked in batch mode"* ]]
	[ ! -e "$FARM/none" ]
	run farm_console "restore client=farm-fd fileset=Standard current where=$FARM/out all done yes" wait
	[[ $output == *"JobIds without files: 1"* ]]
	restored_with T
	diff -r "$FARM/src" "$FARM/out$FARM/src"
}

@test "jobs of two clients in one tree are said to be so" {
	run farm_console "restore jobid=1,2 where=$FARM/both all done" no
	[[ $output == *"Job not run"* && $output != *"of client"* ]]
	catalog "INSERT INTO client (name, uname) VALUES ('other-fd', '')" >/dev/null
	catalog "UPDATE job SET clientid = (SELECT clientid FROM client WHERE name = 'other-fd') WHERE jobid = 2" >/dev/null
	run farm_console "restore jobid=1,2 where=$FARM/both all done" no
	[[ $output == *'JobId 2 is of client "other-fd", not of "farm-fd"'* ]]
	# Where nobody can be asked, the machine that gets it all is to be named.
	for jobs in "jobid=1,2" "jobid=2 client=farm-fd"; do
		run farm_console "restore $jobs where=$FARM/both all done yes"
		[[ $output == *'JobId 2 is of client "other-fd", not of "farm-fd"'* ]]
		[[ $output == *"say with restoreclient="* && $output != *queued* ]]
		farm_console "restore $jobs restoreclient=farm-fd where=$FARM/both all done yes" | grep queued
	done
	farm_console wait >"$FARM/wait.out"
}

@test "a prefix is stripped where a path begins, and as it is written" {
	mkdir -p "$FARM/src/mid" "$FARM/src/c++"
	echo middle >"$FARM/src/mid/m"
	echo plus >"$FARM/src/c++/p"
	farm_run Backup Full
	farm_ok
	backup=$JOB
	run farm_console "restore jobid=$backup strip_prefix=$FARM/src/c++ add_prefix=$FARM/plus file=$FARM/src/c++/p done yes" wait
	restored_with T
	[ "$(cat "$FARM/plus/p")" = plus ]
	farm_conf_add dir <<X
Job { Name = "Moved"; JobDefs = "Standard"; Client = "farm-fd"; Type = Restore; Strip Prefix = "/mid"; Add Prefix = "$FARM/moved" }
X
	farm_console reload | grep reloaded
	run farm_console "restore restorejob=Moved jobid=$backup file=$FARM/src/mid/m done yes" wait
	restored_with T
	[ "$(cat "$FARM/moved$FARM/src/mid/m")" = middle ]
}

@test "a directory brings what is in it, not what is below; what marks nothing is said" {
	farm_run Backup Full
	farm_ok
	run farm_console "restore restorejob=Restore jobid=$JOB directory=$FARM/src/ where=$FARM/direct done yes" wait
	restored_with T
	diff "$FARM/src/f1" "$FARM/direct$FARM/src/f1"
	[ ! -e "$FARM/direct$FARM/src/mid" ]
	# A directory that was not saved itself, and a file that is none.
	run farm_console "restore restorejob=Restore jobid=$JOB file=$FARM directory=$FARM/src/f1 where=$FARM/none done yes"
	[[ $output == *"No database record found for: $FARM"* ]]
	[[ $output == *"No database record found for: $FARM/src/f1"* ]]
	[[ $output != *queued* ]]
}

@test "a list of files that names none is not taken for all files" {
	last=$(catalog "SELECT max(jobid) FROM job WHERE type = 'B'")
	: >"$FARM/empty.list"
	for list in "$FARM/empty.list" "$FARM/src" "$FARM/no.list"; do
		run farm_console "restore restorejob=Restore jobid=$last file=<$list where=$FARM/none all done yes"
		[[ $output == *"$list"* && $output != *queued* ]]
	done
	[ ! -e "$FARM/none" ]
}

@test "what a failed job has saved is restored with a warning" {
	last=$(catalog "SELECT max(jobid) FROM job WHERE type = 'B'")
	catalog "UPDATE job SET jobstatus = 'f' WHERE jobid = $last" >/dev/null
	farm_console "restore restorejob=Restore jobid=$last where=$FARM/none all done" no | grep "JobId $last has not ended well"
}
