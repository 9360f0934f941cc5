#!/usr/bin/env bats
# regress/backup/compression.bats - every compression there and back, with sparse files too
#
# The tree holds text of all sizes around a chunk, what is compressed already, holes, and the tree
# of everything; digests are checked by the restore itself.
#
# labels: tsan

load ../lib/farm

WORDS="GZIP GZIP9 LZO LZFAST LZ4 LZ4HC ZSTD10"

# Text, packed bytes and holes: sizes 0, 1, around the chunk of both kinds, many chunks.
make_data() { # dir
	python3 - "$1" <<'X'
import os, random, sys
top, rng = sys.argv[1], random.Random(3)
os.makedirs(top)
words = [''.join(rng.choices('etaoinshrdlu', k=rng.randint(2, 9))) for _ in range(3000)]
text = ' '.join(rng.choices(words, k=300000)).encode()
chunk = 262144
for n in (0, 1, 64, 65, 1000, chunk - 1, chunk, chunk + 1, 524288, 524289, 2 * chunk + 5, 3000000, 5 * chunk):
    with open('%s/text-%d' % (top, n), 'wb') as f:
        f.write((text * 2)[:n])
for n in (1000, 100000, chunk, 700000, 3 * chunk):
    with open('%s/packed-%d' % (top, n), 'wb') as f:
        f.write(rng.randbytes(n))
with open(top + '/mixed', 'wb') as f:
    for k in range(12):
        f.write(rng.randbytes(chunk) if k % 3 == 1 else text[k * 1000:k * 1000 + chunk])
sparse = chunk - 8
def holes(name, size, *data):
    with open('%s/%s' % (top, name), 'wb') as f:
        f.truncate(size)
        for at, n in data:
            f.seek(at)
            f.write(text[:n])
for k in (1, 2, 4):
    holes('all-hole-%d' % k, k * sparse)
    holes('zero-tail-%d' % k, k * sparse, (0, 100))
holes('all-hole-odd', 3 * sparse + 77)
holes('islands', 40 * sparse, (sparse * 7 + 5, 1000), (sparse * 20 - 3, 600000), (40 * sparse - 1, 1))
X
}

setup_file() {
	farm_make
	for w in $WORDS; do
		for s in no yes; do
			cat <<X
FileSet { Name = "$w-$s"; Include { Options { Signature = SHA1; Compression = $w; Sparse = $s; Hard Links = yes } File = "$FARM/src"; File = "$FARM/data" } }
Job { Name = "$w-$s"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "$w-$s" }
X
		done
	done | farm_conf_add dir
	farm_up
	tree make "$FARM/src" --seed 11 --files 120
	make_data "$FARM/data"
}

teardown_file() {
	farm_stop
}

# there_and_back FILESET: saved smaller than it was read, restored the same.
there_and_back() {
	farm_run "$1" Full
	farm_ok
	grep -q 'Software Compression: *[0-9.]* % (' "$FARM/run.out"
	farm_restore "$JOB" "$FARM/out" || {
		cat "$FARM/restore.out"
		return 1
	}
	tree diff "$FARM/src" "$FARM/out$FARM/src"
	tree diff "$FARM/data" "$FARM/out$FARM/data"
	rm -rf "$FARM/out"
}

@test "every compression" {
	for w in $WORDS; do
		echo "$w"
		there_and_back "$w-no"
	done
}

@test "every compression with Sparse = yes: all-hole files and zero tails keep their size" {
	for w in $WORDS; do
		echo "$w"
		there_and_back "$w-yes"
	done
}

@test "tercet-volume reads them without a daemon" {
	for w in GZIP LZO LZFAST ZSTD10; do
		echo "$w"
		farm_run "$w-yes" Full
		farm_ok
		catalog "SELECT DISTINCT E'Volume=\"' || volumename || E'\"\nVolSessionId=' || volsessionid || E'\nVolSessionTime=' || volsessiontime
			FROM job JOIN jobmedia USING (jobid) JOIN media USING (mediaid) WHERE jobid = $JOB" >"$FARM/job.bsr"
		"$TERCET_BIN/tercet-volume" extract -b "$FARM/job.bsr" "$FARM/site/volumes" "$FARM/x"
		tree diff "$FARM/data" "$FARM/x$FARM/data"
		rm -rf "$FARM/x"
	done
}
