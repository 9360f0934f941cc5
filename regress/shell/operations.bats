#!/usr/bin/env bats
# Every example of docs/operations.md, on a site with one backup.  The commands are taken from the
# page itself; only names, numbers and directories are put in their place.

load ../lib/farm

setup_file() {
	farm_start
	echo one >"$FARM/src/one"
	farm_run Backup Full
	farm_ok
	PATH=$TERCET_BIN:$PATH
	export PATH
}

teardown_file() {
	farm_stop
}

# The indented lines of section $1 of the page, with what this farm has in the place of names.
example() {
	awk -v want="## $1" '/^## /{on = ($0 == want)} on && /^    /{print substr($0, 5)}' \
		"$TERCET_SOURCE/docs/operations.md" |
		sed -e "s|NAME|farm-fd|; s|jobid=N|jobid=$JOB|; s|^show \.\.\.|show pool=Full|" \
			-e "s|OLD.bsr|$FARM/site/var/dir/Backup.bsr|; s|/path/to/volumes|$FARM/site/volumes|; s|/restored|$FARM/out|"
}

@test "looking after a site" {
	JOB=1
	example "Looking after a site" | sed 's/  .*//' >"$FARM/commands"
	[ "$(wc -l <"$FARM/commands")" -ge 6 ]
	"$FARM/site/tconsole" --strict <"$FARM/commands" >"$FARM/looking.out"
	for said in 'Running Jobs:' 'Device status:' 'farm-fd Version:' 'Termination: *Backup OK' 'LabelFormat = "Full-"' '^reloaded'; do
		grep -q "$said" "$FARM/looking.out"
	done
	# shellcheck disable=SC2016 # backquotes of Markdown
	command=$(grep -o '`tercet-dir -t[^`]*`' "$TERCET_SOURCE/docs/operations.md" | tr -d '`')
	[ -n "$command" ]
	for d in dir sd fd; do
		line=${command/-dir/-$d}
		${line/FILE/$FARM/site/etc/tercet-$d.conf}
	done
}

@test "the commands of the catalog, and their exit status" {
	# shellcheck disable=SC2016 # backquotes of Markdown
	commands=$(sed -n '/^| command | does |/,/^$/s/^| `\([a-z]*\)` |.*/\1/p' "$TERCET_SOURCE/docs/operations.md")
	[ "$(wc -w <<<"$commands")" -eq 3 ]
	for command in $commands; do
		tercet-catalog -c "$FARM/site/etc/tercet-dir.conf" -C Main "$command"
	done
	run tercet-catalog -c "$FARM/site/etc/tercet-dir.conf" --no-such-option check
	[ "$status" -eq 41 ]
	run tercet-catalog -c "$FARM/nosuch" check
	[ "$status" -eq 42 ]
}

@test "disaster recovery" {
	example "Disaster recovery" >"$FARM/commands"
	grep -q '^tercet-volume extract -b' "$FARM/commands"
	bash -eu "$FARM/commands"
	diff -r "$FARM/src" "$FARM/out$FARM/src"
	run farm_console "restore bootstrap=$FARM/site/var/dir/Backup.bsr where=$FARM/again yes" wait messages
	[[ $output == *"Restore OK"* ]]
	diff -r "$FARM/src" "$FARM/again$FARM/src"
}
