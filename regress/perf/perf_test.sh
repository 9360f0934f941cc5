#!/bin/bash
# regress/perf/perf_test.sh - the measuring programs themselves work, on trees too small to judge
# labels: perf
set -u
here=$TERCET_SOURCE/regress/perf
dir=$(mktemp -d /tmp/tercet-perf-test-XXXXXX)
trap 'rm -rf "$dir"' EXIT
failed=0

expect() { # expect WHAT PATTERN FILE
	if grep -qE -- "$2" "$3"; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		cat "$3"
		failed=1
	fi
}

tiny=(--files 300 --mib 8 --text-mib 2)
rows=small,big,lz4,gzip6,many,tls
command -v strace >/dev/null && rows=$rows,calls
python3 "$here/run" --bin "$TERCET_BIN" --on disk --disk "$dir" --tools tercet,tar --rows "$rows" --many 2000 \
	"${tiny[@]}" >"$dir/run" 2>"$dir/log" || cat "$dir/log"
expect "rows are saved and restored by each tool" '^\| disk \| gzip6 \| restore \| tar ' "$dir/run"
expect "sizes, ingest and the restore tree of many files are told" 'restore tree ready' "$dir/run"
expect "the cost of TLS is told" 'TLS adds' "$dir/run"

# compare_says EXIT-STATUS WHAT PATTERN OPTION...
compare_says() {
	local want=$1 what=$2 pattern=$3 rc=0
	shift 3
	python3 "$here/compare" "$TERCET_BIN" "$TERCET_BIN" small --pairs 1 --on "$dir" "$@" "${tiny[@]}" \
		>"$dir/compare" 2>"$dir/log" || rc=$?
	expect "$what" "$pattern" "$dir/compare"
	[ $rc -eq "$want" ] || { echo "not ok - $what: exit status $rc"; cat "$dir/log"; failed=1; }
}
compare_says 0 "a build is not worse than itself" '^\| small \| restore \|.*%.*% \|$' --floor 5
# With 99 % less than the other as the limit the same build is too slow.
compare_says 1 "what is slower than the limit is told" '^\| small \| save \|.* worse$' --limit -99 --floor -9

python3 "$here/compare" "$TERCET_BIN" "$TERCET_BIN" nonsense >"$dir/log" 2>&1
[ $? = 2 ] || { echo "not ok - an unknown row is refused"; failed=1; }

exit $failed
