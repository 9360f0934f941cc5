#!/bin/bash
# regress/interop/net_test.sh - Hello, CRAM-MD5 and TLS-PSK against the scripted peers
#
# Spec: wire.md 3.  Our dialling end meets fake_fd and fake_sd, our accepting end meets fake_dir
# and console_client, each in clear and in TLS, with the right and a wrong password.
# labels: quick
set -u
export PYTHONDONTWRITEBYTECODE=1
peers=$TERCET_SOURCE/regress/peers
net_peer=$TERCET_BIN/net_peer
work=$(mktemp -d /tmp/net-test.XXXXXX)
pids=()
failed=0

# shellcheck disable=SC2317 # called by the trap
finish() {
	for p in "${pids[@]}"; do
		kill "$p" 2>/dev/null
	done
	rm -rf "$work"
}
trap finish EXIT

check() { # check WHAT EXPECTED-STATUS EXPECTED-TEXT command...
	local what=$1 status=$2 text=$3 out rc
	shift 3
	out=$("$@" 2>&1)
	rc=$?
	if [ "$rc" -ne "$status" ] || ! grep -qF -- "$text" <<<"$out"; then
		printf 'not ok: %s: status %s, said:\n%s\n' "$what" "$rc" "$out"
		failed=1
	else
		printf 'ok: %s\n' "$what"
	fi
}

# Our end dials.
fd=$(python3 "$peers/../lib/ports.py" $$)
sd=$((fd + 1))
mkdir "$work/vol"
python3 "$peers/fake_fd.py" -p "$fd" -n t-fd -w fdpw >"$work/fd.log" 2>&1 &
pids+=($!)
python3 "$peers/fake_sd.py" -p "$sd" -n t-sd -w sdpw -d "$work/vol" >"$work/sd.log" 2>&1 &
pids+=($!)
for mode in clear tls; do
	seen=None
	[ $mode = tls ] && seen=TLSv1.3
	check "director to file daemon, $mode" 0 "$seen 2000 OK Hello 54" \
		"$net_peer" dial fd "127.0.0.1:$fd" $mode "my dir" fdpw status
	check "director to storage daemon, $mode" 0 "$seen 3000 OK Hello" \
		"$net_peer" dial sd "127.0.0.1:$sd" $mode "my dir" sdpw "status x"
	check "wrong password, $mode" 1 "net_peer: " \
		"$net_peer" dial fd "127.0.0.1:$fd" $mode "my dir" other status
done

# The other end dials.
host() { # host ROLE NAME PEER PASSWORD COUNT -> $port, $pid
	port=$(python3 "$peers/../lib/ports.py" $$)
	"$net_peer" accept "$1" "$port" "$2" "$3" "$4" "$5" >"$work/$1.log" 2>&1 &
	pid=$!
	pids+=("$pid")
	until grep -q . "$work/$1.log"; do
		sleep 0.1
	done
}

for tls in "" --tls; do
	host dir t-dir '*UserAgent*' conpw 1
	check "console to director $tls" 0 't-dir heard "list jobs"' \
		python3 "$peers/console_client.py" -p "$port" -w conpw $tls "list jobs"
	wait "$pid" || { echo "not ok: director's end"; failed=1; }
	host dir t-dir 'my con' conpw 1
	check "named console to director $tls" 0 't-dir heard "time"' \
		python3 "$peers/console_client.py" -p "$port" -n "my con" -w conpw $tls time
	wait "$pid" || { echo "not ok: director's end"; failed=1; }
	host dir t-dir '*UserAgent*' conpw 1
	check "console with a wrong password $tls" 1 "" \
		python3 "$peers/console_client.py" -p "$port" -w wrong $tls time
	wait "$pid" && { echo "not ok: a wrong password was let in"; failed=1; }
	host fd t-fd t-dir fdpw 2
	fd_port=$port fd_pid=$pid
	host sd t-sd t-dir sdpw 2
	check "director to both daemons $tls" 0 't-fd heard "status"' \
		python3 "$peers/fake_dir.py" --name t-dir --fd "127.0.0.1:$fd_port" --fd-password fdpw \
		--sd "127.0.0.1:$port" --sd-password sdpw $tls status
	wait "$fd_pid" || { echo "not ok: file daemon's end"; failed=1; }
	wait "$pid" || { echo "not ok: storage daemon's end"; failed=1; }
done
exit $failed
