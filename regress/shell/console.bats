#!/usr/bin/env bats
# The commands of the console against a whole site, as text and as JSON.
# labels: quick

load ../lib/farm

setup_file() {
	farm_start
	mkdir -p "$FARM/src/sub"
	echo one >"$FARM/src/a.txt"
	echo two >"$FARM/src/sub/b.txt"
	ln "$FARM/src/a.txt" "$FARM/src/sub/hard.txt"
	farm_console "run job=Backup level=Full yes" wait >"$FARM/run.out"
}

teardown_file() {
	farm_stop
}

# json COMMAND PYTHON-EXPRESSION over r, the result, and e, the error.
json() {
	"$FARM/site/tconsole" --json -x "$1" | python3 -c "
import json, sys
d = json.load(sys.stdin)
r, e = d.get('result'), d.get('error')
assert (r is None) != (e is None), d
assert $2, d"
}

@test "a backup ends well and is listed" {
	grep -q 'Job queued. JobId=1' "$FARM/run.out"
	farm_console "list jobs" | grep -E '^\| +1 \| Backup .*\| T +\|'
	json "list jobid=1" "r['jobs'][0]['jobstatus'] == 'T'"
	json "llist jobs" "r['jobs'][0]['job'].startswith('Backup.')"
	json "list jobs count" "r['jobs'] == [{'count': '1'}]"
	json "list jobid=999" "r['jobs'] == {}"
}

@test "lists of all kinds answer in JSON" {
	json "list files jobid=1" "any(f['filename'].endswith('/a.txt') for f in r['filenames'])"
	json "list joblog jobid=1" "len(r['joblog']) > 3"
	json "list clients" "len(r['clients']) == 1"
	json "list pools" "len(r['pools']) == 2"
	json "list volumes all" "len(r['volumes']) == 1"
	json "list jobmedia jobid=1" "r['jobmedia'][0]['firstindex'] == '1'"
	json "list jobs limit=1 offset=0" "r['meta']['range']['filtered'] == 0"
	json "status director" "r['terminated'][0]['status'] == 'OK'"
	json "status scheduler" "len(r['preview']) > 0"
	json "show jobs" "'Backup' in r['jobs']"
	json ".help" "r['restore']['permission'] is True"
	json "estimate job=Backup level=Full" "r['estimate']['files'] > 0"
	json "version" "r['version']['version'].startswith('25.')"
}

@test "wrong input is refused by name" {
	json "foo" "'foo: is an invalid command.' in e['data']['messages']['error'][0]"
	json "list foo" "'Unknown list keyword: foo' in e['data']['messages']['error'][0]"
	json "run job=Backup client=typo yes" "'typo' in e['data']['messages']['error'][0]"
	json "status nosuch" "'nosuch' in e['data']['messages']['error'][0]"
	json "restore client=nobody select current all done yes" "e['code'] == 1"
	json "cancel jobid=999" "'not running' in e['data']['messages']['error'][0]"
	json "prune files yes" "'not available' in e['data']['messages']['error'][0]"
}

@test "passwords are never shown" {
	farm_console "show all" | lacks '\\[md5\\]'
}

@test "a confirmation can be changed and refused" {
	run farm_console "run job=Backup" "mod priority=12" no
	[[ $output == *"Priority: 12"* ]]
	[[ $output == *"Job not run."* ]]
}

@test "a lone period aborts a menu" {
	run farm_console restore .
	[[ $output == *"13: Cancel"* ]]
	[[ $output == *"Selection aborted, nothing done."* ]]
}

# Which of the two names was met first, and holds the data, is the file system's choice.
@test "files marked in the tree are restored, hard links with their data" {
	mapfile -t names < <(catalog "SELECT path || name FROM file JOIN path USING (pathid) WHERE jobid = 1 AND name IN ('a.txt', 'hard.txt') ORDER BY fileindex")
	farm_console "restore client=farm-fd select current where=$FARM/back" \
		"cd $(dirname "${names[1]}")" "mark $(basename "${names[1]}")" "count" "done" yes wait >"$FARM/tree.out"
	grep -q '2 files newly marked.' "$FARM/tree.out"
	[ "$(cat "$FARM/back${names[1]}")" = one ]
	[ "$(stat -c %i "$FARM/back${names[1]}")" = "$(stat -c %i "$FARM/back${names[0]}")" ]
	[ ! -e "$FARM/back$FARM/src/sub/b.txt" ]
}

@test "one file by name, everything by all" {
	json "restore client=farm-fd current file=$FARM/src/sub/b.txt where=$FARM/one yes" "r['run']['jobid']"
	json "restore jobid=1 all done yes where=$FARM/all" "r['run']['jobid']"
	farm_console wait >/dev/null
	[ "$(cat "$FARM/one$FARM/src/sub/b.txt")" = two ]
	diff -r "$FARM/src" "$FARM/all$FARM/src"
}

@test "strict exits with 2 when a command failed" {
	run "$FARM/site/tconsole" --strict --json -x "list foo"
	[ "$status" -eq 2 ]
	run "$FARM/site/tconsole" --strict --json -x "list jobs"
	[ "$status" -eq 0 ]
}

@test "a line that does not fit is not sent, and the answers stay with their commands" {
	big=$(head -c 2100000 /dev/zero | tr '\0' 'x')
	printf '%s\n' "list jobs jobid=1 x=$big" "version" "list jobs" >"$FARM/big.in"
	"$FARM/site/tconsole" <"$FARM/big.in" | cut -c 1-200 >"$FARM/big.out"
	grep -q 'is not sent' "$FARM/big.out"
	[ "$(grep -c 'more than the' "$FARM/big.out")" -eq 0 ]
	# The answer of "version" stands behind it and before the next command.
	sed -n '/^version$/,/^list jobs$/p' "$FARM/big.out" | grep -q 'Version: '
	sed -n '/^list jobs$/,$p' "$FARM/big.out" | grep -q '| Backup '
}

@test "output that cannot be written is said" {
	run farm_console "@output /dev/full" "list jobs" "@output $FARM/next.out" "@echo behind"
	[ "$status" -eq 1 ]
	grep -F "/dev/full: No space left on device" <<<"$output"
	grep -Fx behind "$FARM/next.out"
	lacks "No space" <"$FARM/next.out"
	run farm_console "@tee /dev/full" "list jobs"
	[ "$status" -eq 1 ]
	grep -F "/dev/full: No space left on device" <<<"$output"
	run bash -c '"$1" -x "list jobs" 2>&1 >/dev/full' _ "$FARM/site/tconsole"
	[ "$status" -eq 1 ]
	grep -F "standard output: No space left on device" <<<"$output"
	# Whoever wants no more has not lost anything.
	"$FARM/site/tconsole" -x "list jobs" 2>"$FARM/head.err" | head -n 1
	[ ! -s "$FARM/head.err" ]
}

@test "the options of the console it stands in for are taken" {
	for option in "--config $FARM/site/etc/tconsole.conf" "-D farm-dir" "--director farm-dir" "-u 5" "--timeout 5" \
		-s --no-signals "-d 0" "--debug-level 0" --dt; do
		# shellcheck disable=SC2086 # an option and its value
		"$TERCET_BIN/tconsole" -c "$FARM/site/etc/tconsole.conf" $option -l | grep -Fx farm-dir
	done
}
