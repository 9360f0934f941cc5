#!/usr/bin/env bats
# regress/shell/target.bats - a line that does not say what it means does nothing, and says so
#
# Spec: console.md 7.3, 8.2-8.4, 15.1

load ../lib/farm

setup_file() {
	farm_make
	sed -n '/^Storage {/,/^}/p' "$FARM/site/etc/tercet-dir.conf" |
		sed 's,Name = .*,Name = "Again",' >"$FARM/again.conf"
	farm_conf_add dir <"$FARM/again.conf"
	echo 'Job { Name = "Two Words"; JobDefs = "Standard"; Client = "farm-fd" }' | farm_conf_add dir
	farm_up
	mkdir -p "$FARM/src/a" "$FARM/src/a=b"
	echo one >"$FARM/src/a/in-a"
	echo two >"$FARM/src/a=b/in-ab"
	farm_run Backup Full
	farm_ok
	cat >"$FARM/strict" <<X
#!/bin/sh
printf '%s\n' "\$1" | timeout 60 "$TERCET_BIN/tconsole" -c "$FARM/site/etc/tconsole.conf" --strict
X
	chmod +x "$FARM/strict"
}

teardown_file() {
	farm_stop
}

# The job that waits for its time is still there.
still_waits() {
	farm_console "status director" | grep -E "^ +$1 .*is waiting" >/dev/null
}

@test "cancel job= takes the name of the job as it was run, blanks and all" {
	farm_console 'run job="Two Words" when="2037-01-01 00:00:00" yes' >"$FARM/run.out"
	id=$(sed -n 's/.*JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	farm_console 'cancel job="Two Words"' | grep -F "marked to be canceled"
	run still_waits "$id"
	[ "$status" -ne 0 ]
}

@test "cancel takes no other job than the one that was meant" {
	farm_console "run job=Backup when=\"2037-01-01 00:00:00\" yes" >"$FARM/run.out"
	id=$(sed -n 's/.*JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	for words in Nonexistent Nonexistent\ yes job= job=\ yes ujobid= jobid= state= storage= \
		joob=Backup all\ nonsense "Backup yes"; do
		run "$FARM/strict" "cancel $words"
		echo "cancel $words: $status $output"
		[ "$status" -eq 2 ]
		still_waits "$id"
		run "$FARM/site/tconsole" --json -x "cancel $words"
		still_waits "$id"
	done
	# One of a list that does not run does not keep the others alive.
	run "$FARM/strict" "cancel jobid=9999,$id yes"
	[ "$status" -eq 2 ]
	[[ $output == *"JobId 9999 is not running"* ]]
	farm_console "status director" | lacks "^ +$id .*is waiting"
}

@test "a bare word that names nothing is no question for the only one there is" {
	for line in "unmount Nope" "release Nope" "mount Nope" "status client Nope" "status storage Nope" \
		"disable Nope" "disable client Nope" "estimate Nope"; do
		run "$FARM/strict" "$line"
		echo "$line: $status $output"
		[ "$status" -eq 2 ]
		[[ $output == *Nope* ]]
		[[ $output != *"Automatically selected"* ]]
	done
	[ "$(farm_console "status client=farm-fd" | grep -c 'is disabled')" -eq 0 ]
}

@test "words that are far too long are an answer, not the end of the director" {
	pid=$(farm_pid dir)
	{
		printf 'list jobs jobstatus=T'
		printf ',T%.0s' {1..400}
		printf '\nrestore client=farm-fd current all strip_prefix='
		printf '.%.0s' {1..40000}
		printf ' done yes\nversion\n'
	} >"$FARM/long.in"
	"$FARM/site/tconsole" <"$FARM/long.in" >"$FARM/long.out" 2>&1 || true
	grep -F "Version: " "$FARM/long.out"
	[ "$(farm_pid dir)" = "$pid" ]
	kill -0 "$pid"
}

@test "a job is not started now because its time cannot be read" {
	before=$(catalog "SELECT count(*) FROM job")
	for when in garbage 2026-13-45 2037-02-31; do
		run "$FARM/strict" "run job=Backup when=$when yes"
		[ "$status" -eq 2 ]
		[[ $output == *"Invalid time \"$when\""* ]]
	done
	run "$FARM/strict" "restore client=farm-fd before=2026-02-31 all done yes"
	[[ $output == *"Improper date format"* ]]
	[ "$(catalog "SELECT count(*) FROM job")" -eq "$before" ]
}

@test "the menu of a restore asks anew for the time and the client" {
	run farm_console restore 10 "2020-01-01 00:00:00" 5 .
	[[ $output == *"No Full backup before 2020-01-01 00:00:00 found."* ]]
	[[ $output == *"You have selected the following JobId: 1"* ]]
	run farm_console restore 10 "2020-01-01 00:00:00" 9 13
	[[ $output == *"You have selected the following JobId: 1"* ]]
}

@test "the tree enters the directory that was named" {
	run farm_console "restore jobid=1 where=$FARM/out select" "cd $FARM/src/a=b" pwd \
		"cd $FARM/src" "ls a=b" quit
	[[ $output == *"cwd is: $FARM/src/a=b/"*"cwd is: $FARM/src/a=b/"*"cwd is: $FARM/src/"*in-ab* ]]
	run farm_console "restore jobid=1 where=$FARM/out select" "cd nosuch=b" "mark nosuch" quit
	[[ $output == *"Invalid path given."* ]]
}

@test "sd= chooses the storage as storage= does" {
	run farm_console "restore jobid=1 where=$FARM/out all done sd=Again" no
	[[ $output == *"Storage:         Again"* ]]
	run farm_console "restore jobid=1 where=$FARM/out all done sd=Other" no
	[[ $output == *"Storage resource \"Other\": not found"* ]]
}

@test "jobs that are left out of a chain for their volumes are named, and refused to a script" {
	farm_console "update volume=$(catalog "SELECT volumename FROM media LIMIT 1") volstatus=Used" >"$FARM/used.out"
	echo newer >"$FARM/src/a/newer"
	farm_run Backup Incremental
	farm_ok
	inc=$JOB
	volume=$(catalog "SELECT volumename FROM media JOIN jobmedia USING (mediaid) WHERE jobid = $inc")
	farm_console "update volume=$volume enabled=archived" >"$FARM/update.out"
	queued=$(catalog "SELECT count(*) FROM job")
	run "$FARM/strict" "restore client=farm-fd current where=$FARM/out all done yes"
	[ "$status" -eq 2 ]
	[[ $output == *"JobId $inc is left out: its volume \"$volume\" is archived"* ]]
	run "$FARM/site/tconsole" --json -x "restore client=farm-fd current where=$FARM/out all done"
	[[ $output == *"JobId $inc is left out"* ]]
	[ "$(catalog "SELECT count(*) FROM job")" -eq "$queued" ]
	# A person sees it and decides.
	run farm_console "restore client=farm-fd current where=$FARM/out all done" no
	[[ $output == *"JobId $inc is left out: its volume \"$volume\" is archived"*"You have selected the following JobId: 1"*"OK to run"* ]]
	# Said with JobIds it is what was asked for.
	run farm_console "restore jobid=1 where=$FARM/chosen all done yes" wait
	[[ $output == *"Job queued"* ]]
	# The base itself: the reason is said instead of "no backup".
	full=$(catalog "SELECT volumename FROM media JOIN jobmedia USING (mediaid) WHERE jobid = 1")
	farm_console "update volume=$full enabled=no" >"$FARM/update.out"
	run "$FARM/strict" "restore client=farm-fd current where=$FARM/out all done yes"
	[ "$status" -eq 2 ]
	[[ $output == *"JobId 1 is left out: its volume \"$full\" is not enabled"* ]]
	[[ $output == *"No Full backup"* ]]
	for v in $full $volume; do farm_console "update volume=$v enabled=yes" >"$FARM/update.out"; done
	run farm_console "restore client=farm-fd current where=$FARM/out all done yes" wait
	[[ $output != *"left out"* ]]
	cmp "$FARM/src/a/newer" "$FARM/out$FARM/src/a/newer"
}

@test "what names nothing is said, in the tree and behind wait; the source of a restore is shown" {
	farm_console "update volume=Full-0001 enabled=yes" >"$FARM/update.out"
	run farm_console "restore jobid=1 where=$FARM/out select" "mark nosuch" "ls nosuch" ".ls nosuch" quit
	[ "$(grep -c 'Nothing is called nosuch here.' <<<"$output")" -eq 2 ]
	cat >"$FARM/other.conf" <<X
Client { Name = "other"; Address = "127.0.0.1"; Port = 1; Password = "x" }
X
	cat "$FARM/other.conf" >>"$FARM/site/etc/tercet-dir.conf"
	farm_console reload >"$FARM/reload.out"
	run farm_console "restore jobid=1 restoreclient=other where=$FARM/out all done" no
	[[ $output == *"Backup Client:   farm-fd"*"Restore Client:  other"* ]]
	run "$FARM/site/tconsole" --json -x "status all"
	[[ $(grep -o '"name": *"farm-fd"\|"name": *"other"' <<<"$output" | sort -u | wc -l) -eq 2 ]]
	farm_console "run job=Backup when=\"2037-01-01 00:00:00\" yes" >"$FARM/run.out"
	run farm_console "wait timeout=1" "cancel all yes"
	[[ $output == *"Jobs still run after 1 seconds."* ]]
	run farm_console "list jobs x=$(head -c 70000 /dev/zero | tr '\0' y)"
	[[ $output == *'A word of the command line, "x=yyy'* ]]
}

@test "wait and estimate take no word for another" {
	for words in "wait jobbid=1" "wait joob=Backup" "wait 1" "estimate job=Backup levle=Full" "estimate Backup levle=Full" \
		"estimate job=Backup lsting"; do
		run "$FARM/strict" "$words"
		echo "$words: $output"
		[ "$status" -eq 2 ]
		[[ $output == *keyword* ]]
	done
	run "$FARM/strict" "estimate Backup level=Full"
	[ "$status" -eq 0 ]
	[[ $output == *"2000 OK estimate"* ]]
}

@test "a job that ended is known to wait by its unique name" {
	job=$(catalog "SELECT job FROM job WHERE jobid = 1")
	run "$FARM/strict" "wait ujobid=$job"
	[ "$status" -eq 0 ]
	[[ $output == *"JobId=1"*"JobStatus=OK (T)"* ]]
	run "$FARM/strict" "wait ujobid=$job-"
	[ "$status" -eq 2 ]
	[[ $output == *"ERR: Job was not found"* ]]
}

@test "purge and delete take all words together, and nothing away for one they do not know" {
	farm_conf_add dir <<X
Job { Name = "Other"; JobDefs = "Standard"; Client = "farm-fd" }
X
	farm_console reload | grep '^reloaded'
	farm_run Other Full
	farm_ok
	other=$JOB
	count() { catalog "SELECT count(*) FROM job WHERE type = 'B'"; }
	all=$(count)
	volume=$(catalog "SELECT volumename FROM media ORDER BY mediaid LIMIT 1")
	for words in "delete volume=$volume jobid=$other" "delete jobid=1 volume" "delete volume=$volume client=x" \
		"purge jobs volume=$volume client=x" "purge volume=$volume jobstatus=f"; do
		run "$FARM/strict" "$words yes"
		echo "$words: $output"
		[ "$status" -eq 2 ]
		[ "$(count)" -eq "$all" ]
		[ "$(catalog "SELECT count(*) FROM media WHERE volumename = '$volume' AND volstatus <> 'Purged'")" -eq 1 ]
	done
	for words in "jobs client=farm-fd jobstatus=f" "jobs client=farm-fd jobid=$other" "jobs client=farm-fd volum=x" \
		"files job=Other jobstatus=f" "jobs client=farm-fd Other"; do
		run "$FARM/strict" "purge $words yes"
		echo "$words: $output"
		[ "$status" -eq 2 ]
		[ "$(count)" -eq "$all" ]
	done
	[ "$(catalog "SELECT sum(purgedfiles) FROM job")" -eq 0 ]
	run "$FARM/strict" "purge jobs client=farm-fd job=Other pool=Incremental yes"
	[[ $output == *"No Jobs found for client farm-fd job Other pool Incremental to purge"* ]]
	[ "$(count)" -eq "$all" ]
	run "$FARM/strict" "purge jobs client=farm-fd job=Other yes"
	[[ $output == *'1 Job on client "farm-fd" named "Other" purged from catalog.'* ]]
	[ "$(count)" -eq $((all - 1)) ]
	[ "$(catalog "SELECT count(*) FROM job WHERE jobid = $other")" -eq 0 ]
}

@test "a device is not chosen in the place of a word that is not known" {
	for words in "unmount storag=Disk" "release stroage=Again" "mount sotrage=Disk" "label volum=X1 storage=Disk pool=Full"; do
		run "$FARM/strict" "$words"
		echo "$words: $output"
		[ "$status" -eq 2 ]
		[[ $output == *"Invalid keyword"* ]]
	done
	run "$FARM/strict" "mount storage=Disk slot=0 drive=0"
	[ "$status" -eq 0 ]
}

@test "rerun runs what ran, or nothing" {
	farm_conf_add dir <<X
Client { Name = "gone-fd"; Address = 127.0.0.1; Port = $((FARM_PORT + 1)); Password = "x" }
X
	farm_console reload | grep '^reloaded'
	farm_console 'run job=Backup client=gone-fd when="2037-01-01 00:00:00" yes' "cancel all yes" >"$FARM/gone.out"
	gone=$(sed -n 's/.*JobId=\([0-9]*\).*/\1/p' "$FARM/gone.out" | head -n 1)
	farm_conf dir '/^Client { Name = "gone-fd"/d'
	farm_console reload | grep '^reloaded'
	jobs=$(catalog "SELECT count(*) FROM job")
	for words in "jobid=$gone yes" "days=10 job=Backup yes" "hours=1 yes no"; do
		run "$FARM/strict" "rerun $words"
		echo "$words: $output"
		[ "$status" -eq 2 ]
		[[ $output != *queued* ]]
		[ "$(catalog "SELECT count(*) FROM job")" -eq "$jobs" ]
	done
	run "$FARM/strict" "rerun jobid=$gone yes"
	[[ $output == *'Client "gone-fd" not found'* ]]
}
