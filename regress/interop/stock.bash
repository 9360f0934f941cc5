# regress/interop/stock.bash - Debian's bacula 9.6.7 as a peer: its catalog, its tools
#
# Loaded behind ../lib/farm.  Bacula's own catalog is a second database in the farm's private
# cluster; the package's script makes its tables.
# shellcheck shell=bash

# Where psql and Bacula find the farm's cluster.
stock_pg() {
	local data
	# shellcheck source=/dev/null
	data=$(. "$FARM/site/etc/site" && echo "$SITE_STATE/dir/catalog/data")
	PGHOST=$(sed -n 5p "$data/postmaster.pid") PGPORT=$(sed -n 4p "$data/postmaster.pid")
	PGUSER=$(stat -c %U "$data")
	export PGHOST PGPORT PGUSER
}

stock_database() { # name
	stock_pg
	psql -X -q -d tercet -c "CREATE DATABASE $1 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
	db_name=$1 /usr/share/bacula-director/make_postgresql_tables >"$FARM/tables.out" 2>&1
}

stock_sql() { # database SQL
	stock_pg
	psql -X -q -A -t -d "$1" -c "$2"
}

# stock_found DATABASE JOBID: bscan has put into it what our catalog says of the job.
stock_found() {
	local job
	job=$(catalog "SELECT job FROM job WHERE jobid = $2")
	[ -n "$job" ]
	stock_sql "$1" "SELECT name, type, level, jobstatus, jobfiles FROM job WHERE job = '$job'" >"$FARM/theirs"
	catalog "SELECT name, type, level, jobstatus, jobfiles FROM job WHERE jobid = $2" | diff - "$FARM/theirs"
	stock_sql "$1" "SELECT fileindex, path || filename.name, lstat, md5 FROM file JOIN path USING (pathid)
		JOIN filename USING (filenameid) JOIN job USING (jobid) WHERE job.job = '$job' ORDER BY 1" >"$FARM/theirs"
	[ -s "$FARM/theirs" ]
	catalog "SELECT fileindex, path || file.name, lstat, md5 FROM file JOIN path USING (pathid) WHERE jobid = $2
		ORDER BY 1" | diff - "$FARM/theirs"
}

# tool OUTPUT COMMAND...: one of the stock tools.  Some of them never end on what they do not
# understand, or ask for ever when nobody answers.
tool() {
	local out=$1
	shift
	(
		ulimit -f 200000
		timeout $((60 * ${TERCET_SLOW:-1})) "$@" >"$out" 2>&1 </dev/null
	) || {
		tail -c 2000 "$out" >&2
		return 1
	}
}

# Files with holes; a chunk is what one record of a sparse file holds of it at most.
stock_sparse() { # directory
	mkdir -p "$1"
	python3 - "$1" <<'P'
import random, sys
rng = random.Random(4)


def make(name, size, *data):
    with open('%s/%s' % (sys.argv[1], name), 'wb') as f:
        f.truncate(size)
        for at, n in data:
            f.seek(at)
            f.write(rng.randbytes(n))


for chunk in (65528, 65536, 262136, 262144):
    make('hole 1x%d' % chunk, chunk)
    make('hole 4x%d' % chunk, 4 * chunk)
    make('tail hole 4x%d' % chunk, 4 * chunk, (0, 1000))
    make('middle 4x%d' % chunk, 4 * chunk, (2 * chunk + 5, 10))
    make('full 4x%d' % chunk, 4 * chunk, (0, 4 * chunk))
    make('odd 4x%d' % chunk, 4 * chunk + 1, (3, 4))
make('one', 1)
make('zeros', 100)
make('large', 50_000_001, (20_000_000, 70_000), (50_000_000, 1))
P
}

# Files that shrink, files that do not, and one of all kinds.
stock_text() { # directory
	mkdir -p "$1"
	python3 - "$1" <<'P'
import random, sys
rng = random.Random(5)
words = [b'alpha', b'beta', b'gamma', b'delta', b'epsilon', b'zeta', b'eta', b'theta']


def text(n):
    return b' '.join(rng.choice(words) for _ in range(n // 4))[:n]


def make(name, data):
    with open('%s/%s' % (sys.argv[1], name), 'wb') as f:
        f.write(data)


sizes = (0, 1, 10, 1000, 3000, 65535, 65536, 65537, 262144, 300000)
for i, n in enumerate(sizes):
    make('text %d' % i, text(n))
    make('random %d' % i, rng.randbytes(n))
make('mixed', text(2000000) + rng.randbytes(500000) + bytes(1000000))
P
}
