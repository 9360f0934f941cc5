#!/usr/bin/env bats
# regress/shell/relay.bats - the answer of a daemon that does not end

load ../lib/farm

setup_file() {
	farm_make
	python3 "$TERCET_SOURCE/regress/shell/talking_client.py" talker >"$FARM/talker.port" 2>"$FARM/talker.log" 3>&- &
	TALKER=$!
	export TALKER
	farm_await 20 test -s "$FARM/talker.port"
	farm_conf_add dir <<X
Client { Name = "talker"; Address = "127.0.0.1"; Port = $(cat "$FARM/talker.port"); Password = "talker"; TLS Enable = no }
Job { Name = "Walk"; JobDefs = "Standard"; Client = "talker" }
X
	farm_conf dir 's/^Director {/&\n  Absolute Job Timeout = 3/'
	farm_up
}

teardown_file() {
	kill "$TALKER"
	farm_stop
}

resident() { # in KiB
	sed -n 's/^VmHWM: *\([0-9]*\) kB/\1/p' "/proc/$(farm_pid dir)/status"
}

@test "a client that talks for ever is cut, with the reason; the director's memory is bounded" {
	before=$(resident)
	"$FARM/site/tconsole" --json -x "status client=talker" >"$FARM/json.out" || true
	tail -c 2000 "$FARM/json.out" | grep -q 'the answer is longer than'
	[ $(($(resident) - before)) -lt 300000 ]
	farm_console "status client=talker" | tail -n 3 | grep 'the answer is longer than'
	farm_console "status director" | grep -q 'Running Jobs'
}

@test "an estimate is given up when a job would be, not before" {
	run farm_console "estimate job=Walk level=Full"
	[[ $output == *"time is up waiting for the client's estimate"* ]]
}
