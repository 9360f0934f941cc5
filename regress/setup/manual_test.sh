#!/bin/bash
# Manual pages, --xc and --xs: made from the tables, complete, and without a warning of groff.
# labels: quick
set -eu
bin=$TERCET_BIN
work=$(mktemp -d /tmp/tercet-manual-XXXXXX)
trap 'rm -rf "$work"' EXIT
failed=0

wrong() {
	echo "wrong: $1"
	failed=1
}

# page FILE SECTION PROGRAM [SUBCOMMAND]: printed by the program, shown by groff without a word.
page() {
	local file=$work/$1.$2
	"$bin/$3" ${4:+"$4"} --man "$2" >"$file" || wrong "$3 --man $2"
	groff -ww -man -Tascii -P-cbou "$file" >"$file.txt" 2>"$file.err" || wrong "groff of $1($2)"
	[ ! -s "$file.err" ] || wrong "groff of $1($2): $(head -n 3 "$file.err")"
	if [ -d "$bin/man" ]; then
		cmp -s "$file" "$bin/man/$1.$2" || wrong "$bin/man/$1.$2 is not what $3 prints"
	fi
}

for d in dir sd fd; do
	page tercet-$d 8 tercet-$d
	page tercet-$d.conf 5 tercet-$d
done
page tconsole 1 tconsole
page tconsole.conf 5 tconsole
page tercet-catalog 8 tercet-catalog
page tercet-setup 8 tercet-setup
page tercet-volume-ls 8 tercet-volume ls
page tercet-volume-extract 8 tercet-volume extract
page tercet-commands 7 tercet-dir

# All options of --help stand in the page, all directives of the reference, all commands.
for p in tercet-dir.8 tercet-sd.8 tercet-fd.8 tconsole.1 tercet-catalog.8 tercet-setup.8; do
	"$bin/${p%.*}" --help | grep -oE -- '--[a-z-]+' | sort -u | while read -r option; do
		grep -qF -- "$option" "$work/$p.txt" || echo "$p lacks $option"
	done
done >"$work/lacks"
for p in director:tercet-dir storage-daemon:tercet-sd file-daemon:tercet-fd console:tconsole; do
	# shellcheck disable=SC2016 # backquotes of Markdown
	sed -n 's/^| `\([A-Za-z]*\)`.*/\1/p' "$TERCET_SOURCE/docs/reference/${p%%:*}.md" | sort -u |
		while read -r directive; do
			grep -q "^ *$directive = " "$work/${p##*:}.conf.5.txt" || echo "${p##*:}.conf.5 lacks $directive"
		done
done >>"$work/lacks"
for command in restore run 'list' .bvfs_lsdirs .api whoami; do
	grep -q "^ *${command/./\\.}\( \|\$\)" "$work/tercet-commands.7.txt" || echo "tercet-commands.7 lacks $command"
done >>"$work/lacks"
[ ! -s "$work/lacks" ] || wrong "$(cat "$work/lacks")"

if "$bin/tercet-fd" --man 3 >"$work/out" 2>&1; then
	wrong "a page that is not there is printed"
fi
grep -q 'no manual page of section 3' "$work/out" || wrong "it does not say which page is missing"

# --xc: what it prints is understood as the same configuration; one type, one resource.
"$bin/tercet-setup" --name xc --port 1990 --backup /etc --bin "$bin" "$work/site" >/dev/null 2>&1
for d in dir sd fd; do
	"$bin/tercet-$d" -c "$work/site/etc/tercet-$d.conf" --xc >"$work/$d.conf" || wrong "tercet-$d --xc"
	"$bin/tercet-$d" -c "$work/$d.conf" --xc >"$work/$d.again" || wrong "the dump of tercet-$d does not parse"
	cmp "$work/$d.conf" "$work/$d.again" || wrong "the dump of tercet-$d changes when read"
done
"$bin/tconsole" -c "$work/site/etc/tconsole.conf" --xc >"$work/con.conf" || wrong "tconsole --xc"
"$bin/tconsole" -c "$work/con.conf" --export-config | cmp - "$work/con.conf" || wrong "the dump of tconsole"
[ "$("$bin/tercet-dir" -c "$work/site/etc/tercet-dir.conf" --xc pool Full | grep -c '^Pool {')" -eq 1 ] ||
	wrong "--xc pool Full"
[ "$("$bin/tercet-dir" -c "$work/site/etc/tercet-dir.conf" --xc pools | grep -c '^Pool {')" -eq 2 ] || wrong "--xc pools"
status=0
"$bin/tercet-dir" -c "$work/site/etc/tercet-dir.conf" --xc pool nosuch >"$work/out" || status=$?
{ [ "$status" -eq 1 ] && [ ! -s "$work/out" ]; } || wrong "--xc of nothing: exit $status"
status=0
echo 'Pool {' >"$work/broken.conf"
"$bin/tercet-dir" -c "$work/broken.conf" --xc >"$work/out" 2>&1 || status=$?
[ "$status" -eq 42 ] || wrong "--xc of a broken file: exit $status"
status=0
"$bin/tercet-sd" -c "$work/site/etc/tercet-sd.conf" -t operand >"$work/out" 2>&1 || status=$?
[ "$status" -eq 41 ] || wrong "an operand without --xc: exit $status"

# --xs: JSON of all directives, with no configuration at hand.
for d in tercet-dir tercet-sd tercet-fd tconsole; do
	"$bin/$d" -c /nosuch --xs >"$work/schema" 2>/dev/null || "$bin/$d" --xs >"$work/schema" || wrong "$d --xs"
	python3 - "$work/schema" "$d" <<'Y' || wrong "the schema of $d"
import json, sys
d = json.load(open(sys.argv[1]))
assert d['format-version'] == 2 and d['component'] == sys.argv[2]
types = d['resource'][sys.argv[2]]
assert all('datatype' in row for t in types.values() for row in t.values())
assert types['Director']['Name']['required'] is True
Y
done
exit $failed
