#!/usr/bin/env bats
# What a person types wrong, changes in menus and expects of scripts.
# labels: quick

load ../lib/farm

setup_file() {
	farm_start
	mkdir -p "$FARM/src/sub"
	echo one >"$FARM/src/a.txt"
	echo two >"$FARM/src/sub/b.txt"
	farm_console "run job=Backup level=Full yes" wait >"$FARM/run.out"
}

teardown_file() {
	farm_stop
}

@test "jobs are listed by the time that passed, and refused by an unknown client" {
	farm_console "list jobs days=1" | grep -E '^\| +1 \| Backup '
	farm_console "list jobs hours=1 last" | grep -E '^\| +1 \| Backup '
	run "$FARM/site/tconsole" --strict -x "list jobs client=nosuch"
	[ "$status" -eq 2 ]
	[[ $output == *"invalid client argument: nosuch"* ]]
	run "$FARM/site/tconsole" -x "list volume=nosuch"
	[[ $output == *'No Volume "nosuch"'* ]]
	farm_console "rerun days=1" | grep 'No jobids with the specified options'
}

@test "strict tells a failed command in text mode, from arguments and from a pipe" {
	run "$FARM/site/tconsole" --strict -x "version; list foo"
	[ "$status" -eq 2 ]
	run "$FARM/site/tconsole" --strict -x "version"
	[ "$status" -eq 0 ]
	run bash -c "echo foo | '$FARM/site/tconsole' --strict"
	[ "$status" -eq 2 ]
	run bash -c "echo foo | '$FARM/site/tconsole'"
	[ "$status" -eq 0 ]
}

@test "several JSON answers stand on lines of their own" {
	"$FARM/site/tconsole" --json -x ".api 2 compact=yes; version; list foo; time" | python3 -c "
import json, sys
lines = sys.stdin.read().splitlines()
assert lines[-3:] and all(json.loads(l) for l in lines[-3:]), lines
assert 'error' in json.loads(lines[-2])"
}

@test "wrong values of run are errors, not other values" {
	local bad
	for bad in priority=foo backupformat=foo replace=foo level=foo client=nosuch pool=nosuch; do
		run "$FARM/site/tconsole" --strict -x "run job=Backup $bad yes"
		[ "$status" -eq 2 ]
		[[ $output != *queued* ]]
	done
	run farm_console "run job=Backup storage=Dis yes"
	[[ $output == *'Storage "Dis" not found.'* ]]
	[[ $output == *'Did you mean Disk?'* ]]
}

@test "restore says what is wrong before it reads the catalog" {
	local bad
	for bad in replace=foo where=relative regexwhere=foo restorejob=nosuch client=nosuch restoreclient=nosuch bogus=1; do
		run "$FARM/site/tconsole" --strict -x "restore jobid=1 all done $bad yes"
		[ "$status" -eq 2 ]
		[[ $output != *"Building directory tree"* ]]
		[[ $output != *queued* ]]
	done
	run farm_console "restore client=nosuch"
	[[ $output == *'"nosuch": not found'* ]]
	[[ $output != *"13: Cancel"* ]]
}

@test "a wrong pattern is refused before the catalog is read, and jobs without files say so" {
	run farm_console "restore jobid=1 fileregex=[ yes"
	[[ $output == *"fileregex=[:"* ]]
	[[ $output != *"Building directory tree"* ]]
	# Nor may one end the director.
	parentheses=$(printf '%60000s' '' | tr ' ' '(')
	for key in fileregex regexwhere; do
		run farm_console "restore jobid=1 $key=!$parentheses!x! yes" "version"
		grep -F "in one another" <<<"$output"
		grep -iF "version" <<<"$output"
	done
	farm_console 'run job=Backup when="2038-01-01 00:00:00" yes' "cancel all yes" >"$FARM/never.out"
	run farm_console "restore jobid=$(sed -n 's/.*JobId=\([0-9]*\)$/\1/p' "$FARM/never.out" | head -n 1) all done yes"
	[[ $output == *"This job saved no files"* ]]
	[[ $output != *queued* ]]
}

@test "a list says which keyword it does not know" {
	run farm_console "list jobs cleint=farm-fd limit=1"
	[[ $output == *"Unknown keyword: cleint is ignored"* ]]
	[[ $output == *"| Backup "* ]]
	run farm_console "list jobs curent"
	[[ $output == *"Unknown keyword: curent is ignored"* ]]
	run farm_console "list jobs last current enabled reverse count" "list media all" "list joblog jobid=1 count" \
		"list files jobid=1" "list copies" "list backups client=farm-fd order=desc" "list nextvol job=Backup days=7"
	[[ $output != *Unknown* ]]
	run farm_console "list fileset=Standard" "list fileset=nosuch"
	[ "$(grep -c '| Standard ' <<<"$output")" -eq 1 ]
	farm_console "help l" | grep 'l may mean label, list, llist'
	farm_console "label storage=Disk volume="$'\303\251'" pool=Full" | grep 'Illegal character "\\xc3"'
}

@test "the menu of a restore relocates files, and shows how" {
	run farm_console "restore jobid=1 all done" mod 11 1 "$FARM/src" 2 "$FARM/moved" 5 "$FARM/src/a.txt" . 6 yes wait
	[[ $output == *"$FARM/src/a.txt -> $FARM/moved/a.txt"* ]]
	[[ $output == *"RegexWhere:"* ]]
	[ "$(cat "$FARM/moved/a.txt")" = one ]
	[ "$(cat "$FARM/moved/sub/b.txt")" = two ]
}

@test "a restore goes to a whole path, however it is given" {
	for words in "run job=Restore bootstrap=$FARM/none where=here/there yes" "run job=Restore where=../up yes"; do
		run "$FARM/site/tconsole" --strict -x "$words"
		[ "$status" -eq 2 ]
		[[ $output == *"a whole path is needed"* ]]
	done
	run farm_console "restore jobid=1 all done" mod 10 here "mod where=here" no
	[ "$(grep -c "a whole path is needed" <<<"$output")" -eq 2 ]
	[[ $output != *"Where:           here"* ]]
	farm_console "restore jobid=1 all done where=C:/back" no | grep 'Where: *C:/back'
	farm_console "restore jobid=1 all done" mod 10 "" no | grep 'Where: */$'
}

@test "a volume is changed by words and by menu; unknown words are refused" {
	farm_console "label storage=Disk volume=Hand1 pool=Full" | grep 'successfully created'
	run farm_console "update volume=Hand1 volstatus=Used comment=foo"
	[[ $output == *"Invalid keyword: comment"* ]]
	run farm_console "update volume=Hand1" 1 5 4 3 15
	[[ $output == *"Current Volume status is: Append"* ]]
	[[ $output == *"New Volume status is: Used"* ]]
	[[ $output == *"Selection terminated."* ]]
	[ "$(catalog "SELECT volstatus || ' ' || maxvoljobs FROM media WHERE volumename = 'Hand1'")" = "Used 3" ]
	# What is said to be done is done, and nothing else is said to be.
	run farm_console "update volume=Hand1 maxvoljobs=7 recycle=maybe"
	[[ $output == *"Nothing was changed:"*"Invalid recycle value"* ]]
	[ "$(catalog "SELECT maxvoljobs FROM media WHERE volumename = 'Hand1'")" = 3 ]
	run farm_console "update volume=Hand1" .
	[[ $output == *"nothing done"* ]]
	run farm_console "update volume=Hand1" 4 8 .
	[[ $output == *"what was changed stays"* ]]
	[[ $output != *"nothing done"* ]]
	[ "$(catalog "SELECT maxvoljobs FROM media WHERE volumename = 'Hand1'")" = 8 ]
}

@test "a delayed job is canceled, and said once" {
	run farm_console 'run job=Backup when="2038-01-01 00:00:00" yes' "cancel all yes"
	[ "$(grep -c 'marked to be canceled' <<<"$output")" -eq 1 ]
}

@test "the next volume is named, or how it will come to be" {
	farm_console "list nextvol job=Backup days=7" >"$FARM/next.out"
	volume=$(sed -n 's/.* (Pool=Incremental, .*) will be \(Inc-[0-9]*\)$/\1/p' "$FARM/next.out")
	[ -n "$volume" ] || grep 'will be a new one, labeled by "Inc-' "$FARM/next.out"
	farm_console "status director scheduled days=7" >"$FARM/plan.out"
	[ "$(grep -cE "^Incremental .* Backup +${volume:-[*]unknown[*]}$" "$FARM/plan.out")" -ge 5 ]
}

@test "a broken configuration is refused in clear words and the old one stays" {
	cp "$FARM/site/etc/tercet-dir.conf" "$FARM/good.conf"
	sed -i 's/^  Label Format = "Full-"/  Lable Format = "Full-"/' "$FARM/site/etc/tercet-dir.conf"
	run farm_console reload
	[[ $output == *"failed to reload"* ]]
	[[ $output == *"tercet-dir.conf"* ]]
	[[ $output == *"Lable"* ]]
	farm_console "show pool=Full" | grep 'LabelFormat = "Full-"'
	cp "$FARM/good.conf" "$FARM/site/etc/tercet-dir.conf"
	farm_console reload | grep '^reloaded'
}

@test "rubbish does no harm" {
	head -c 200000 /dev/urandom | "$FARM/site/tconsole" >/dev/null 2>&1 || true
	printf 'list jobs \0 x\n\n   \n\377\376\n%s\n' "$(head -c 20000 /dev/zero | tr '\0' x)" |
		"$FARM/site/tconsole" >/dev/null
	farm_console 'run job="Backup' | grep 'Missing closing quote'
	farm_console version | grep 'Version:'
}

@test "daemons whose program was replaced are stopped and started" {
	local bin=$FARM/bin sd
	mkdir "$bin"
	cp "$TERCET_BIN"/tercet-{dir,sd,fd,setup} "$TERCET_BIN/tconsole" "$bin"
	"$FARM/site/tercet" stop
	sed -i "s|^SITE_BIN=.*|SITE_BIN='$bin'|" "$FARM/site/etc/site"
	"$FARM/site/tercet" start
	sd=$(farm_pid sd)
	cp "$bin/tercet-sd" "$bin/new" && mv "$bin/new" "$bin/tercet-sd"
	"$FARM/site/tercet" status | grep "tercet-sd runs (process $sd)"
	"$FARM/site/tercet" restart
	[ "$(farm_pid sd)" != "$sd" ]
	[ ! -d "/proc/$sd" ]
}

@test "a console that leaves in the middle leaves the director in order" {
	( printf 'restore jobid=1\nls\n' ) | "$FARM/site/tconsole" >/dev/null
	( printf 'run job=Backup\nmod\n' ) | "$FARM/site/tconsole" >/dev/null
	farm_console "status director" | grep 'No Jobs running'
}

@test "of the status of the director the parts that are named are printed" {
	run farm_console "status dir running"
	[[ $output == *"No Jobs running"* ]]
	[[ $output != *"Daemon started"* && $output != *"Terminated Jobs"* && $output != *"Scheduled Jobs"* ]]
	run farm_console "status dir header terminated"
	[[ $output == *"Daemon started"*"Terminated Jobs"* ]]
	[[ $output != *"Running Jobs"* ]]
	run farm_console "status director days=3"
	[[ $output == *"Daemon started"*"Scheduled Jobs"*"Running Jobs"*"Terminated Jobs"* ]]
	run farm_console "status dir runing"
	[[ $output == *"Unknown word runing"* ]]
	[[ $output != *"Running Jobs"* ]]
	[ "$("$FARM/site/tconsole" --json -x "status dir running" | python3 -c "
import json, sys
print(*json.load(sys.stdin)['result'])")" = running ]
	run farm_console ".status dir days=3"
	[[ $output == *"1900 Bad .status command"* ]]
}
