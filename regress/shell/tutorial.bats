#!/usr/bin/env bats
# Every example of docs/tutorial.md, on a site made as the tutorial makes it.  The commands are
# taken from the page itself; only machine names, ports and directories are put in their place.

load ../lib/farm

setup_file() {
	FARM=$(mktemp -d /tmp/tercet-farm-XXXXXX)
	chmod 755 "$FARM"
	FARM_PORT=$(farm_ports)
	mkdir -p "$FARM/home/ann/letters"
	echo plan >"$FARM/home/ann/plan.txt"
	echo dear >"$FARM/home/ann/letters/one.txt"
	export FARM FARM_PORT
}

teardown_file() {
	farm_stop
}

# The indented lines of section $1 of the page, as this farm's user would type them.
example() {
	awk -v want="## $1" '/^## /{on = ($0 == want)} on && /^    /{print substr($0, 5)}' \
		"$TERCET_SOURCE/docs/tutorial.md" |
		sed -e "s|/srv/tercet|$FARM/site|g" -e "s|build/release/|$TERCET_BIN/|g" \
			-e "s|--address backup.example.org|--address 127.0.0.1 --port $FARM_PORT|" \
			-e "s|/home|$FARM/home|g" -e "s|/tmp/out|$FARM/out|g" \
			-e "s|web1.example.org|127.0.0.1|g"
}

@test "a first site" {
	example "A first site" | grep -E 'tercet-setup|tercet start' >"$FARM/commands"
	[ "$(wc -l <"$FARM/commands")" -eq 2 ]
	sed -i "s|tercet-setup |tercet-setup --bin $TERCET_BIN |" "$FARM/commands"
	bash -eu "$FARM/commands"
	"$FARM/site/tercet" status
	[ "$(stat -c %a "$FARM/site/etc/tercet-dir.conf")" = 600 ]
}

@test "the shell" {
	example "The shell" | sed -n 's/^\*//p' >"$FARM/commands"
	grep -q '^run job=Backup' "$FARM/commands"
	"$FARM/site/tconsole" --strict <"$FARM/commands" >"$FARM/shell.out"
	grep -q 'Termination: *Backup OK' "$FARM/shell.out"
	grep -q "^ $FARM/home/ann/plan.txt" "$FARM/shell.out"
	farm_console "help run" | grep 'run job='
	example "The shell" | grep '^echo' >"$FARM/commands"
	bash -eu "$FARM/commands" | grep 'Backup'
	example "The shell" | grep -- '--strict' >"$FARM/commands"
	bash -eu "$FARM/commands" | grep 'Backup'
}

@test "restore" {
	{
		example "Restore" | sed -n 's/^\*//p'
		example "Restore" | sed -n 's/^\$ //p'
		echo yes
		echo wait
	} >"$FARM/commands"
	"$FARM/site/tconsole" --strict <"$FARM/commands" >"$FARM/restore.out"
	[ "$(cat "$FARM/site/restored$FARM/home/ann/letters/one.txt")" = dear ]
	[ ! -e "$FARM/site/restored$FARM/home/ann/plan.txt" ]
	example "Restore" | grep '^restore ' >"$FARM/commands"
	[ "$(wc -l <"$FARM/commands")" -eq 2 ]
	echo wait >>"$FARM/commands"
	"$FARM/site/tconsole" --strict <"$FARM/commands" >"$FARM/restore.out"
	diff -r "$FARM/home" "$FARM/site/restored$FARM/home"
}

@test "one more client, on a machine of its own port" {
	example "One more client" | grep tercet-setup >"$FARM/commands"
	bash -eu "$FARM/commands" >"$FARM/add.out"
	sed -n '/^Client {/,$p' "$FARM/add.out" | sed '/^Note:/,$d' |
		sed "s|^  Port = .*|  Port = $((FARM_PORT + 1))|; s|^  Working Directory.*|  Working Directory = \"$FARM/web\"\\n  Address = 127.0.0.2|" >"$FARM/web.conf"
	mkdir "$FARM/web"
	# The second file daemon of this machine: the address of its own stands for another machine.
	sed -i 's|^  Address = "127.0.0.1"|  Address = "127.0.0.2"|; s|^  Port = .*|  Port = '"$((FARM_PORT + 1))|" \
		"$FARM/site/etc/tercet-dir.d/client-web1.conf"
	"$TERCET_BIN/tercet-fd" -t -c "$FARM/web.conf"
	"$TERCET_BIN/tercet-fd" -f -c "$FARM/web.conf" -p "$FARM/web.pid" >"$FARM/web.log" 2>&1 3>&- &
	farm_await 20 test -s "$FARM/web.pid"
	{
		example "One more client" | sed -n 's/^\*//p'
		echo wait
		echo messages
	} >"$FARM/commands"
	"$FARM/site/tconsole" --strict <"$FARM/commands" >"$FARM/web.out"
	kill "$(cat "$FARM/web.pid")"
	grep -q 'web1-fd Version:' "$FARM/web.out"
	grep -q 'Termination: *Backup OK' "$FARM/web.out"
	farm_console "list jobs client=web1-fd" | grep -E ' web1 .* T '
}

@test "volumes without a director" {
	PATH=$TERCET_BIN:$PATH
	example "Volumes without a director" >"$FARM/commands"
	bash -eu "$FARM/commands" >"$FARM/volume.out"
	grep -q "$FARM/home/ann/plan.txt" "$FARM/volume.out"
	diff -r "$FARM/home" "$FARM/out$FARM/home"
}
