#!/bin/bash
# regress/conf/examples_test.sh - every file of conf-examples is good, and its dump parses back
#
# Spec: config.md 8.1 "a dump must parse back to the same configuration", 12, 13
# labels: quick
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/conf-examples.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0

# Directories of the examples become ones that exist.
cp -r "$TERCET_SOURCE/conf-examples" "$work/ex"
mkdir "$work/lib"
find "$work/ex" -name '*.conf' -exec sed -i \
	-e "s#\"/var/lib/tercet[^\"%]*\"#\"$work/lib\"#" \
	-e "s#Archive Device = [^;]*#Archive Device = $work/lib#" {} +
find "$work/ex" -name '*.conf' -exec chmod 600 {} +

check() { # program path
	if ! "$TERCET_BIN/$1" -t -c "$2" >"$work/out" 2>&1; then
		echo "not ok - $1 -t -c $2"
		cat "$work/out"
		failed=1
		return
	fi
	# Encryption arrives later: that it is not in force is said, and nothing else.
	if grep -E '^[^ ].*: (warning|error):' "$work/out" | grep -qv 'not in force yet'; then
		echo "not ok - $1 -t -c $2 has warnings"
		cat "$work/out"
		failed=1
		return
	fi
	echo "ok - $1 -t -c ${2#"$work/ex/"}"
}

for site in minimal small-site; do
	check tercet-dir "$work/ex/$site"
	check tercet-sd "$work/ex/$site"
	check tercet-fd "$work/ex/$site"
	check tconsole "$work/ex/$site"
done
check tercet-dir "$work/ex/two-sites/hq"
check tercet-sd "$work/ex/two-sites/hq"
check tercet-sd "$work/ex/two-sites/vault"
check tercet-fd "$work/ex/two-sites/dmz1"
check tercet-fd "$work/ex/two-sites/note7"
exit $failed
