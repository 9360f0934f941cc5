#!/usr/bin/env bats
# regress/setup/addresses.bats - a daemon listens where its name leads, as far as the machine has it

load ../lib/farm

setup_file() {
	farm_make
}

teardown_file() {
	farm_stop
}

# starts HOSTS-FILE: the file daemon of the site, where that is /etc/hosts; until it is ready.
# shellcheck disable=SC2016 # for the inner shell
starts() {
	local rc=0
	unshare -m bash -c 'mount --bind "$1" /etc/hosts && exec "${@:2}"' _ "$1" \
		"$TERCET_BIN/tercet-fd" -c "$FARM/site/etc/tercet-fd.conf" -p "$FARM/fd.pid" >"$FARM/fd.out" 2>&1 || rc=$?
	cat "$FARM/fd.out"
	[ $rc -ne 0 ] || kill "$(cat "$FARM/fd.pid")"
	return $rc
}

@test "a name that stands twice in /etc/hosts" {
	farm_conf fd 's/^  Address = .*/  Address = here.test/'
	printf '127.0.0.1 here.test\n127.0.0.1 other.test here.test\n' >"$FARM/twice"
	starts "$FARM/twice"
}

@test "a name with an address that this machine does not have, and one that it has" {
	farm_conf fd 's/^  Address = .*/  Address = here.test/'
	printf '192.0.2.1 here.test\n127.0.0.1 here.test\n' >"$FARM/foreign"
	starts "$FARM/foreign"
	printf '192.0.2.1 here.test\n' >"$FARM/only"
	run starts "$FARM/only"
	[ "$status" -eq 1 ]
	grep -F "listen on 192.0.2.1:" <<<"$output"
}
