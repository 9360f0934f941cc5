#!/usr/bin/env bats
# regress/interop/stock_tools.bats - our volumes in other hands
#
# tercet-volume reads what the storage daemon wrote without any daemon or catalog; Debian's bls,
# bextract, bcopy and bscan 9.6.7 read volumes of Label Style = Bacula.  Interleaved jobs and a job
# over several volumes each.

load ../lib/farm
load stock

# bextract knows neither attributes beyond the mode nor long paths: files of many sizes, a link.
simple() { # directory seed
	python3 - "$@" <<'X'
import os, random, sys
rng = random.Random(int(sys.argv[2]))
for n in range(150):
    d = '%s/d%d' % (sys.argv[1], n % 7)
    os.makedirs(d, exist_ok=True)
    with open('%s/file %03d' % (d, n), 'wb') as f:
        f.write(rng.randbytes(rng.choice((0, 1, 4000, 64512, 300000))))
os.symlink('d1', sys.argv[1] + '/link')
X
}

setup_file() {
	farm_make
	mkdir "$FARM/bacula" "$FARM/work"
	chown --reference="$FARM/site/volumes" "$FARM/bacula"
	sed -i 's/^ *Count = .*/  Maximum Concurrent Jobs = 10/' "$FARM/site/etc/tercet-sd.conf" # interleaved
	farm_conf_add sd <<X
Device {
  Name = "BaculaDev"; Media Type = "BaculaFile"; Archive Device = "$FARM/bacula"; Device Type = File
  Label Style = Bacula; Label Media = yes; Random Access = yes; Automatic Mount = yes
  Removable Media = no; Always Open = no; Maximum Concurrent Jobs = 10
}
X
	local sd
	sd=$(sed -n '/^Storage/,/^}/p' "$FARM/site/etc/tercet-dir.conf")
	farm_conf_add dir <<X
$(sed -e 's/Name = "\{0,1\}Disk"\{0,1\}/Name = "BaculaDisk"/' \
	-e 's/\( Device *=\).*/\1 "BaculaDev"/' -e 's/\(Media Type *=\).*/\1 "BaculaFile"/' <<<"$sd")
FileSet { Name = "Second"; Include { Options { Signature = MD5 } File = "$FARM/second" } }
FileSet { Name = "Plain"; Include { Options { Signature = MD5; Hard Links = yes } File = "$FARM/src" } }
FileSet { Name = "SimpleA"; Include { Options { Signature = MD5 } File = "$FARM/a" } }
FileSet { Name = "SimpleB"; Include { Options { Signature = SHA1 } File = "$FARM/b" } }
Job { Name = "SimpleA"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "SimpleA" }
Job { Name = "SimpleB"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "SimpleB" }
Job { Name = "First"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Plain" }
Job { Name = "Second"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Second" }
Pool { Name = "Both"; Storage = "Disk"; Label Format = "Both-" }
Pool { Name = "Small"; Storage = "Disk"; Label Format = "Small-"; Maximum Volume Bytes = 2500000 }
Pool { Name = "BBoth"; Storage = "BaculaDisk"; Label Format = "BBoth-" }
Pool { Name = "BSmall"; Storage = "BaculaDisk"; Label Format = "BSmall-"; Maximum Volume Bytes = 2500000 }
X
	farm_up
	tree make "$FARM/src" --seed 1 --files 300 --no-special
	tree make "$FARM/second" --seed 2 --files 300 --no-special
	simple "$FARM/a" 5
	simple "$FARM/b" 6
	cat >"$FARM/bls.conf" <<X
Storage { Name = b; WorkingDirectory = "$FARM/work"; Pid Directory = "$FARM/work" }
Device { Name = FileDev; Media Type = BaculaFile; Archive Device = "$FARM/bacula"; LabelMedia = yes
  Random Access = yes; AutomaticMount = yes; RemovableMedia = no; AlwaysOpen = no }
Device { Name = CopyDev; Media Type = BaculaFile; Archive Device = "$FARM/bacula"; LabelMedia = yes
  Random Access = yes; AutomaticMount = yes; RemovableMedia = no; AlwaysOpen = no }
Messages { Name = Standard; stdout = all }
Director { Name = d; Password = p }
X
}

teardown_file() {
	farm_stop
}

two_jobs() { # pool job job
	farm_console "run job=$2 level=Full pool=$1 yes" "run job=$3 level=Full pool=$1 yes" wait messages >"$FARM/both.out"
	mapfile -t ids < <(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/both.out")
	[ "${#ids[@]}" -eq 2 ]
	for id in "${ids[@]}"; do
		[ "$(farm_job_status "$id")" = T ]
	done
}

# Names that a listing shows as they are.
plain_names() { # tree
	find "$1" -type f | grep -c '^[ -~]*$'
}

@test "tercet-volume lists and extracts interleaved jobs" {
	two_jobs Both First Second
	cd "$FARM/site/volumes"
	"$TERCET_BIN/tercet-volume" ls Both-0001 >"$FARM/ls.out"
	[ "$(grep -cF "$FARM/src" "$FARM/ls.out")" -ge "$(plain_names "$FARM/src")" ]
	"$TERCET_BIN/tercet-volume" extract Both-0001 "$FARM/x1"
	tree diff "$FARM/src" "$FARM/x1$FARM/src"
	tree diff "$FARM/second" "$FARM/x1$FARM/second" --no-links
}

@test "tercet-volume extracts a job over several volumes" {
	farm_run First Full pool=Small
	farm_ok
	cd "$FARM/site/volumes"
	volumes=(Small-*)
	[ "${#volumes[@]}" -ge 3 ]
	"$TERCET_BIN/tercet-volume" extract "${volumes[@]}" "$FARM/x2"
	tree diff "$FARM/src" "$FARM/x2$FARM/src"
}

@test "bls and bextract read interleaved jobs of Label Style = Bacula" {
	two_jobs BBoth SimpleA SimpleB
	bls -c "$FARM/bls.conf" -V BBoth-0001 FileDev >"$FARM/bls.out" 2>&1
	[ "$(grep -cE "$FARM/[ab]/d[0-9]/file [0-9]+$" "$FARM/bls.out")" -eq 300 ]
	# bextract writes one file at a time: of interleaved jobs it takes one by a bootstrap.
	for n in 0 1; do
		catalog "SELECT E'Volume=\"BBoth-0001\"\nVolSessionId=' || volsessionid || E'\nVolSessionTime=' || volsessiontime
			FROM job WHERE jobid = ${ids[n]}" >"$FARM/$n.bsr"
		mkdir "$FARM/x3-$n"
		bextract -c "$FARM/bls.conf" -b "$FARM/$n.bsr" FileDev "$FARM/x3-$n" >"$FARM/bextract.out" 2>&1
	done
	diff -r --no-dereference "$FARM/a" "$FARM/x3-0$FARM/a"
	diff -r --no-dereference "$FARM/b" "$FARM/x3-1$FARM/b"
	"$TERCET_BIN/tercet-volume" extract "$FARM/bacula/BBoth-0001" "$FARM/x4"
	diff -r --no-dereference "$FARM/a" "$FARM/x4$FARM/a"
	diff -r --no-dereference "$FARM/b" "$FARM/x4$FARM/b"
}

@test "bls and bextract read a job over several volumes of Label Style = Bacula" {
	farm_run SimpleA Full pool=BSmall
	farm_ok
	list=$(cd "$FARM/bacula" && printf '%s\n' BSmall-* | paste -sd '|')
	[ "$(tr '|' '\n' <<<"$list" | wc -l)" -ge 3 ]
	bls -c "$FARM/bls.conf" -V "$list" FileDev >"$FARM/bls.out" 2>&1
	[ "$(grep -cE "$FARM/a/d[0-9]/file [0-9]+$" "$FARM/bls.out")" -eq 150 ]
	mkdir "$FARM/x5"
	bextract -c "$FARM/bls.conf" -V "$list" FileDev "$FARM/x5" >"$FARM/bextract.out" 2>&1
	diff -r --no-dereference "$FARM/a" "$FARM/x5$FARM/a"
	farm_restore "$JOB" "$FARM/x6"
	diff -r --no-dereference "$FARM/a" "$FARM/x6$FARM/a"
}

@test "bcopy copies a job over several volumes onto one" {
	mapfile -t volumes < <(cd "$FARM/bacula" && printf '%s\n' BSmall-*)
	[ "${#volumes[@]}" -ge 3 ]
	farm_console "label storage=BaculaDisk pool=BBoth volume=Copied" >"$FARM/label.out"
	[ -s "$FARM/bacula/Copied" ]
	printf 'Volume="%s"\n' "${volumes[@]}" >"$FARM/copy.bsr"
	tool "$FARM/bcopy.out" bcopy -c "$FARM/bls.conf" -w "$FARM/work" -b "$FARM/copy.bsr" -o Copied FileDev CopyDev
	mkdir "$FARM/x7"
	tool "$FARM/bextract.out" bextract -c "$FARM/bls.conf" -V Copied CopyDev "$FARM/x7"
	diff -r --no-dereference "$FARM/a" "$FARM/x7$FARM/a"
	"$TERCET_BIN/tercet-volume" extract "$FARM/bacula/Copied" "$FARM/x8"
	diff -r --no-dereference "$FARM/a" "$FARM/x8$FARM/a"
}

@test "bscan finds interleaved jobs, and a job over several volumes, as our catalog has them" {
	stock_database scanned
	for list in BBoth-0001 "$(cd "$FARM/bacula" && printf '%s\n' BSmall-* | paste -sd '|')"; do
		tool "$FARM/bscan.out" bscan -c "$FARM/bls.conf" -w "$FARM/work" -s -m -n scanned -h "$PGHOST" -t "$PGPORT" \
			-u "$PGUSER" -V "$list" FileDev
	done
	mapfile -t ids < <(catalog "SELECT jobid FROM job WHERE name LIKE 'Simple_' AND type = 'B' ORDER BY jobid")
	[ "${#ids[@]}" -eq 3 ]
	for id in "${ids[@]}"; do
		stock_found scanned "$id"
	done
}
