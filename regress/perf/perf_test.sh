#!/bin/bash
# regress/perf/perf_test.sh - the measuring programs themselves work, on trees too small to judge
# labels: perf
set -u
here=$TERCET_SOURCE/regress/perf
in=/tmp # or in memory, where programs may run and there is room
[ "$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 1500000 ] 2>/dev/null &&
	! grep -q ' /dev/shm [^ ]* [^ ]*noexec' /proc/mounts && in=/dev/shm
dir=$(mktemp -d $in/tercet-perf-test-XXXXXX)
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
python3 "$here/run" --bin "$TERCET_BIN" --on disk --disk "$dir" --tools tercet,tar --rows small,big,lz4,gzip6,tls \
	"${tiny[@]}" >"$dir/run" 2>"$dir/log" || cat "$dir/log"
expect "rows are saved and restored by each tool" '^\| disk \| gzip6 \| restore \| tar ' "$dir/run"
expect "the cost of TLS is told" 'TLS adds' "$dir/run"

# Calls and sizes are the same on any machine: with so many files their budgets count, where no sanitizer has its part.
rows=many
command -v strace >/dev/null && rows=many,calls
figures='system calls|peak MiB' enough=(--files 1000 --many 50000)
[ -z "${TERCET_SANITIZE:-}" ] || figures=none enough=(--files 300 --many 2000)
python3 "$here/run" --bin "$TERCET_BIN" --on disk --disk "$dir" --rows $rows --check "$figures" "${enough[@]}" \
	>"$dir/run" 2>"$dir/log" || { echo "not ok - calls and sizes keep to their budgets"; cat "$dir/run" "$dir/log"; failed=1; }
expect "sizes, ingest and the restore tree of many files are told" 'restore tree ready' "$dir/run"

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
