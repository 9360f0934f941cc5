#!/usr/bin/env bats
# regress/shell/setdebug.bats - what setdebug leaves and says; several commands in one line

load ../lib/farm

setup_file() {
	farm_start
}

teardown_file() {
	farm_stop
}

state() { # dir, sd, fd: the trace file of that daemon
	# shellcheck source=/dev/null
	(. "$FARM/site/etc/site" && echo "$SITE_STATE/$1/farm-$1.trace")
}

@test "setdebug without trace leaves the trace as it is and says how it is" {
	farm_console "setdebug level=10 director" | grep -F 'level=10 trace=0 hangup=0 timestamp=1 tracefilename='
	[ ! -e "$(state dir)" ]
	farm_console "setdebug level=20 trace=1 director" | grep -F 'level=20 trace=1 '
	farm_console "setdebug level=30 director" | grep -F 'level=30 trace=1 '
	[ -e "$(state dir)" ]
	farm_console "setdebug level=0 trace=0 director" | grep -F 'level=0 trace=0 '
}

@test "trace is turned on and off, and leaves the level" {
	farm_console "setdebug level=10 director" "trace on" | grep -F 'level=10 trace=1 '
	run farm_console trace off
	[[ $output == *"Turn on or off?"*"level=10 trace=0 "* ]]
	farm_console "trace maybe" | grep 'ON or OFF keyword missing'
	farm_console "setdebug level=0 director" | grep -F 'level=0 trace=0 '
}

@test "the same in the other daemons" {
	for d in client=farm-fd storage=Disk; do
		farm_console "setdebug level=10 $d" | grep -E '000 OK setdebug=10 trace=0 '
		farm_console "setdebug level=10 trace=1 $d" | grep -E '000 OK setdebug=10 trace=1 .*tracefile=/.*\.trace'
		farm_console "setdebug level=10 $d" | grep -E '000 OK setdebug=10 trace=1 '
		farm_console "setdebug level=0 trace=0 $d" | grep -E '000 OK setdebug=0 trace=0 '
	done
}

@test "-x: a semicolon ends a command, but not in quotes or behind a backslash" {
	echo content >"$FARM/src/file"
	"$FARM/site/tconsole" --strict -x 'run job=Backup level=Full comment="one; two" yes; wait'
	[ "$(catalog "SELECT comment FROM job ORDER BY jobid DESC LIMIT 1")" = "one; two" ]
	"$FARM/site/tconsole" --strict -x 'run job=Backup level=Full comment=a\;b yes;wait;'
	[ "$(catalog "SELECT comment FROM job ORDER BY jobid DESC LIMIT 1")" = "a;b" ]
	"$FARM/site/tconsole" --strict -x 'run job=Backup level=Full comment="say \"x;y\"" yes; ; wait'
	[ "$(catalog "SELECT comment FROM job ORDER BY jobid DESC LIMIT 1")" = 'say "x;y"' ]
}
