#!/usr/bin/env bats
# regress/setup/addresses.bats - a daemon listens where its name leads, as far as the machine has it

load ../lib/farm
load ../lib/elsewhere

setup_file() {
	farm_make
	elsewhere_make
	farm_conf fd 's/^  Address = .*/  Address = here.test/'
}

teardown_file() {
	farm_stop
}

# starts ADDRESSES: the file daemon of the site, where its name leads to them; until it is ready.
starts() {
	local rc=0
	elsewhere "$1" "$TERCET_BIN/tercet-fd" -c "$FARM/site/etc/tercet-fd.conf" -p "$FARM/fd.pid" >"$FARM/fd.out" 2>&1 || rc=$?
	cat "$FARM/fd.out"
	[ $rc -ne 0 ] || kill "$(cat "$FARM/fd.pid")"
	return $rc
}

@test "a name that has an address twice" {
	starts "127.0.0.1 127.0.0.1"
}

@test "a name with an address that this machine does not have, and one that it has" {
	starts "192.0.2.1 127.0.0.1"
	run starts "192.0.2.1"
	[ "$status" -eq 1 ]
	grep -F "listen on 192.0.2.1:" <<<"$output"
}

@test "a dead address of a name leaves time for the next" {
	cat >"$FARM/console.conf" <<X
Director { Name = here; Address = here.test; Port = $FARM_PORT; Password = x }
X
	chmod 600 "$FARM/console.conf"
	# Who has as many callers as he lets wait answers no more.
	cat >"$FARM/meet.py" <<'X'
import socket, subprocess, sys, time
port, *command = sys.argv[1:]
with socket.create_server(('::1', int(port)), family=socket.AF_INET6, backlog=0), \
        socket.create_server(('127.0.0.1', int(port))) as alive:
    waiting = [socket.socket(socket.AF_INET6) for _ in range(4)]
    for s in waiting:
        s.setblocking(False)
        s.connect_ex(('::1', int(port)))
    alive.settimeout(0.5)
    began = time.monotonic() # 15 seconds are for everything
    console = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        while console.poll() is None:
            try:
                alive.accept()[0].close()
                sys.exit(time.monotonic() > began + 14 and 'the other address was tried when time was up')
            except TimeoutError:
                pass
        sys.exit('the console gave up without trying the other address')
    finally:
        console.kill()
        console.wait()
X
	elsewhere "::1 127.0.0.1" python3 "$FARM/meet.py" "$FARM_PORT" "$TERCET_BIN/tconsole" -c "$FARM/console.conf"
}

@test "a name server that does not answer now may answer soon" {
	farm_conf fd 's/^  Address = .*/  Address = 127.0.0.1/'
	farm_conf dir '/^  Name = "farm-fd"/,/Address/s/Address = .*/Address = here.test/'
	touch "$FARM/no-names"
	elsewhere "127.0.0.1" "$FARM/site/tercet" start >"$FARM/start.out" 2>&1
	echo content >"$FARM/src/file"
	JOB=$(farm_console "run job=Backup level=Full yes" | sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p')
	tries_again() { farm_joblog "$JOB" | grep -F 'Could not connect to Client farm-fd' | grep -F Retrying; }
	farm_await 30 tries_again
	rm "$FARM/no-names"
	done_well() { [ "$(farm_job_status "$JOB")" = T ]; }
	farm_await 60 done_well
	# The same of the name that the director itself is to have.
	farm_conf dir '/^  Name = "farm-fd"/,/Address/s/Address = .*/Address = 127.0.0.1/'
	farm_conf dir '0,/^Director {/s//&\n  Source Address = here.test/'
	farm_console reload
	touch "$FARM/no-names"
	JOB=$(farm_console "run job=Backup level=Full yes" | sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p')
	tries_again() { farm_joblog "$JOB" | grep -F 'Could not connect to' | grep -F Retrying; }
	farm_await 30 tries_again
	rm "$FARM/no-names"
	farm_await 60 done_well
	farm_conf dir '/Source Address/d'
	# A name that there is not has no second chance.
	farm_conf dir '/^  Name = "farm-fd"/,/Address/s/Address = .*/Address = nowhere.test/'
	farm_console reload
	farm_run Backup Full
	farm_failed
	farm_joblog "$JOB" | lacks Retrying
}
