#!/bin/bash
# regress/setup/quickstart_test.sh - the first command a newcomer types, from a copy of the tree
#
# Builds anew (release), makes a site on ports of its own, backs up, restores, compares; runs a
# second time; stops; removes.  The packages are there already: regress/run installs them.
set -eu -o pipefail
# shellcheck source=../lib/farm.bash
. "${TERCET_SOURCE:?}/regress/lib/farm.bash"
dir=$(mktemp -d /tmp/tercet-quickstart-XXXXXX)
chmod 755 "$dir"
port=$(farm_ports)
export TERCET_PORT=$port
cleanup() {
	[ ! -x "$dir/tree/site/tercet" ] || "$dir/tree/site/tercet" stop || true
	rm -rf "$dir" "/tmp/tercet-farm-ports/$port"
}
trap cleanup EXIT
fail() {
	echo "FAILED: $*"
	exit 1
}

mkdir "$dir/tree"
(cd "$TERCET_SOURCE" && git ls-files -z -co --exclude-standard | xargs -0 cp --parents -t "$dir/tree")
cd "$dir/tree"
data="$dir/R&D \"new\" a|b \\1"
mkdir "$data" && cp -a /usr/share/doc "$data/" && ln "$data/doc/bash/copyright" "$data/linked"
./quickstart >"$dir/first.out" 2>&1 || { # the default: /usr/share
	cat "$dir/first.out"
	fail "quickstart"
}
grep -q '^Identical' "$dir/first.out" || fail "quickstart did not compare the restored tree"
if [ "$(grep -cE '^  (JobId|Termination):' "$dir/first.out")" != 4 ] || grep -q 'Job queued' "$dir/first.out"; then
	fail "these are not the reports of two jobs: $(cat "$dir/first.out")"
fi
[ "$(stat -c %a site/etc/tercet-dir.conf)" = 600 ] || fail "a file with secrets is readable by others"
./quickstart "$data" >"$dir/second.out" 2>&1 || {
	cat "$dir/second.out"
	fail "quickstart a second time, with another directory"
}
site/tercet status | grep 'tercet-dir runs' >/dev/null || fail "the site does not go on running"
if ./quickstart "$dir/nowhere" >/dev/null 2>&1; then
	fail "a directory that does not exist was accepted"
fi
./quickstart --stop >/dev/null
if site/tercet status >/dev/null; then
	fail "--stop left something running"
fi
./quickstart --remove >/dev/null
[ ! -e site ] || fail "--remove left the site"
echo "quickstart works"
