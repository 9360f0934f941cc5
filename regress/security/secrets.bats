#!/usr/bin/env bats
# regress/security/secrets.bats - no password of the site anywhere but in its configuration files

load ../lib/farm

setup_file() {
	farm_start
	echo data >"$FARM/src/file"
}

teardown_file() {
	farm_stop
}

# Everything that may tell too much tells it into files below $FARM; farm_keeps_secrets looks there.

@test "show, exports, statuses and debug output have no password" {
	farm_console "show all" "show clients verbose" "show storages" "show directors" "show consoles" \
		".api 2" "show all" ".api 0" "status director" "status client" "status storage" >"$FARM/show.out"
	grep -q 'Password = "\*\*\*\*' "$FARM/show.out"
	for d in dir sd fd; do
		"$TERCET_BIN/tercet-$d" --xc -c "$FARM/site/etc/tercet-$d.conf" >"$FARM/xc-$d.conf" # a configuration again (config.md 8.1)
		"$TERCET_BIN/tercet-$d" -t -v -c "$FARM/site/etc/tercet-$d.conf" >"$FARM/t-$d.out" 2>&1
		grep -q Password "$FARM/xc-$d.conf"
	done
	farm_keeps_secrets
}

@test "a job that is traced with all there is leaves no password and no job key" {
	farm_console "setdebug level=1000 trace=1 dir" "setdebug level=1000 trace=1 client=farm-fd" \
		"setdebug level=1000 trace=1 storage" >"$FARM/debug.out"
	farm_run Backup Full
	farm_ok
	farm_console "setdebug level=0 trace=0 all" >>"$FARM/debug.out"
	farm_keeps_secrets
	# A job's key is 8 groups of 4 letters (wire.md 9).
	grep -rhE '\b([A-P]{4}-){7}[A-P]{4}\b' "$FARM" --include='*.log' --include='*.trace' --include='*.out' |
		lacks '.'
}

@test "wrong passwords, broken configurations and strangers put none into the logs" {
	sed 's/Password = "/&wrong/' "$FARM/site/etc/tconsole.conf" >"$FARM/wrong.conf"
	"$TERCET_BIN/tconsole" -c "$FARM/wrong.conf" <<<"status director" >"$FARM/wrong.out" 2>&1 || true
	cp "$FARM/site/etc/tercet-dir.conf" "$FARM/saved.conf"
	sed -i 's/Password = "\(.*\)"/Passwort = "\1"/' "$FARM/site/etc/tercet-dir.conf"
	farm_console "reload" >"$FARM/reload.out" 2>&1 || true
	cp "$FARM/saved.conf" "$FARM/site/etc/tercet-dir.conf"
	grep -q 'unknown directive' "$FARM/reload.out" "$FARM/site/log/tercet-dir.log"
	farm_keeps_secrets
}

@test "no core file of a daemon is written" {
	for d in dir sd fd; do
		grep -qE '^Max core file size +0 +0' "/proc/$(farm_pid "$d")/limits"
	done
}

@test "the search finds what it is to find" {
	password=$(sed -n 's/^ *Password = "\([^"]*\)".*/\1/p' "$FARM/site/etc/tercet-fd.conf" | head -n 1)
	echo "xx${password}yy" >"$FARM/leak"
	run farm_keeps_secrets
	[ "$status" -eq 1 ]
	printf %s "$password" | md5sum >"$FARM/leak"
	run farm_keeps_secrets
	[ "$status" -eq 1 ]
	rm "$FARM/leak"
	farm_keeps_secrets
}
