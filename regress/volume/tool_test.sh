#!/bin/bash
# regress/volume/tool_test.sh - tercet-volume with inputs that are no good: words and exit codes
#
# labels: quick
set -u
golden=$TERCET_SOURCE/regress/golden/bareos
top=$(mktemp -d /tmp/tercet-tool-XXXXXX)
trap 'rm -rf "$top"' EXIT
failed=0

# expect EXIT-CODE WORDS ARGUMENT...: the exit code, and the words somewhere in what it prints.
expect() {
	local code=$1 words=$2 got rc
	shift 2
	got=$("$TERCET_BIN/tercet-volume" "$@" 2>&1)
	rc=$?
	if [ $rc -ne "$code" ] || ! grep -qF -- "$words" <<<"$got"; then
		printf 'tercet-volume %s\n  exit code %d, expected %d and "%s":\n%s\n' "$*" $rc "$code" "$words" "$got"
		failed=1
	fi
}

: >"$top/empty"
head -c 3000 /dev/zero >"$top/zeros"
head -c 10 "$golden/plain/plain-0001" >"$top/tiny"
head -c 100000 "$golden/plain/plain-0001" >"$top/cut"
printf 'this is no volume, but longer than the head of a block\n' >"$top/text"
printf 'Volume=\n' >"$top/broken.bsr"
printf 'Volume="plain-0001"\nRubbish=7\n' >"$top/unknown.bsr"
printf 'Volume="nowhere"\n' >"$top/nowhere.bsr"

expect 2 'Usage: tercet-volume SUBCOMMAND'
expect 2 'no subcommand "frobnicate"' frobnicate
expect 0 'Usage: tercet-volume SUBCOMMAND' --help
expect 0 'tercet-volume ' --version
expect 0 'Exit codes: 0' ls --help
expect 0 'TARGET-DIRECTORY' extract --help
expect 2 'unknown option --frob' ls --frob
expect 2 'which volume?' ls
expect 2 'a target directory are needed' extract
expect 2 "$top/none: No such file or directory" ls "$top/none"
expect 2 'which volumes?' ls "$top"
expect 2 "$top/nope: No such file or directory" ls -V nope "$top"
for f in empty zeros tiny text; do
	expect 2 "$top/$f" ls "$top/$f"
	expect 2 "$top/$f" extract "$top/$f" "$top/out-$f"
done
expect 2 'the file is empty' ls "$top/empty"
expect 2 'not a volume' ls "$top/text"
expect 1 'block at address 203: block of 458442 bytes is cut off after 99797' ls "$top/cut"
expect 1 'block at address 203' extract "$top/cut" "$top/out-cut"
expect 1 'its content is encrypted' extract "$golden/enc-aes128/enc-aes128-0031" "$top/out-enc"

# A fifo whose reader goes away is an error of its own.
mkdir -p "$top/out-fifo/vec"
mkfifo "$top/out-fifo/vec/fifo-a" "$top/ready"
python3 -c 'import fcntl, os, select, sys
fd = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)
fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, 4096)
open(sys.argv[2], "w").close()
select.select([fd], [], [])' "$top/out-fifo/vec/fifo-a" "$top/ready" &
read -r _ <"$top/ready"
expect 1 'vec/fifo-a: cannot be written: Broken pipe' extract "$golden/interleaved/inter-a-0039" "$top/out-fifo"
wait

expect 2 'broken.bsr: line 1' ls -b "$top/broken.bsr" "$golden/plain"
expect 2 "$top/none.bsr: No such file or directory" ls -b "$top/none.bsr" "$golden/plain"
expect 2 'nowhere: No such file or directory' ls -b "$top/nowhere.bsr" "$top"
expect 2 "$top/none: No such file or directory" ls -i "$top/none" "$golden/plain/plain-0001"
expect 2 'Not a directory' extract "$golden/plain/plain-0001" /dev/null
expect 2 '--replace sometimes' extract -r sometimes "$golden/plain/plain-0001" "$top/out"
expect 0 'plain-0001' ls -L "$golden/plain/plain-0001"
expect 0 'files found' ls "$golden/plain/plain-0001"
if [ "$(id -u)" -eq 0 ]; then
	install -m 0600 "$golden/plain/plain-0001" "$top/secret"
	chmod 755 "$top"
	got=$(setpriv --reuid 65534 --clear-groups "$TERCET_BIN/tercet-volume" ls "$top/secret" 2>&1)
	rc=$?
	if [ $rc -ne 2 ] || ! grep -qF 'Permission denied' <<<"$got"; then
		echo "unreadable: exit code $rc: $got"
		failed=1
	fi
fi

# By the names of the old tools.
for name in bls bextract bscan bcopy; do
	ln -s "$TERCET_BIN/tercet-volume" "$top/$name"
done
if [ "$("$top/bls" -dt -E "$golden/plain/plain-0001" | grep -c /vec/tree)" -lt 70 ]; then
	echo "bls does not list the files"
	failed=1
fi
if ! "$top/bextract" -t -T "$golden/plain/plain-0001" "$top/nothing" >/dev/null || [ -e "$top/nothing/vec" ]; then
	echo "bextract -t does not try only"
	failed=1
fi
for name in bscan bcopy; do
	got=$("$top/$name" -b none 2>&1)
	rc=$?
	if [ $rc -ne 2 ] || ! grep -qF "$name is not supported yet" <<<"$got"; then
		echo "$name: exit code $rc: $got"
		failed=1
	fi
done
exit $failed
