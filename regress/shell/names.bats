#!/usr/bin/env bats
# regress/shell/names.bats - whatever bytes a file's name holds, it is one line, and can be named
#
# Spec: console.md 5.1, 7.4, 8.4

load ../lib/farm

setup_file() {
	farm_make
	farm_conf_add dir <<X
Messages { Name = "Told"; Append = "$FARM/told.log" = all, restored }
Job { Name = "Tell"; Type = Restore; Client = "farm-fd"; FileSet = "Standard"; Storage = "Disk"; Pool = "Full"; Messages = "Told" }
X
	sed -i 's/, !restored//' "$FARM/site/etc/tercet-fd.conf"
	farm_up
	mkdir "$FARM/src/odd" "$FARM/src/di"$'\n'"r"
	for name in $'x\n3 files newly marked.' $'esc\e[31mred' $'cr\r1000 OK' $'c1\xc2\x9b31m' 'back\slash' '[br]' \
		'qu"ote' $'tab\tname' 'plain'; do
		echo data >"$FARM/src/odd/$name"
	done
	echo data >"$FARM/src/di"$'\n'"r/in"
	farm_run Backup Full
	farm_ok
	files=$(find "$FARM/src" -mindepth 1 -printf x | wc -c)
	echo "$files" >"$FARM/files"
}

teardown_file() {
	farm_stop
}

# chosen LINE...: a selection of the whole tree, in the directory of the odd names.
chosen() {
	{
		printf '%s\n' "restore client=farm-fd select current" "cd $FARM/src/odd" "$@" "quit" "quit"
	} | timeout 60 "$TERCET_BIN/tconsole" -c "$FARM/site/etc/tconsole.conf" >"$FARM/tree.out"
}

# No control character but line ends and tabs.
is_clean() {
	! LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]\|\xc2[\x80-\x9f]' "$1"
}

@test "a name that holds line ends and controls is one line of every list" {
	farm_console "list files jobid=1" >"$FARM/list.out"
	[ "$(grep -c "^ $FARM/src/." "$FARM/list.out")" = "$(cat "$FARM/files")" ]
	is_clean "$FARM/list.out"
	farm_console "estimate job=Backup level=Full listing" >"$FARM/estimate.out"
	[ "$(grep -c "^[-d].* $FARM/src/." "$FARM/estimate.out")" = "$(cat "$FARM/files")" ]
	is_clean "$FARM/estimate.out"
	for list in ls .ls dir .dir "find *" "ls *" ".dir *"; do
		chosen "$list"
		echo "== $list"
		cat "$FARM/tree.out"
		grep -q 'x?3 files newly marked\.$' "$FARM/tree.out"
		grep -q 'c1??31m$' "$FARM/tree.out"
		! grep '^3 files newly' "$FARM/tree.out"
		is_clean "$FARM/tree.out"
	done
	chosen "cd ../di*" pwd "mark *" lsmark
	[ "$(grep -c "^cwd is: $FARM/src/di?r/$" "$FARM/tree.out")" = 2 ]
	is_clean "$FARM/tree.out"
}

@test "a name as it is shown marks its file" {
	for name in 'x?3\ files\ newly\ marked.' 'esc?[31mred' '"cr?1000 OK"' 'c1??31m' 'back\\slash' '[br]' 'qu\"ote'; do
		chosen "mark $name"
		echo "== $name"
		cat "$FARM/tree.out"
		grep -q '^1 file newly marked' "$FARM/tree.out"
	done
	chosen "cd ../di?r"
	grep -q "^cwd is: $FARM/src/di?r/$" "$FARM/tree.out"
}

@test "the log of a restore has one line for each file" {
	farm_console "restore client=farm-fd restorejob=Tell where=$FARM/out current select all done yes" wait
	diff -r "$FARM/src" "$FARM/out$FARM/src"
	[ "$(grep -c "farm-fd JobId.* $FARM/out$FARM/src/." "$FARM/told.log")" = "$(cat "$FARM/files")" ]
	is_clean "$FARM/told.log"
}
