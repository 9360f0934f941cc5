#!/usr/bin/env bats
# regress/security/strangers.bats - a thousand connections that send nonsense keep nobody out

load ../lib/farm

setup_file() {
	farm_start
	echo data >"$FARM/src/file"
	farm_run Backup Full
}

teardown_file() {
	farm_stop
}

rss() { # daemon: resident KiB
	awk '/^VmRSS/ { print $2 }' "/proc/$(farm_pid "$1")/status"
}

threads() { # daemon
	awk '/^Threads/ { print $2 }' "/proc/$(farm_pid "$1")/status"
}

# storm PORT NUMBER SOURCES: until storm_end.
storm() {
	mkfifo "$FARM/storm.in"
	python3 "$TERCET_SOURCE/regress/security/strangers.py" "$@" <"$FARM/storm.in" >"$FARM/storm.out" 3>&- &
	STORM=$!
	exec 8>"$FARM/storm.in"
	farm_await 30 grep -q ready "$FARM/storm.out"
}

storm_end() {
	exec 8>&-
	wait "$STORM"
	rm -f "$FARM/storm.in"
}

figure() { # text: for the reader of the test's output
	echo "# $*" >&3
}

# few_threads DAEMON: what the strangers had is given back.
few_threads() {
	[ "$(threads "$1")" -lt 40 ]
}

# weather DAEMON PORT SOURCES COMMAND...: the command works in a storm on that daemon, and the storm
# costs a bounded number of threads and of bytes.
weather() {
	local daemon=$1 port=$2 sources=$3 before after began took
	shift 3
	before=$(rss "$daemon")
	storm "$port" 1000 "$sources"
	began=$(date +%s%3N)
	"$@"
	took=$(($(date +%s%3N) - began))
	after=$(rss "$daemon")
	figure "$daemon, 1000 strangers of $sources addresses: $* took $took ms;" \
		"$((after - before)) KiB more, $(threads "$daemon") threads"
	[ "$took" -lt 20000 ]
	[ "$(threads "$daemon")" -lt 700 ]
	case ${TERCET_SANITIZE:-} in '') [ $((after - before)) -lt 65536 ] ;; esac
	storm_end
	farm_await 30 few_threads "$daemon"
}

status_director() {
	farm_console "status director" | grep -q 'Running Jobs'
}

status_client() {
	farm_console "status client=farm-fd" | grep -q 'farm-fd Version'
}

status_storage() {
	farm_console "status storage" | grep -q 'farm-sd Version'
}

a_backup() {
	farm_run Backup Full
	farm_ok
}

one_of_each() { # kind...: a single stranger of each at each daemon, until it is shown out
	python3 - "$FARM_PORT" "$@" <<'X'
import os, socket, sys
sys.path.insert(0, os.environ['TERCET_SOURCE'] + '/regress/security')
sys.dont_write_bytecode = True
from strangers import KINDS
strangers = []
for port in range(3):
    for kind in sys.argv[2:]:
        s = socket.create_connection(('127.0.0.1', int(sys.argv[1]) + port))
        s.settimeout(60)
        s.sendall(KINDS[kind])
        strangers.append(s)
for s in strangers:
    try:
        while s.recv(1000):
            pass
    except ConnectionResetError:
        pass
X
}

@test "each kind of nonsense has its own words" {
	local log d words
	one_of_each garbage huge large unknown nothing half-frame tls-half
	for d in dir fd sd; do
		log=$FARM/site/log/tercet-$d.log
		while read -r words; do
			farm_await 30 grep -q "connection from 127.0.0.1:.* refused: .*$words" "$log"
		done <<-'X'
			neither a Hello nor TLS
			frame of 2147483647 bytes
			a Hello of 900000 bytes is outside
			unknown director "nobody"
			time is up
		X
		# Nothing, half a frame and half a handshake: each had its ten seconds.
		[ "$(grep -c 'refused: .*\(time is up\|no more\|no Hello\)' "$log")" -ge 3 ]
	done
}

@test "consoles get through to the director, from the strangers' address and from another" {
	weather dir "$FARM_PORT" 1 status_director
	weather dir "$FARM_PORT" 20 status_director
}

@test "the director gets through to the client, and a backup works" {
	weather fd $((FARM_PORT + 1)) 1 status_client
	weather fd $((FARM_PORT + 1)) 20 a_backup
}

@test "director and client get through to the storage daemon" {
	weather sd $((FARM_PORT + 2)) 20 status_storage
	weather sd $((FARM_PORT + 2)) 20 a_backup
}

@test "the log names address and reason, in so many lines" {
	for d in dir fd sd; do
		log=$FARM/site/log/tercet-$d.log
		grep -qE 'connection from 127\.0\.1\.[0-9]+:[0-9]+ refused: ' "$log"
		[ "$(grep -c 'refused: ' "$log")" -lt 500 ]
	done
}
