#!/usr/bin/env bats
# regress/setup/site.bats - what tercet-setup writes: secrets, units, one more client

load ../lib/farm

setup_file() {
	farm_make
}

teardown_file() {
	if [ -f "$FARM/web1.pid" ]; then
		kill "$(cat "$FARM/web1.pid")"
	fi
	# What this file wrote of the secrets itself.
	rm -rf "${FARM:?}"/{a,b,bad,before,odd,other,quiet,units,web1,web1.out}
	farm_stop
}

passwords() {
	sed -n 's/.*Password = "\(.*\)".*/\1/p' "$1"/etc/*.conf | sort -u
}

@test "nobody but the owner can read a secret, and no two sites share one" {
	"$TERCET_BIN/tercet-setup" --name farm --bin "$TERCET_BIN" "$FARM/other" >/dev/null
	[ -z "$(find "$FARM/site/etc" "$FARM/other/etc" -perm /077)" ]
	passwords "$FARM/site" >"$FARM/a"
	passwords "$FARM/other" >"$FARM/b"
	[ "$(wc -l <"$FARM/a")" -ge 3 ]
	[ -z "$(comm -12 "$FARM/a" "$FARM/b")" ]
	[ "$(grep -cE '^[A-Za-z0-9+/=_-]{32,}$' "$FARM/a")" = "$(wc -l <"$FARM/a")" ]
	[ "$(grep -cFf "$FARM/a" "$FARM/setup.out")" = 0 ]
}

@test "it has nothing to say against what it wrote" {
	"$TERCET_BIN/tercet-setup" --name farm --bin "$TERCET_BIN" "$FARM/quiet" >"$FARM/quiet.out" 2>&1
	grep -F 'Site "farm" is written' "$FARM/quiet.out"
	lacks 'warning' <"$FARM/quiet.out"
	for d in dir sd fd; do
		"$TERCET_BIN/tercet-$d" -t -c "$FARM/quiet/etc/tercet-$d.conf" >"$FARM/quiet.out" 2>&1
		lacks 'warning' <"$FARM/quiet.out"
	done
}

@test "a site is not written over" {
	cp "$FARM/site/etc/tercet-dir.conf" "$FARM/before"
	run "$TERCET_BIN/tercet-setup" --name farm --bin "$TERCET_BIN" "$FARM/site"
	[ "$status" -ne 0 ]
	cmp "$FARM/before" "$FARM/site/etc/tercet-dir.conf"
}

@test "systemd finds no fault in the units" {
	"$TERCET_BIN/tercet-setup" --systemd --bin "$TERCET_BIN" "$FARM/units" >/dev/null
	[ "$(find "$FARM/units/systemd" -name '*.service' | wc -l)" = 3 ]
	run systemd-analyze verify "$FARM"/units/systemd/*.service
	echo "$output"
	[ "$status" -eq 0 ]
	lacks "$FARM" <<<"$output"
	# To stop one is to ask the daemon alone: it ends its scripts, jobs and catalog in their order.
	for unit in "$FARM"/units/systemd/*.service; do
		grep -x KillMode=mixed "$unit"
	done
	grep -x "ExecReload=/bin/kill -HUP \$MAINPID" "$FARM/units/systemd/tercet-dir.service"
	lacks ExecReload <"$FARM/units/systemd/tercet-sd.service" # it does not read its configuration again
}

@test "one more client, as --add-client prints it, is backed up" {
	port=$(farm_ports)
	farm_up
	"$TERCET_BIN/tercet-setup" --add-client web1 --client-address 127.0.0.1 --client-port "$port" "$FARM/site" >"$FARM/web1.out"
	mkdir "$FARM/web1"
	sed -n '/^Client {/,/^$/p' "$FARM/web1.out" |
		sed "s,/var/lib/tercet,$FARM/web1," >"$FARM/web1/tercet-fd.conf"
	chmod 600 "$FARM/web1/tercet-fd.conf"
	"$TERCET_BIN/tercet-fd" -t -c "$FARM/web1/tercet-fd.conf"
	"$TERCET_BIN/tercet-fd" -c "$FARM/web1/tercet-fd.conf" -p "$FARM/web1.pid" 3>&-
	farm_console reload
	tree make "$FARM/src" --seed 3 --files 20
	farm_run Backup Full client=web1-fd
	farm_ok
	[ "$(catalog "SELECT c.name FROM job JOIN client c USING (clientid) WHERE jobid = $JOB")" = web1-fd ]
}

@test "an option of the other use is refused, nothing is written" {
	for words in "--port 9000" "--name x" "--address a" "--backup /etc" "--bin $TERCET_BIN" --systemd; do
		# shellcheck disable=SC2086 # an option and its value
		run "$TERCET_BIN/tercet-setup" --add-client web2 $words "$FARM/site"
		[ "$status" -eq 2 ]
		[[ $output == *"${words%% *}"*"--add-client"* ]]
		[ ! -e "$FARM/site/etc/tercet-dir.d/client-web2.conf" ]
	done
	run "$TERCET_BIN/tercet-setup" --client-port 9000 "$FARM/none"
	[ "$status" -eq 2 ]
	[ ! -e "$FARM/none" ]
	for none in 0 70000; do
		run "$TERCET_BIN/tercet-setup" --add-client web2 --client-port $none "$FARM/site"
		[ "$status" -eq 2 ]
		grep -F "outside 1..65535" <<<"$output"
	done
	# What the director would not take is not written: its own name, a Job's, a quote.
	# shellcheck disable=SC2089 # the quote is meant
	for words in farm Backup 'web2 --client-address a"b'; do
		# shellcheck disable=SC2086,SC2090 # words
		run "$TERCET_BIN/tercet-setup" --add-client $words "$FARM/site"
		[ "$status" -eq 1 ]
		[ ! -e "$FARM/site/etc/tercet-dir.d/client-${words%% *}.conf" ]
	done
	run "$TERCET_BIN/tercet-setup" --add-client web2 --client-port 9x "$FARM/site"
	[ "$status" -eq 2 ]
}

@test "what cannot be a site leaves none" {
	for dir in "$FARM/with blank" "$FARM/it's" "$FARM/a\$(id)"; do
		run "$TERCET_BIN/tercet-setup" --name farm --bin "$TERCET_BIN" "$dir"
		[ "$status" -eq 2 ]
		[[ $output == *"$dir"* ]]
		[ ! -e "$dir" ]
	done
	for path in relative/path '|id' ''; do
		run "$TERCET_BIN/tercet-setup" --name farm --bin "$TERCET_BIN" --backup "$path" "$FARM/bad"
		[ "$status" -eq 2 ]
		[ ! -e "$FARM/bad" ]
	done
	# Refused by the programs, after all was written: it can be made again.
	run "$TERCET_BIN/tercet-setup" --name farm --bin "$TERCET_BIN" --address 'a"b' "$FARM/bad"
	[ "$status" -eq 1 ]
	[[ $output == *"error:"* ]]
	run "$TERCET_BIN/tercet-setup" --name farm --bin "$TERCET_BIN" "$FARM/bad"
	[ "$status" -eq 0 ]
	[[ $output != *warning* && $output != *"is good"* ]]
}

@test "the state of a site whose rest was removed is not taken for the new one's" {
	"$TERCET_BIN/tercet-setup" --name farm --bin "$TERCET_BIN" "$FARM/again" >/dev/null
	mkdir "$FARM/again/var/dir/catalog"
	rm -r "$FARM/again/etc"
	run "$TERCET_BIN/tercet-setup" --name farm --bin "$TERCET_BIN" "$FARM/again"
	echo "$output"
	[ "$status" -eq 1 ]
	grep -F "$FARM/again/var/dir holds the state and catalog of an earlier site" <<<"$output"
	[ ! -e "$FARM/again/etc/tercet-dir.conf" ]
}

@test "any path can be what is saved" {
	"$TERCET_BIN/tercet-setup" --name farm --bin "$TERCET_BIN" --backup '/srv/a b\c"d' "$FARM/odd" >"$FARM/odd.out"
	"$TERCET_BIN/tercet-dir" -c "$FARM/odd/etc/tercet-dir.conf" --xc fileset Standard | grep -F 'File = "/srv/a b\\c\"d"'
}
