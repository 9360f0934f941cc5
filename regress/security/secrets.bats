#!/usr/bin/env bats
# regress/security/secrets.bats - no password of the site anywhere but in its configuration files

load ../lib/farm

setup_file() {
	farm_make
	echo data >"$FARM/src/file"
	printf '#!/bin/sh\ncat >/dev/null\n' >"$FARM/program"
	chmod 755 "$FARM/program"
	farm_conf_add dir <<-X
		Messages {
		  Name = "Mailed"
		  Mail Command = "$FARM/program mailed %r %e %n"
		  Mail = someone@example.org = all, !skipped
		}
		Job {
		  Name = "Programs"
		  JobDefs = "Standard"
		  Client = "farm-fd"
		  Messages = "Mailed"
		  Run Script { Runs When = Before; Runs On Client = yes; Command = "$FARM/program there %n %c %d" }
		  Run Script { Runs When = After; Runs On Client = no; Command = "$FARM/program here %n %c %h" }
		}
	X
	farm_up
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

traced() { # PID DAEMON: this strace has all threads of the daemon
	! grep -h '^TracerPid:' "/proc/$(farm_pid "$2")"/task/*/status | grep -qv "[^0-9]$1\$"
}

@test "the programs that a job starts get no password in arguments and environment" {
	command -v strace >/dev/null || skip "strace is not installed"
	local d pids=()
	for d in dir fd; do
		strace -f -v -qq -s 4096 -e trace=execve -o "$FARM/started-$d" -p "$(farm_pid $d)" 3>&- &
		pids+=($!)
		farm_await 30 traced $! $d
	done
	farm_run Programs Full
	farm_ok
	kill -INT "${pids[@]}"
	wait "${pids[@]}" || true
	# What the search must see: each program with its environment.
	grep -q '"there", .*"TERCET_JOBID=' "$FARM/started-fd"
	grep -q '"here", .*"TERCET_JOBID=' "$FARM/started-dir"
	grep -q '"mailed", .*"PATH=' "$FARM/started-dir"
	farm_keeps_secrets
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
	echo anything >"$FARM/site/core.1234" # whatever it seems to hold
	run farm_keeps_secrets
	[ "$status" -eq 1 ]
	rm "$FARM/site/core.1234"
	farm_keeps_secrets
}
