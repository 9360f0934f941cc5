#!/usr/bin/env bats
# regress/security/client.bats - what a director may do to a client, and a volume to its files

load ../lib/farm

setup_file() {
	farm_make
	chmod 755 "$FARM"
	mkdir -p "$FARM/scripts" "$FARM/elsewhere"
	printf '#!/bin/sh\necho ran >>%s/ran\n' "$FARM" >"$FARM/scripts/good"
	cp "$FARM/scripts/good" "$FARM/elsewhere/bad"
	chmod 755 "$FARM"/scripts/good "$FARM"/elsewhere/bad
	ln -s ../elsewhere/bad "$FARM/scripts/link"
	farm_conf_add dir <<X
FileSet { Name = "Program"; Include { Options { Signature = XXH128 } File = "\\\\|$FARM/scripts/good"; File = "$FARM/src" } }
Job { Name = "Program"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Program" }
Job { Name = "Good"; JobDefs = "Standard"; Client = "farm-fd"
  RunScript { Runs When = Before; Command = "$FARM/scripts/good" } }
Job { Name = "Link"; JobDefs = "Standard"; Client = "farm-fd"
  RunScript { Runs When = Before; Command = "$FARM/scripts/link" } }
X
	mkdir -p "$FARM/src/dir"
	echo data >"$FARM/src/dir/file"
	farm_up
}

teardown_file() {
	farm_stop
}

# The file daemon with these lines in its Director resource.
fd_with() {
	farm_conf fd '/^  Allowed /d'
	farm_conf fd "/^Director {/a\\
$1"
	kill -HUP "$(farm_pid fd)"
	farm_await 30 grep -q 'read again' "$FARM/site/log/tercet-fd.log"
	: >"$FARM/ran"
}

@test "a fileset's program runs where scripts may run, and nowhere else" {
	fd_with '  Allowed Job Command = backup, restore, runscript'
	farm_run Program Full
	grep -q ran "$FARM/ran"
	: >"$FARM/site/log/tercet-fd.log"
	fd_with '  Allowed Job Command = backup, restore'
	farm_run Program Full
	[ ! -s "$FARM/ran" ]
	farm_joblog "$JOB" | grep -q 'does not let director farm-dir run programs'
}

@test "scripts come from the allowed directories, links resolved" {
	: >"$FARM/site/log/tercet-fd.log"
	fd_with "  Allowed Script Dir = \"$FARM/scripts\""
	farm_run Good Full
	farm_ok
	grep -q ran "$FARM/ran"
	: >"$FARM/ran"
	farm_run Link Full
	[ ! -s "$FARM/ran" ]
	farm_joblog "$JOB" | grep -q 'is in no Allowed Script Dir'
}

@test "a restore in place does not follow a link that another user put there" {
	[ "$(id -u)" = 0 ] || skip "only root can make a link of another user"
	: >"$FARM/site/log/tercet-fd.log"
	fd_with ''
	farm_run Backup Full
	farm_ok
	rm -r "$FARM/src/dir"
	mkdir "$FARM/theirs"
	ln -s "$FARM/theirs" "$FARM/src/dir"
	chown -h 65534 "$FARM/src/dir"
	farm_restore "$JOB" / || true
	[ ! -e "$FARM/theirs/file" ]
	farm_joblog "$RESTORE" | grep -q 'is a symbolic link of user 65534 and is not followed'
}
