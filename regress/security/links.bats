#!/usr/bin/env bats
# regress/security/links.bats - wrong passwords, TLS refused: clear words, nothing done

load ../lib/farm

setup_file() {
	farm_start
	echo data >"$FARM/src/file"
}

teardown_file() {
	farm_stop
}

@test "a console with a wrong password is refused" {
	sed 's/Password = .*/Password = "wrong"/' "$FARM/site/etc/tconsole.conf" >"$FARM/wrong.conf"
	run "$TERCET_BIN/tconsole" -c "$FARM/wrong.conf" <<<"status director"
	[ "$status" -eq 1 ]
	lacks 'Running Jobs' <<<"$output"
	farm_console "version" | grep -q 'farm-dir'
}

@test "a client with another password fails the job with its reason, the others go on" {
	farm_conf_add dir <<X
Client { Name = "other"; Address = 127.0.0.1; Port = $((FARM_PORT + 1)); Password = "not this" }
Job { Name = "Other"; JobDefs = "Standard"; Client = "other" }
X
	farm_console reload
	farm_run Other Full
	farm_failed
	farm_joblog "$JOB" | grep -iqE 'authori|authenti|password'
	farm_run Backup Full
	[ "$STATUS" = T ]
}

@test "a director that speaks clear text is refused by daemons that want TLS" {
	farm_conf_add dir <<X
Client { Name = "clear"; Address = 127.0.0.1; Port = $((FARM_PORT + 1)); TLS Enable = no
  Password = "$(sed -n '/^Client/,/^}/s/.*Password = "\(.*\)"/\1/p' "$FARM/site/etc/tercet-dir.conf" | head -n 1)" }
Job { Name = "Clear"; JobDefs = "Standard"; Client = "clear" }
X
	farm_console reload
	farm_run Clear Full
	farm_failed
	grep -q 'clear' "$FARM/site/log/tercet-fd.log"
}
