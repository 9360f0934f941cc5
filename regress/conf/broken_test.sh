#!/bin/bash
# regress/conf/broken_test.sh - each broken file is refused with exactly the text expected
#
# broken/NN-what.{dir,sd,fd,con} is read by that program; broken/NN-what.{...}.expected is what it
# prints.  `broken_test.sh --accept` writes the expected texts anew: look at the difference.
# Spec: config.md 1.6, 7.3, 11
# labels: quick
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/conf-broken.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0 passed=0
declare -A program=([dir]=tercet-dir [sd]=tercet-sd [fd]=tercet-fd [con]=tconsole)

cp "$here"/broken/* "$work"
chmod 600 "$work"/*
cd "$work" || exit 2
mkfifo fifo # cannot be committed
for file in *.dir *.sd *.fd *.con; do
	timeout -s KILL 60 "$TERCET_BIN/${program[${file##*.}]}" -t -c "$file" >"$work/out" 2>&1
	status=$?
	if [ "${1:-}" = --accept ]; then
		cp "$work/out" "$here/broken/$file.expected"
	fi
	want=1
	grep -q '^error\|: error: ' "$file.expected" 2>/dev/null || want=0
	if [ $status -ne $want ] && [ "${1:-}" != --accept ]; then
		echo "not ok - $file: exit status $status, not $want"
		failed=$((failed + 1))
	elif ! diff -u "$here/broken/$file.expected" "$work/out"; then
		echo "not ok - $file"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
