#!/usr/bin/env bats
# regress/setup/dump.bats - the commands of docs/operations.md that dump a managed catalog and bring it back

load ../lib/farm

setup_file() {
	farm_start
	echo content >"$FARM/src/file"
	farm_run Backup Full
	farm_ok
}

teardown_file() {
	farm_stop
}

# The lines of the section, with this site's directory and the owner of its cluster.
typed() { # a word of the line
	local state
	# shellcheck source=/dev/null
	state=$(. "$FARM/site/etc/site" && echo "$SITE_STATE")
	sed -n '/^### Dumping a managed catalog/,/^##* [^D]/s/^    //p' "$TERCET_SOURCE/docs/operations.md" | grep -F "$1" |
		sed "s,/srv/tercet/var,$state,g; s,/srv/tercet,$FARM/site,g; s,-U postgres,-U $(stat -c %U "$state/dir/catalog/data"),;
			s,/srv/dump,$FARM,g"
}

@test "dumped in use, thrown away, brought back: jobs restore, consoles query, the next job runs" {
	bash -euc "$(typed pg_dump)"
	farm_run Backup Full
	farm_ok
	bash -euc "$(typed psql)"
	bash -euc "$(typed restart)" 3>&-
	[ "$(catalog "SELECT count(*) FROM job")" -eq 1 ]
	farm_restore 1 "$FARM/out"
	diff -r "$FARM/src" "$FARM/out$FARM/src"
	farm_console sqlquery "SELECT 'files ' || count(*) AS n FROM file;" "" | grep -E 'files [1-9]'
	"$TERCET_BIN/tercet-catalog" -c "$FARM/site/etc/tercet-dir.conf" check
	farm_run Backup Full
	farm_ok
	farm_joblog "$JOB" | grep -E "whole blocks? behind that (is|are) kept"
}
