#!/usr/bin/env bats
# regress/director/times.bats - what a client says about the time spoils nobody's log
#
# labels: tsan

load ../lib/farm

setup_file() {
	farm_make
	echo content >"$FARM/src/file"
	python3 "$TERCET_SOURCE/regress/director/odd_client.py" odd >"$FARM/odd.port" 2>"$FARM/odd.log" 3>&- &
	ODD=$!
	export ODD
	farm_await 20 test -s "$FARM/odd.port"
	farm_conf_add dir <<X
Client { Name = "odd"; Address = "127.0.0.1"; Port = $(cat "$FARM/odd.port"); Password = "odd"; TLS Enable = no }
Job { Name = "Odd"; JobDefs = "Standard"; Client = "odd" }
X
	farm_up
}

teardown_file() {
	kill "$ODD"
	farm_stop
}

log_has() { # JOBID TEXT
	farm_joblog "$1" | grep -qF -- "$2"
}

@test "messages of times that no clock shows are kept with the time of their arrival" {
	farm_run Odd Full
	farm_failed
	odd=$JOB
	farm_run Backup Full
	farm_ok
	farm_await 20 log_has "$JOB" "Termination:"
	farm_await 20 log_has "$odd" "a word of 9223372036854775807"
	[ "$(catalog "SELECT count(*) FROM log WHERE jobid = $odd AND logtext LIKE '%a word of%'")" -eq 4 ]
	[ "$(catalog "SELECT count(*) FROM log WHERE abs(extract(epoch FROM localtimestamp - time)) > 86400")" -eq 0 ]
}
