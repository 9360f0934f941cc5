#!/usr/bin/env bats
# regress/director/verdict.bats - a job is OK when client, storage daemon and catalog agree, and not else
#
# What the daemons say passes a proxy that changes it (liar.py).

load ../lib/farm

FILES=4 # of a backup: three, and their directory

setup_file() {
	local d
	farm_make
	for n in 1 2 3; do echo "content $n" >"$FARM/src/file-$n"; done
	for d in dir sd fd; do farm_conf "$d" 's/^  Password = .*/&\n  TLS Enable = no/'; done
	for d in sd fd; do farm_conf "$d" 's/^  Working Directory = .*/&\n  TLS Enable = no\n  TLS Require = no/'; done
	liar fd $((FARM_PORT + 1))
	liar sd $((FARM_PORT + 2))
	farm_conf dir "/^Client {/,/^}/s/^  Port = .*/  Port = $(cat "$FARM/fd.port")/"
	farm_conf dir "/^Storage {/,/^}/s/^  Port = .*/  Port = $(cat "$FARM/sd.port")/"
	farm_up
	farm_run Backup Full
	farm_ok
	echo "$JOB" >"$FARM/good"
}

liar() { # daemon, its port
	python3 "$TERCET_SOURCE/regress/director/liar.py" "$2" "$FARM/$1.lies" >"$FARM/$1.port" 3>&- &
	echo $! >>"$FARM/liars"
	farm_await 30 test -s "$FARM/$1.port"
}

teardown_file() {
	local pid
	while read -r pid; do kill "$pid"; done <"$FARM/liars"
	farm_stop
}

setup() {
	rm -f "$FARM"/*.lies
}

lie() { # daemon, what it says, what the director hears instead
	echo "$2 => $3" >>"$FARM/$1.lies"
}

# A backup ends with this status, and these words in its log.
backup_ends() { # letter [words]
	farm_run Backup Full
	farm_joblog "$JOB" >"$FARM/job.log"
	echo "status $STATUS"
	[ "$STATUS" = "$1" ]
	[ $# -eq 1 ] || grep -F -- "$2" "$FARM/job.log"
}

restore_ends() { # letter [words]
	rm -rf "$FARM/out"
	farm_restore "$(cat "$FARM/good")" "$FARM/out" || true
	farm_joblog "$RESTORE" >"$FARM/job.log"
	echo "status $RESTORE_STATUS"
	[ "$RESTORE_STATUS" = "$1" ]
	[ $# -eq 1 ] || grep -F -- "$2" "$FARM/job.log"
}

@test "the counts of client, storage daemon and catalog must be one" {
	backup_ends T
	lie fd "2800 (.*) JobFiles=$FILES" '2800 \1 JobFiles=5'
	backup_ends E "File counts disagree: client 5, storage daemon $FILES, catalog $FILES"
	lie sd "3099 (.*) JobFiles=$FILES" '3099 \1 JobFiles=5'
	backup_ends E "File counts disagree: client 5, storage daemon 5, catalog $FILES"
	rm "$FARM/fd.lies"
	backup_ends E "File counts disagree: client $FILES, storage daemon 5, catalog $FILES"
}

@test "what either daemon says of its end is the end of the job" {
	lie fd '2800 (.*) TermCode=84' '2800 \1 TermCode=69'
	backup_ends E
	lie fd '2800 (.*) TermCode=69' '2800 \1 TermCode=102'
	backup_ends f
	rm "$FARM/fd.lies"
	lie sd '3099 (.*) JobStatus=84' '3099 \1 JobStatus=69'
	backup_ends E
	rm "$FARM/sd.lies"
	lie fd '2800 (.*) Errors=0' '2800 \1 Errors=1'
	backup_ends W
	rm "$FARM/fd.lies"
	lie fd '2800 (.*) TermCode=84' '2800 \1 TermCode=87'
	backup_ends W
	rm "$FARM/fd.lies"
	lie sd '3099 (.*) JobErrors=0' '3099 \1 JobErrors=1'
	backup_ends W
}

@test "a client whose data the storage daemon did not take whole has not ended well" {
	lie sd '^3000 OK end' '3999 no end'
	backup_ends f "the storage daemon said: 3999 no end"
	rm "$FARM/sd.lies"
	lie sd '^3000 OK append data' '3999 not taken'
	backup_ends f "the storage daemon said: 3999 not taken"
	rm "$FARM/sd.lies"
	lie sd '^3000 OK close Status = 84' '3000 OK close Status = 69'
	backup_ends f "the storage daemon ended the job with status E"
}

@test "who says nothing of its end has not ended well" {
	lie fd '^2800 ' '2809 '
	backup_ends f "No Job status returned from FD"
	rm "$FARM/fd.lies"
	lie sd '^3099 ' '3098 '
	backup_ends f "Director's comm line to SD dropped"
}

@test "files of which nobody says where they are cannot be restored" {
	lie sd "LastIndex=$FILES" 'LastIndex=3'
	backup_ends E "has said where files 1 to 3 of $FILES are on its volumes"
}

@test "a restore of fewer files than were chosen has a warning, of none it has failed" {
	restore_ends T
	lie fd "2800 (.*) JobFiles=$FILES" '2800 \1 JobFiles=3'
	restore_ends W "File count mismatch: expected=$FILES , restored=3"
	lie fd '2800 (.*) JobFiles=3' '2800 \1 JobFiles=5'
	restore_ends W "File count mismatch: expected=$FILES , restored=5"
	lie fd '2800 (.*) JobFiles=5' '2800 \1 JobFiles=0'
	lie fd '2800 (.*) Errors=0' '2800 \1 Errors=1'
	restore_ends E "File count mismatch: expected=$FILES , restored=0"
}

@test "a restore ends as its daemons say" {
	lie fd '2800 (.*) TermCode=84' '2800 \1 TermCode=69'
	restore_ends E
	rm "$FARM/fd.lies"
	lie sd '3099 (.*) JobStatus=84' '3099 \1 JobStatus=69'
	restore_ends E
	rm "$FARM/sd.lies"
	lie sd '3099 (.*) JobErrors=0' '3099 \1 JobErrors=1'
	restore_ends W
}
