#!/bin/bash
# Self test of this folder: all golden vectors, then fake_dir against fake_fd and fake_sd over loopback, clear text and TLS.
# Needs python3, openssl (libssl3), liblz4-1, liblzo2-2, libxxhash0.   BASEPORT=n chooses the ports n and n+1.
set -eu
cd "$(dirname "$0")"
export PYTHONDONTWRITEBYTECODE=1
port=${BASEPORT:-$((20000 + $$ % 20000))}
work=$(mktemp -d)
pids=()
finish() {
  local rc=$?
  for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done
  if [ $rc = 0 ]; then rm -rf "$work"; echo "selftest: all passed"; else echo "selftest: FAILED, see $work"; fi
}
trap finish EXIT
say() { echo "-- $*"; }
listens() { python3 -c 'import socket,sys; socket.create_connection(("127.0.0.1",int(sys.argv[1])),1)' "$1" 2>/dev/null; }
await() { for _ in $(seq 50); do listens "$1" && return; sleep 0.1; done; echo "nothing listens on $1"; return 1; }

say "golden vectors"
python3 bnet.py >/dev/null
for f in bareos bacula9; do python3 read_volume.py vectors ../golden/$f; done

say "a damaged volume is noticed"
cp ../golden/bareos/plain/plain-0001 "$work"
printf X | dd of="$work/plain-0001" bs=1 seek=5000 conv=notrunc status=none
if python3 read_volume.py check "$work/plain-0001"; then echo "damage not noticed"; exit 1; fi

say "source tree"
src=$work/src
mkdir -p "$src/sub/deep" "$src/empty dir"
printf 'hello\n' >"$src/a.txt"; : >"$src/nothing"; head -c 700000 /dev/urandom >"$src/random.bin"
yes 'some text that packs well' | head -c 400000 >"$src/text"; ln "$src/a.txt" "$src/sub/hard"
ln -s ../a.txt "$src/sub/link"; ln -s /nowhere "$src/dangling"; printf 'x' >"$src/sub/deep/ümlaut name"
printf 'bad name' >"$src/$(printf 'latin-\344')"; chmod 600 "$src/text"; chmod 2750 "$src/sub"
touch -d '2020-01-02 03:04:05' "$src/a.txt" "$src/sub/deep"

python3 fake_fd.py -p "$port" >"$work/fd.log" 2>&1 & pids+=($!)
python3 fake_sd.py -p $((port + 1)) -d "$work/vol" >"$work/sd.log" 2>&1 & pids+=($!)
await "$port"; await $((port + 1))
dir() { python3 fake_dir.py --fd "127.0.0.1:$port" --sd "127.0.0.1:$((port + 1))" --path "$src" "$@"; }
same() { # restored tree against the source: contents, types, modes, owners, times
  diff -r --no-dereference "$src" "$1$src"
  list() { (cd "$1" && find . -printf '%p %y %m %U %G %s %T@ %n %l\n' | sed 's/\.[0-9]* \([0-9]* [^ ]*\)$/ \1/' | awk '$2=="d"{$6=0}1' | sort); }
  diff <(list "$src") <(list "$1$src")
}

for mode in "" --tls; do
  t=clear; [ -z "$mode" ] || t=tls
  say "status, label, estimate, full, restore, verify ($t)"
  dir $mode --options M --dump "$work/$t.json" status "label Vol-$t" "estimate full listing" "backup full" verify "restore $work/r-$t"
  same "$work/r-$t"
done

say "incremental and accurate, then restore of the chain"
sleep 1.1
dir --options S4 --dump "$work/1.json" "backup full"
sleep 1.1
printf 'more\n' >>"$src/a.txt"; printf 'new\n' >"$src/new"; rm "$src/sub/link"
dir --options S4 --load "$work/1.json" --dump "$work/2.json" "backup incremental"
mv "$src/new" "$src/renamed"
dir --options S4 --load "$work/2.json" --dump "$work/3.json" "backup incremental accurate" "restore $work/r-inc"
same "$work/r-inc"

say "gzip, several jobs at once, small blocks, several volumes"
python3 fake_sd.py -p $((port + 2)) -d "$work/vol2" -b 64512 --reserve-early >"$work/sd2.log" 2>&1 & pids+=($!)
await $((port + 2))
dir2() { python3 fake_dir.py --fd "127.0.0.1:$port" --sd "127.0.0.1:$((port + 2))" --path "$src" "$@"; }
dir2 --options S2Z6 --spool-attributes --max-volume-bytes 1000000 --dump "$work/4.json" "parallel 3 full" "backup full" "restore $work/r-span"
same "$work/r-span"

say "cancel"
python3 fake_fd.py -p $((port + 3)) --slow 1 >"$work/fd2.log" 2>&1 & pids+=($!)
await $((port + 3))
python3 fake_dir.py --fd "127.0.0.1:$((port + 3))" --sd "127.0.0.1:$((port + 1))" --path "$src" "cancel 1.5"

say "the volumes written here"
python3 read_volume.py check "$work"/vol2/*
for v in "$work"/vol/Vol-*; do
  python3 read_volume.py check "$v"
done
python3 read_volume.py extract -d "$work/x" "$work/vol/Vol-clear"
diff -r --no-dereference "$work/r-clear$src" "$work/x$src"
for f in fd sd sd2 fd2; do if grep -q Traceback "$work/$f.log"; then cat "$work/$f.log"; exit 1; fi; done
