#!/usr/bin/env bats
# regress/shell/api_modes.bats - every command of the table in the API modes 0, 1 and 2
# labels: quick

load ../lib/farm

setup_file() {
	farm_start
	echo data >"$FARM/src/file"
	farm_run Backup Full
	farm_ok
}

teardown_file() {
	farm_stop
}

@test "every command answers as the specification says, in all three modes" {
	password=$(sed -n 's/^ *Password = "\(.*\)"/\1/p' "$FARM/site/etc/tconsole.conf")
	python3 "$TERCET_SOURCE/regress/shell/api_modes.py" "$FARM_PORT" "$password"
}
