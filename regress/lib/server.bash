# regress/lib/server.bash - the catalog's PostgreSQL in the hands of a test
#
# A farm's own cluster, but started and stopped by the test and not by the director: it can be away
# for as long as the test wants.  After farm.bash: farm_start, then server_take.
# shellcheck shell=bash

server_data() {
	# shellcheck source=/dev/null
	(. "$FARM/site/etc/site" && echo "$SITE_STATE/dir/catalog/data")
}

# The processes of the server.
server_pids() {
	local data p
	data=$(readlink -f "$(server_data)")
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/cwd" 2>/dev/null)" != "$data" ] || echo "${p#/proc/}"
	done
}

server_signal() { # signal: to all processes of the server
	local p
	for p in $(server_pids); do kill "-$1" "$p" || true; done
}

server_is_gone() {
	[ -z "$(server_pids)" ]
}

server_answers() {
	catalog "SELECT 1" >/dev/null 2>&1
}

# The site was started once with Managed = yes: from now on the server is ours.  Daemons stay down.
server_take() {
	local data
	data=$(server_data)
	PG_SOCKET=$(sed -n 5p "$data/postmaster.pid")
	PG_USER=$(stat -c %U "$data")
	export PG_SOCKET PG_USER
	"$FARM/site/tercet" stop >"$FARM/stop.out"
	farm_conf dir "s|^  Managed = yes.*|  DB Socket = \"$PG_SOCKET\"|; s|^  DB User = \"tercet\"|  DB User = \"$PG_USER\"|"
	server_up
}

server_up() {
	local as=()
	[ "$(id -un)" = "$PG_USER" ] || as=(setpriv "--reuid=$PG_USER" "--regid=$(id -g "$PG_USER")" --init-groups --)
	# No descriptor of the test: it would keep a fifo open.
	LD_PRELOAD=${SERVER_PRELOAD:-} "${as[@]}" "$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)" -D "$(server_data)" -p 5432 \
		-c "unix_socket_directories=$PG_SOCKET" </dev/null >>"$FARM/server.log" 2>&1 3>&- 7>&- 8>&- 9>&- &
	farm_await 60 server_answers
}

# A fast shutdown.
server_down() {
	kill -INT "$(head -n 1 "$(server_data)/postmaster.pid")"
	farm_await 60 server_is_gone
}

server_kill() {
	server_signal KILL
	farm_await 60 server_is_gone
}

# server_gated_job SEED: the job "Gated" saves a tree, waits at the fifo "before", saves $MANY empty
# files with long names (attributes are what it sends most of), and waits at the fifo "behind".
server_gated_job() {
	tree make "$FARM/src" --seed "$1" --files 60 --no-special
	python3 - "$FARM/many" "$MANY" <<'X'
import os, sys
for i in range(int(sys.argv[2])):
    d = '%s/d%03d' % (sys.argv[1], i // 300)
    if i % 300 == 0:
        os.makedirs(d)
    os.close(os.open('%s/%s-%06d' % (d, 'long' * 50, i), os.O_CREAT | os.O_WRONLY))
X
	mkfifo "$FARM/before" "$FARM/behind"
	farm_conf_add dir <<X
FileSet {
  Name = "Gated"
  Include {
    Options { Signature = MD5; Hard Links = yes; Read Fifo = yes }
    File = "$FARM/src"
    File = "$FARM/before"
    File = "$FARM/many"
    File = "$FARM/behind"
  }
}
Job { Name = "Gated"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Gated" }
X
}

# Start it: JOB holds before the many files, at descriptor 8; 9 holds it behind them.
server_gated_begin() {
	exec 8<>"$FARM/before" 9<>"$FARM/behind"
	printf 'one' >&8
	printf 'two' >&9
	farm_queue "run job=Gated level=Full yes"
	farm_await 60 farm_reads "$FARM/before"
	farm_await 30 server_gated_has_volume
}

# Its first files are on a volume: from here on the storage daemon has no more questions.
server_gated_has_volume() {
	farm_console "status director" | grep -A 1 "^ *$JOB " | grep -q 'Files=[1-9]'
}

# farm_stop, with the server that server_take left to us.
server_stop() {
	local rc=0
	"$FARM/site/tercet" stop >"$FARM/stop.out" 2>&1 || rc=1
	server_is_gone || server_down || rc=1
	farm_stop || rc=1
	return $rc
}
