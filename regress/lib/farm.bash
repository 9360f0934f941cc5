# regress/lib/farm.bash - a whole site for one test file: own directory, ports and catalog
#
# A bats file says "load ../lib/farm" and calls farm_start in setup_file, farm_stop in teardown_file.
# The site is written by tercet-setup, so that every test also proves what a user would run.
# FARM is the directory; $FARM/src what the job "Backup" saves.  Nothing is shared between farms.
# shellcheck shell=bash

: "${TERCET_SOURCE:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${TERCET_BIN:=$TERCET_SOURCE/build/release}"

tree() {
	python3 "$TERCET_SOURCE/regress/lib/tree.py" "$@"
}

# Three neighbouring ports that no other farm has and nobody listens on, below the range the
# kernel takes for outgoing connections.
farm_ports() {
	python3 - <<'X'
import os, random, socket, sys
lock = '/tmp/tercet-farm-ports'
os.makedirs(lock, mode=0o1777, exist_ok=True)
for _ in range(1000):
    base = random.randrange(12000, 31000, 3)
    try:
        os.mkdir('%s/%d' % (lock, base))
    except FileExistsError:
        try:
            owner = int(os.readlink('%s/%d/owner' % (lock, base)))
            os.kill(owner, 0)
        except ProcessLookupError:
            os.unlink('%s/%d/owner' % (lock, base))
            os.rmdir('%s/%d' % (lock, base))
        except (OSError, ValueError):
            pass
        continue
    try:
        for p in range(base, base + 3):
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(('127.0.0.1', p))
    except OSError:
        os.rmdir('%s/%d' % (lock, base))
        continue
    os.symlink(sys.argv[1] if len(sys.argv) > 1 else str(os.getppid()), '%s/%d/owner' % (lock, base))
    print(base)
    break
X
}

# farm_make: directory, ports and configuration, nothing started.
farm_make() {
	FARM=$(mktemp -d /tmp/tercet-farm-XXXXXX)
	chmod 755 "$FARM"
	FARM_PORT=$(farm_ports)
	mkdir -p "$FARM/src"
	"$TERCET_BIN/tercet-setup" --name farm --port "$FARM_PORT" --backup "$FARM/src" --bin "$TERCET_BIN" \
		"$FARM/site" >"$FARM/setup.out"
	export FARM FARM_PORT
}

# farm_conf FILE SED-EXPRESSION: change a configuration file of the site (dir, sd, fd, tconsole).
farm_conf() {
	local file=$FARM/site/etc/tercet-$1.conf
	[ "$1" = tconsole ] && file=$FARM/site/etc/tconsole.conf
	sed -i "$2" "$file"
}

# farm_conf_add dir < text: more resources for the director.
farm_conf_add() {
	cat >>"$FARM/site/etc/tercet-$1.conf"
}

farm_up() {
	"$FARM/site/tercet" start >"$FARM/start.out" 2>&1 || {
		cat "$FARM/start.out" "$FARM"/site/log/tercet-*.log >&2
		return 1
	}
}

farm_start() {
	farm_make
	farm_up
}

# Stop everything; fails when a daemon crashed, leaked, raced or did not stop by itself.
farm_stop() {
	local rc=0
	"$FARM/site/tercet" stop >"$FARM/stop.out" 2>&1 || rc=1
	if grep -aE 'ERROR: (Address|Leak|Thread)Sanitizer|runtime error:|lock order broken|Assertion .* failed|WARNING: ThreadSanitizer' \
		"$FARM"/site/log/tercet-*.log >&2; then
		rc=1
	fi
	[ $rc -eq 0 ] || {
		cat "$FARM/stop.out" >&2
		tail -n 60 "$FARM"/site/log/tercet-*.log >&2
	}
	rm -rf "/tmp/tercet-farm-ports/$FARM_PORT"
	# shellcheck source=/dev/null
	( . "$FARM/site/etc/site" && case $SITE_STATE in /var/lib/tercet/?*) rm -rf "$SITE_STATE" ;; esac )
	[ -n "${FARM_KEEP:-}" ] || [ $rc -ne 0 ] || rm -rf "$FARM"
	return $rc
}

farm_pid() { # dir, sd or fd
	# shellcheck source=/dev/null
	( . "$FARM/site/etc/site" && cat "$SITE_STATE/$1.pid" )
}

farm_kill() { # daemon [signal]
	kill "-${2:-9}" "$(farm_pid "$1")"
}

# farm_console COMMAND...: run commands in tconsole, print what it prints.
farm_console() {
	printf '%s\n' "$@" | "$FARM/site/tconsole"
}

# Wait until a condition holds: farm_await SECONDS COMMAND...  The seconds are those of a quiet
# machine and a release build; sanitizers and neighbours on the same two cores get four times that.
farm_await() {
	local end=$((SECONDS + 4 * $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || {
			echo "did not come true in time: $*" >&2
			return 1
		}
		sleep 0.2
	done
}

# catalog SQL: one value or rows, straight from the managed cluster.
catalog() {
	local data
	# shellcheck source=/dev/null
	data=$(. "$FARM/site/etc/site" && echo "$SITE_STATE/dir/catalog/data")
	PGHOST=$(sed -n 5p "$data/postmaster.pid") PGPORT=$(sed -n 4p "$data/postmaster.pid") \
		psql -X -q -A -t -U "$(stat -c %U "$data")" -d tercet -c "$1"
}

# farm_run JOB [LEVEL] [more run arguments]: run it to its end; JOB id and STATUS letter are set.
farm_run() {
	local job=$1 level=${2:-}
	shift
	[ $# -gt 0 ] && shift
	farm_console "run job=$job ${level:+level=$level} $* yes" "wait" "messages" >"$FARM/run.out" 2>&1
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out" | head -n 1)
	[ -n "$JOB" ] || {
		cat "$FARM/run.out" >&2
		return 1
	}
	STATUS=$(farm_job_status "$JOB")
}

# The job of the last farm_run ended well / did not.
farm_ok() {
	case $STATUS in T | W) return 0 ;; esac
	echo "job $JOB ended with status $STATUS" >&2
	cat "$FARM/run.out" >&2
	return 1
}

farm_failed() {
	case $STATUS in E | f | A) return 0 ;; esac
	echo "job $JOB ended with status $STATUS, not in failure" >&2
	return 1
}

# lacks PATTERN: standard input has no line that matches.
lacks() {
	local found
	if found=$(grep -E -- "$1"); then
		echo "unexpected: $found" >&2
		return 1
	fi
}

farm_job_status() {
	catalog "SELECT jobstatus FROM job WHERE jobid = $1"
}

# farm_restore JOBID DIR [more restore arguments]: everything of that job below DIR.
farm_restore() {
	local id=$1 where=$2
	shift 2
	farm_console "restore jobid=$id where=$where $* all done yes" "wait" "messages" >"$FARM/restore.out" 2>&1
	RESTORE=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/restore.out" | head -n 1)
	[ -n "$RESTORE" ] || {
		cat "$FARM/restore.out" >&2
		return 1
	}
	RESTORE_STATUS=$(farm_job_status "$RESTORE")
	[ "$RESTORE_STATUS" = T ]
}

# The job log as the catalog has it.
farm_joblog() {
	catalog "SELECT logtext FROM log WHERE jobid = $1 ORDER BY logid"
}
