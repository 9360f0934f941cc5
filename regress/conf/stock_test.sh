#!/bin/bash
# regress/conf/stock_test.sh - what Debian's bacula packages install as configuration loads here
#
# The files are those of the installed packages: the templates that bacula-common brings, with
# the names and passwords filled in that its installation would fill in, and /etc/bacula where the
# packages have been configured.
# Spec: bacula.md 9, 14 item 9; config.md 10
# labels: quick
set -u
templates=/usr/share/bacula-common/defconfig
work=$(mktemp -d "${TMPDIR:-/tmp}/conf-stock.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0

if [ ! -e $templates/bacula-sd.conf ]; then
	echo "skipped: the package bacula-common is not installed"
	exit 77
fi

check() { # program path
	if ! "$TERCET_BIN/$1" -t -c "$2" >"$work/out" 2>&1 || grep -q ': error: ' "$work/out"; then
		echo "not ok - $1 -t -c $2"
		cat "$work/out"
		failed=1
		return
	fi
	# A program that took something else for its configuration would be content, too.
	if ! grep -q '^The configuration of .* is good\.$' "$work/out"; then
		echo "not ok - $1 -t -c $2 does not say that it is good"
		failed=1
		return
	fi
	echo "ok - $1 -t -c ${2#"$work/"}"
}

check_all() { # directory
	check tercet-dir "$1"
	check tercet-sd "$1"
	check tercet-fd "$1"
	check tconsole "$1"
	check tercet-dir "$1/bacula-dir.conf"
	check tercet-sd "$1/bacula-sd.conf"
	check tercet-fd "$1/bacula-fd.conf"
	check tconsole "$1/bconsole.conf"
}

mkdir "$work/installed"
cp $templates/bacula-*.conf $templates/bconsole.conf "$work/installed"
sed -i -e 's/@debian_basename@/here/g' -e 's/XXX_\([A-Z]*\)_XXX/\L\1/g' "$work"/installed/*.conf
chmod 600 "$work"/installed/*.conf
# The directories that the packages make, for a machine that has only the templates.
mkdir "$work/lib"
[ -d /var/lib/bacula ] || sed -i "s#/var/lib/bacula#$work/lib#" "$work"/installed/*.conf
check_all "$work/installed"

if [ -r /etc/bacula/bacula-dir.conf ]; then
	check_all /etc/bacula
else
	for f in dir sd fd; do
		[ ! -r /etc/bacula/bacula-$f.conf ] || check tercet-$f /etc/bacula/bacula-$f.conf
	done
fi
exit $failed
