#!/usr/bin/env bats
# regress/interop/stock_data.bats - sparse, compressed and attributed files for Debian's tools
#
# Volumes of Label Style = Bacula go through bls, bextract, bcopy and bscan 9.6.7; the same files
# come back through our daemons and tercet-volume from volumes of both styles.
# Spec: volume.md 4.5, 8.1, 17; bacula.md 6

load ../lib/farm
load stock

setup_file() {
	farm_make
	mkdir "$FARM/bacula" "$FARM/copy" "$FARM/state"
	chown --reference="$FARM/site/volumes" "$FARM/bacula" "$FARM/copy"
	local sd job n
	for n in bacula copy; do
		farm_conf_add sd <<E
Device {
  Name = "Dev-$n"; Media Type = "Type-$n"; Archive Device = "$FARM/$n"; Device Type = File
  Label Style = Bacula; Label Media = yes; Random Access = yes; Automatic Mount = yes
  Removable Media = no; Always Open = no
}
E
	done
	sd=$(sed -n '/^Storage/,/^}/p' "$FARM/site/etc/tercet-dir.conf")
	for n in bacula copy; do
		sed -e "s/Name = \"\{0,1\}Disk\"\{0,1\}/Name = \"Disk-$n\"/" -e "s/\( Device *=\).*/\1 \"Dev-$n\"/" \
			-e "s/\(Media Type *=\).*/\1 \"Type-$n\"/" <<<"$sd"
	done | farm_conf_add dir
	while read -r job options; do
		cat <<E
FileSet { Name = "$job"; Include { Options { $options } File = "$FARM/$job" } }
Job { Name = "$job"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "$job" }
Pool { Name = "B-$job"; Storage = "Disk-bacula"; Label Format = "B-$job-" }
Pool { Name = "T-$job"; Storage = "Disk"; Label Format = "T-$job-" }
E
	done <<'E' | farm_conf_add dir
plain Signature = SHA256; Hard Links = yes; ACL Support = yes; XAttr Support = yes
sparse Signature = SHA1; Sparse = yes
gzip Signature = SHA256; Compression = GZIP6
lzo Signature = MD5; Compression = LZO
lz4 Signature = MD5; Compression = LZ4
holegzip Signature = MD5; Sparse = yes; Compression = GZIP
holelzo Signature = MD5; Sparse = yes; Compression = LZO
E
	cat >"$FARM/tools.conf" <<E
Storage { Name = b; WorkingDirectory = "$FARM/state"; Pid Directory = "$FARM/state" }
Device { Name = Bacula; Media Type = Type-bacula; Archive Device = "$FARM/bacula"; LabelMedia = yes
  Random Access = yes; AutomaticMount = yes; RemovableMedia = no; AlwaysOpen = no }
Device { Name = Copy; Media Type = Type-copy; Archive Device = "$FARM/copy"; LabelMedia = yes
  Random Access = yes; AutomaticMount = yes; RemovableMedia = no; AlwaysOpen = no }
Messages { Name = Standard; stdout = all }
Director { Name = d; Password = p }
E
	farm_up
	tree make "$FARM/plain" --seed 31 --files 60
	rm -rf "$FARM"/plain/names/deep* # longer than what bextract can make
	stock_sparse "$FARM/sparse"
	stock_text "$FARM/gzip"
	for n in lzo lz4; do
		cp -a "$FARM/gzip" "$FARM/$n"
	done
	for n in holegzip holelzo; do
		cp -a --sparse=always "$FARM/sparse" "$FARM/$n"
		cp -a "$FARM/gzip/mixed" "$FARM/$n"
	done
	for job in plain sparse gzip lzo lz4 holegzip holelzo; do
		farm_run $job Full pool=B-$job
		farm_ok
		farm_run $job Full pool=T-$job
		farm_ok
		echo "$JOB" >"$FARM/id-$job"
	done
}

teardown_file() {
	farm_stop
}

streams() { # volume file
	"$TERCET_BIN/tercet-volume" ls -r "$1" | sed -n 's/^Record: .*, stream \([0-9]*\) .*/\1/p' | sort -nu | xargs
}

# same JOB [diff option]: bextract, tercet-volume on both volumes, and a restore give the files back.
same() {
	local job=$1
	shift
	mkdir "$FARM/x-$job"
	tool "$FARM/bextract.out" bextract -c "$FARM/tools.conf" -V "B-$job-0001" Bacula "$FARM/x-$job"
	lacks 'Error|ERROR' <"$FARM/bextract.out"
	tree diff "$FARM/$job" "$FARM/x-$job$FARM/$job" "$@"
	ours_too "$job"
}

ours_too() { # job
	"$TERCET_BIN/tercet-volume" extract "$FARM/bacula/B-$1-0001" "$FARM/y-$1"
	tree diff "$FARM/$1" "$FARM/y-$1$FARM/$1"
	"$TERCET_BIN/tercet-volume" extract "$FARM/site/volumes/T-$1-0001" "$FARM/z-$1"
	tree diff "$FARM/$1" "$FARM/z-$1$FARM/$1"
	farm_restore "$(cat "$FARM/id-$1")" "$FARM/r-$1"
	tree diff "$FARM/$1" "$FARM/r-$1$FARM/$1"
}

@test "bextract gives sparse files their exact size and content, also when all is hole" {
	same sparse
	[ "$(streams "$FARM/bacula/B-sparse-0001")" = "1 6 10" ]
}

@test "bextract unpacks GZIP: bare zlib streams on volumes of Bacula style, with a header on others" {
	same gzip
	[ "$(streams "$FARM/bacula/B-gzip-0001" | grep -cw 4)" -eq 1 ]
	[ "$(streams "$FARM/bacula/B-gzip-0001" | grep -cw 29)" -eq 0 ]
	[ "$(streams "$FARM/site/volumes/T-gzip-0001" | grep -cw 29)" -eq 1 ]
	same holegzip
}

@test "bextract unpacks LZO, and LZ4 that was asked for" {
	same lzo
	same lz4
	same holelzo
}

@test "bextract restores all but ACLs and extended attributes; tercet-volume those, too" {
	mkdir "$FARM/x-plain"
	tool "$FARM/bextract.out" bextract -c "$FARM/tools.conf" -V B-plain-0001 Bacula "$FARM/x-plain"
	tree list "$FARM/plain" | sed -e 's/ x:[^ ]*//g' -e '/ type=sock /d' >"$FARM/want"
	tree list "$FARM/x-plain$FARM/plain" >"$FARM/got"
	# The peer's behaviour: ACLs and extended attributes stay on the volume.
	lacks ' x:' <"$FARM/got"
	diff "$FARM/want" "$FARM/got"
	ours_too plain
}

@test "bls lists every name, and tercet-volume as bls the same ones" {
	ln -s "$TERCET_BIN/tercet-volume" "$FARM/bls"
	for job in gzip lzo sparse; do
		tool "$FARM/theirs" bls -E -c "$FARM/tools.conf" -V "B-$job-0001" Bacula
		"$FARM/bls" -E -dt -d 0 -p -c "$FARM/tools.conf" -V "B-$job-0001" Bacula >"$FARM/ours"
		find "$FARM/$job" -type f | sort >"$FARM/want"
		grep -o "$FARM/$job/.*[^/]$" "$FARM/theirs" | sort | diff "$FARM/want" -
		grep -o "$FARM/$job/.*[^/]$" "$FARM/ours" | sort | diff "$FARM/want" -
	done
	tool "$FARM/theirs" bls -j -c "$FARM/tools.conf" -V B-gzip-0001 Bacula
	"$FARM/bls" -j -c "$FARM/tools.conf" -V B-gzip-0001 Bacula >"$FARM/ours"
	grep -F "gzip.20" "$FARM/theirs"
	grep -F "gzip.20" "$FARM/ours"
}

@test "tercet-volume as bextract takes the words of bextract" {
	ln -s "$TERCET_BIN/tercet-volume" "$FARM/bextract"
	mkdir "$FARM/e1" "$FARM/e2"
	"$FARM/bextract" -t -p -T -c "$FARM/tools.conf" -V B-gzip-0001 Bacula "$FARM/e1"
	[ -z "$(ls -A "$FARM/e1")" ]
	echo "$FARM/gzip/mixed" >"$FARM/list"
	"$FARM/bextract" -dt -i "$FARM/list" -c "$FARM/tools.conf" -V B-gzip-0001 Bacula "$FARM/e2"
	cmp "$FARM/gzip/mixed" "$FARM/e2$FARM/gzip/mixed"
	[ "$(find "$FARM/e2" -type f | wc -l)" -eq 1 ]
}

@test "bcopy copies our volumes; the copy is as good as the original" {
	for job in sparse gzip lzo; do
		farm_console "label storage=Disk-copy pool=B-plain volume=Copied-$job" >"$FARM/label.out"
		[ -s "$FARM/copy/Copied-$job" ]
		# By -i it takes the volume to be written for one to be read (9.6.7), by a bootstrap it does not.
		echo "Volume=\"B-$job-0001\"" >"$FARM/copy.bsr"
		tool "$FARM/bcopy.out" bcopy -c "$FARM/tools.conf" -w "$FARM/state" -b "$FARM/copy.bsr" -o "Copied-$job" Bacula Copy
		mkdir "$FARM/x-copy-$job"
		tool "$FARM/bextract.out" bextract -c "$FARM/tools.conf" -V "Copied-$job" Copy "$FARM/x-copy-$job"
		tree diff "$FARM/$job" "$FARM/x-copy-$job$FARM/$job"
		"$TERCET_BIN/tercet-volume" extract "$FARM/copy/Copied-$job" "$FARM/y-copy-$job"
		tree diff "$FARM/$job" "$FARM/y-copy-$job$FARM/$job"
	done
}

@test "bscan finds in our volumes what our catalog says" {
	stock_database scanned
	for job in plain sparse gzip lzo; do
		tool "$FARM/bscan.out" bscan -c "$FARM/tools.conf" -w "$FARM/state" -s -m -n scanned -h "$PGHOST" -t "$PGPORT" \
			-u "$PGUSER" -V "B-$job-0001" Bacula
		stock_found scanned "$(catalog "SELECT min(jobid) FROM job WHERE name = '$job'")"
	done
}
