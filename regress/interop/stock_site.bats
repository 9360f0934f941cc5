#!/usr/bin/env bats
# regress/interop/stock_site.bats - volumes that Debian's bacula-sd and bacula-fd write here
#
# A whole stock site (director, storage daemon, file daemon 9.6.7) saves trees; tercet-volume lists
# and extracts its volumes, and our daemons restore from them.
# Spec: volume.md 4.5, 8; bacula.md 6, 14 item 6

load ../lib/farm
load stock

setup_file() {
	farm_make
	mkdir "$FARM/theirs" "$FARM/state"
	# Our daemons read the peer's volumes where they lie.
	farm_conf_add sd <<E
Device { Name = "Theirs"; Media Type = "Stock"; Archive Device = "$FARM/theirs"; Device Type = File
  Random Access = yes; Automatic Mount = yes; Removable Media = no; Always Open = no }
E
	farm_conf_add dir <<E
$(sed -n '/^Storage/,/^}/p' "$FARM/site/etc/tercet-dir.conf" |
	sed -e 's/Name = "\{0,1\}Disk"\{0,1\}/Name = "Theirs"/' -e 's/\( Device *=\).*/\1 "Theirs"/' -e 's/\(Media Type *=\).*/\1 "Stock"/')
E
	farm_up
	stock_database stock
	local base job options
	base=$(farm_ports)
	echo "$base" >"$FARM/stock-ports"
	cat >"$FARM/stock-dir.conf" <<E
Director {
  Name = s-dir
  DIRport = $base
  DirAddress = 127.0.0.1
  QueryFile = "$FARM/state/query.sql"
  WorkingDirectory = "$FARM/state"
  PidDirectory = "$FARM/state"
  Maximum Concurrent Jobs = 4
  Password = "console"
  Messages = M
}
Catalog {
  Name = C
  dbname = "stock"
  dbuser = "$PGUSER"
  dbpassword = ""
  DB Address = "$PGHOST"
  DB Port = $PGPORT
}
Client {
  Name = s-fd
  Address = 127.0.0.1
  FDPort = $((base + 1))
  Catalog = C
  Password = "client"
  Maximum Concurrent Jobs = 4
}
Storage {
  Name = S
  Address = 127.0.0.1
  SDPort = $((base + 2))
  Password = "storage"
  Device = D
  Media Type = Stock
  Maximum Concurrent Jobs = 4
}
Messages {
  Name = M
  Append = "$FARM/state/log" = all, !skipped
  Console = all, !skipped
}
E
	while read -r job options; do
		cat <<E
Pool {
  Name = "P-$job"
  Pool Type = Backup
  Label Format = "S-$job-"
  Maximum Volume Bytes = ${options%% *}
}
FileSet {
  Name = "$job"
  Include {
    Options {
      ${options#* }
    }
    File = "$FARM/$job"
  }
}
Job {
  Name = "$job"
  Type = Backup
  Level = Full
  Client = s-fd
  FileSet = "$job"
  Storage = S
  Pool = "P-$job"
  Messages = M
  Write Bootstrap = "$FARM/state/$job.bsr"
}
E
	done >>"$FARM/stock-dir.conf" <<'E'
plain 0 signature = SHA256; aclsupport = yes; xattrsupport = yes
sparse 0 signature = SHA1; sparse = yes
gzip 0 signature = MD5; compression = GZIP6
lzo 0 signature = MD5; compression = LZO
holegzip 0 signature = SHA512; sparse = yes; compression = GZIP
span 1500000 signature = MD5; aclsupport = yes; xattrsupport = yes
E
	cat >"$FARM/stock-sd.conf" <<E
Storage {
  Name = s-sd
  SDPort = $((base + 2))
  SDAddress = 127.0.0.1
  WorkingDirectory = "$FARM/state"
  Pid Directory = "$FARM/state"
  Maximum Concurrent Jobs = 4
}
Director {
  Name = s-dir
  Password = "storage"
}
Device {
  Name = D
  Media Type = Stock
  Archive Device = "$FARM/theirs"
  LabelMedia = yes
  Random Access = yes
  AutomaticMount = yes
  RemovableMedia = no
  AlwaysOpen = no
}
Messages {
  Name = M
  director = s-dir = all
}
E
	cat >"$FARM/stock-fd.conf" <<E
FileDaemon {
  Name = s-fd
  FDport = $((base + 1))
  FDAddress = 127.0.0.1
  WorkingDirectory = "$FARM/state"
  Pid Directory = "$FARM/state"
  Maximum Concurrent Jobs = 4
}
Director {
  Name = s-dir
  Password = "client"
}
Messages {
  Name = M
  director = s-dir = all
}
E
	cat >"$FARM/stock-console.conf" <<E
Director {
  Name = s-dir
  DIRport = $base
  address = 127.0.0.1
  Password = "console"
}
E
	chmod 600 "$FARM"/stock-*.conf
	local d
	for d in sd fd dir; do
		bacula-$d -f -c "$FARM/stock-$d.conf" >"$FARM/stock-$d.log" 2>&1 3>&- &
		echo $! >>"$FARM/stock-pids"
	done
	farm_await 30 stock_console_works

	tree make "$FARM/plain" --seed 41 --files 60
	rm -rf "$FARM"/plain/names/deep* # longer than what the peer can save
	tree make "$FARM/span" --seed 42 --files 60 --no-special
	rm -rf "$FARM"/span/names/deep*
	find "$FARM/plain" -type s -delete # nor sockets
	stock_sparse "$FARM/sparse"
	stock_text "$FARM/gzip"
	cp -a "$FARM/gzip" "$FARM/lzo"
	cp -a --sparse=always "$FARM/sparse" "$FARM/holegzip"
	for job in plain sparse gzip lzo holegzip span; do
		stock_console "run job=$job yes" "wait" >>"$FARM/stock.out" 2>&1
		[ "$(stock_sql stock "SELECT jobstatus FROM job WHERE name = '$job'")" = T ]
	done
	# Two at once into one pool: blocks of both alternate.
	stock_console "run job=gzip pool=P-plain yes" "run job=span pool=P-plain yes" "wait" >>"$FARM/stock.out" 2>&1
}

teardown_file() {
	local p
	while read -r p; do
		kill "$p" 2>/dev/null || true
	done <"$FARM/stock-pids"
	while read -r p; do
		farm_await 20 gone "$p" || kill -9 "$p"
	done <"$FARM/stock-pids"
	rm -rf "/tmp/tercet-farm-ports/$(cat "$FARM/stock-ports")"
	farm_stop
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

stock_console() {
	printf '%s\n' "$@" quit | timeout 120 bconsole -c "$FARM/stock-console.conf"
}

stock_console_works() {
	stock_console version | grep -F "Version: 9.6"
}

# same JOB: tercet-volume gives back what the peer saved, and finds nothing to complain about.
# The peer saves names of one symlink as so many symlinks.
same() {
	"$TERCET_BIN/tercet-volume" extract "$FARM/theirs/S-$1"-* "$FARM/x-$1" >"$FARM/extract.out" 2>&1
	grep -F ' 0 skipped, 0 warnings, 0 errors.' "$FARM/extract.out"
	tree diff "$FARM/$1" "$FARM/x-$1$FARM/$1" --no-links
}

@test "sparse files of the peer come back with exact size and digest" {
	same sparse
}

@test "GZIP and LZO of the peer are unpacked" {
	same gzip
	same lzo
	same holegzip
}

@test "a job over several volumes is extracted" {
	volumes=("$FARM"/theirs/S-span-*)
	[ "${#volumes[@]}" -ge 3 ]
	same span
}

@test "interleaved jobs are told apart; ACLs, attributes and special files come back" {
	"$TERCET_BIN/tercet-volume" ls -j "$FARM"/theirs/S-plain-* >"$FARM/jobs"
	[ "$(grep -c '^Begin of job' "$FARM/jobs")" -eq 3 ]
	same plain
	for t in gzip span; do
		tree diff "$FARM/$t" "$FARM/x-plain$FARM/$t" --no-links
	done
}

@test "ls names what bls names" {
	local conf=$FARM/stock-sd.conf volume
	volume=$(basename "$FARM"/theirs/S-gzip-*)
	tool "$FARM/theirs.ls" bls -c "$conf" -V "$volume" D
	"$TERCET_BIN/tercet-volume" ls -c "$conf" -V "$volume" D >"$FARM/ours.ls"
	grep -o "$FARM/gzip/.*" "$FARM/theirs.ls" | sort >"$FARM/want"
	[ -s "$FARM/want" ]
	grep -o "$FARM/gzip/.*" "$FARM/ours.ls" | sort | diff "$FARM/want" -
}

@test "our daemons restore the peer's volumes by the peer's own bootstrap" {
	for job in plain sparse span; do
		farm_console "run job=Restore storage=Theirs bootstrap=$FARM/state/$job.bsr where=$FARM/r-$job yes" wait \
			messages >"$FARM/restore.out"
		id=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/restore.out")
		[ "$(farm_job_status "$id")" = T ]
		tree diff "$FARM/$job" "$FARM/r-$job$FARM/$job" --no-links
	done
}
