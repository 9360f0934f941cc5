# regress/lib/farm.bash - a whole site for one test file: own directory, ports and catalog
#
# A bats file says "load ../lib/farm" and calls farm_start in setup_file, farm_stop in teardown_file.
# The site is written by tercet-setup, so that every test also proves what a user would run.
# FARM is the directory; $FARM/src what the job "Backup" saves.  Nothing is shared between farms.
#
# Nothing here waits without limit.  Whatever runs out of its time fails, and says what it saw:
# jobs, their logs, the daemons' logs and the stacks of their threads (farm_evidence).
# shellcheck shell=bash

: "${TERCET_SOURCE:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${TERCET_BIN:=$TERCET_SOURCE/build/release}"

# Seconds for one run of the console, "wait" for a job included, and for one test: several times
# what the longest honest ones take under the thread sanitizer on two busy cores (10 and 60).  The
# limit of a test is a background process of bats: "wait" in a test names what it waits for.
: "${FARM_PATIENCE:=180}"
: "${BATS_TEST_TIMEOUT:=450}"
export FARM_PATIENCE BATS_TEST_TIMEOUT

# A test that fails shows the ends of the logs; one that ran out of its time, everything.
teardown() {
	farm_after
}

# For a teardown of a file's own.
farm_after() {
	[ -z "${BATS_TEST_COMPLETED:-}${BATS_TEST_SKIPPED:-}" ] || return 0
	if [ -n "${BATS_TIMED_OUT+x}" ]; then
		sleep 1 # bats ends the children of the test just now, ours would be among them
		farm_evidence "the test took longer than $BATS_TEST_TIMEOUT seconds"
	elif [ -n "${FARM:-}" ]; then
		tail -n 20 "$FARM"/site/log/tercet-*.log
	fi
}

tree() {
	python3 "$TERCET_SOURCE/regress/lib/tree.py" "$@"
}

# farm_ports: three neighbouring ports for as long as this script runs; the first is printed.
farm_ports() {
	python3 "$TERCET_SOURCE/regress/lib/ports.py" $$
}

# farm_make: directory (in FARM_IN), ports and configuration, nothing started.
farm_make() {
	FARM=$(mktemp -d "${FARM_IN:-/tmp}/tercet-farm-XXXXXX")
	chmod 755 "$FARM"
	FARM_PORT=$(farm_ports)
	mkdir -p "$FARM/src"
	"$TERCET_BIN/tercet-setup" --name farm --port "$FARM_PORT" --backup "$FARM/src" --bin "$TERCET_BIN" \
		"$FARM/site" >"$FARM/setup.out"
	# No console waits for ever, whoever in a test starts it.
	sed -i "s,^exec ,exec timeout --foreground \"\$(cat '$FARM/patience')\" ," "$FARM/site/tconsole"
	echo "$FARM_PATIENCE" >"$FARM/patience"
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

# The passwords of the site as they could leak: in clear, as the hash that is as good (wire.md 3.2),
# and both in base64.  With TERCET_CANARIES set they are kept there, for a search of the logs of all
# tests.
farm_secrets() {
	local p hash
	sed -n 's/^ *Password = "\([^"]\{20,\}\)".*/\1/p' "$FARM"/site/etc/*.conf | sort -u | while read -r p; do
		hash=$(printf %s "$p" | md5sum | cut -d ' ' -f 1)
		printf '%s\n' "$p" "$hash"
		printf %s "$p" | base64 -w 0 | cut -c 1-40
		printf %s "$hash" | base64 -w 0 | cut -c 1-40
	done
}

# Nothing but configuration files has a password in it; nor has a command line or an environment.
farm_keeps_secrets() {
	local d found
	farm_secrets >"$FARM/secrets.conf"
	[ -s "$FARM/secrets.conf" ] || {
		echo "no password was found in the configuration of the site" >&2
		return 1
	}
	[ -z "${TERCET_CANARIES:-}" ] || cat "$FARM/secrets.conf" >>"$TERCET_CANARIES"
	for d in dir sd fd; do
		found=$(farm_pid "$d" 2>/dev/null || true)
		if [ -n "$found" ] && [ -r "/proc/$found/cmdline" ] &&
			grep -qaFf "$FARM/secrets.conf" "/proc/$found/cmdline" "/proc/$found/environ"; then
			echo "a password is in the arguments or the environment of tercet-$d" >&2
			return 1
		fi
	done
	# shellcheck source=/dev/null
	found=$(
		. "$FARM/site/etc/site"
		find "$FARM" "$SITE_STATE" -type f -size -64M ! -name '*.conf' ! -path "$FARM/src/*" -print0 |
			xargs -0 grep -laFf "$FARM/secrets.conf"
	) || true # grep finds nothing, as it should
	[ -z "$found" ] || {
		echo "a password of the site is in: $found" >&2
		return 1
	}
	farm_left_no_core
}

# A core file has all that a daemon knew, and need not show it.
farm_left_no_core() {
	local found
	# shellcheck source=/dev/null
	found=$(. "$FARM/site/etc/site" && find "$FARM" "$SITE_STATE" -type f \( -name core -o -name 'core.*' \) ! -path "$FARM/src/*")
	[ -z "$found" ] || {
		echo "a core file is left: $found" >&2
		return 1
	}
}

# A daemon that stops takes its pid file away; one that crashed, or that a test has killed and not
# started again, leaves it.
farm_left_well() {
	local d left=0
	for d in dir sd fd; do
		farm_pid "$d" >/dev/null 2>&1 || continue
		echo "tercet-$d (process $(farm_pid "$d")) has not stopped by itself" >&2
		left=1
	done
	return $left
}

# Stop everything; fails when a daemon crashed, leaked, raced, did not stop by itself or let a
# password out.
farm_stop() {
	local rc=0
	farm_keeps_secrets || rc=1
	"$FARM/site/tercet" stop >"$FARM/stop.out" 2>&1 || rc=1
	farm_left_well || rc=1
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

# farm_kill DAEMON [SIGNAL]: without a signal -9, and it is gone: a start that still saw it would
# leave it to run.
farm_kill() {
	local pid
	pid=$(farm_pid "$1")
	kill "-${2:-9}" "$pid"
	[ "${2:-9}" != 9 ] || farm_await 30 farm_is_gone "$pid"
}

farm_is_gone() {
	[ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

# farm_evidence WHY: what can be seen of a site that hangs, to standard error.  The second time
# in a farm only the reason, and from then on consoles get a short time: the rest of the file fails
# soon.
farm_evidence() {
	local d pid
	{
		echo "== $1"
		[ ! -e "$FARM/evidence" ] || return 0
		touch "$FARM/evidence"
		echo 20 >"$FARM/patience"
		echo "== jobs"
		catalog "SELECT jobid, name, jobstatus, starttime, endtime, jobfiles FROM job ORDER BY jobid"
		catalog "SELECT logtext FROM log WHERE jobid IN (SELECT jobid FROM job WHERE jobstatus NOT IN ('T', 'W', 'E', 'f', 'A')) ORDER BY logid"
		printf '%s\n' "status director" "status client=farm-fd" "status storage=Disk" | "$FARM/site/tconsole"
		for d in dir sd fd; do
			echo "== log of tercet-$d"
			tail -n 60 "$FARM/site/log/tercet-$d.log"
			pid=$(farm_pid "$d") && [ -d "/proc/$pid" ] || {
				echo "tercet-$d does not run"
				continue
			}
			command -v gdb >/dev/null || continue
			echo "== threads of tercet-$d ($pid)"
			timeout -k 5 60 gdb -p "$pid" -batch -ex 'thread apply all bt' 2>/dev/null |
				grep -E '^(Thread|#)' | grep -vE 'sanitizer|__tsan|/nptl/|/sysdeps/' | cut -c 1-180
		done
	} >&2 || true
}

# farm_console COMMAND...: run commands in tconsole, print what it prints.
farm_console() {
	local rc=0
	printf '%s\n' "$@" | "$FARM/site/tconsole" || rc=$?
	[ $rc -ne 124 ] || farm_evidence "the console did not end within $(cat "$FARM/patience") seconds: $*"
	return $rc
}

# farm_queue COMMAND...: commands of which one queues a job; its id is JOB.
farm_queue() {
	JOB=$(farm_console "$@" | tee "$FARM/queue.out" | sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' | head -n 1)
	[ -n "$JOB" ] || {
		cat "$FARM/queue.out" >&2
		return 1
	}
}

# farm_settle: wait until no job runs; jobs that do not end are shown, then cancelled.
farm_settle() {
	farm_console wait messages >"$FARM/settle.out" && return
	printf '%s\n' "cancel all yes" "wait timeout=15" | "$FARM/site/tconsole" >&2
	return 1
}

# farm_reads PATH: the client has this file open now.
farm_reads() {
	find "/proc/$(farm_pid fd)/fd" -lname "$1" 2>/dev/null | grep -q .
}

# Wait until a condition holds: farm_await SECONDS COMMAND...  The seconds are a limit and no
# expectation: five times what it took under the thread sanitizer with ten runnable processes per
# core.  (One that waits for a minute's tick of the director takes up to that minute anywhere.)
farm_await() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || {
			farm_evidence "did not come true in time: $*"
			return 1
		}
		sleep 0.2
	done
}

# The program itself: Debian's psql is a Perl script before it, five times as slow to start.
FARM_PSQL=$(printf '%s\n' /usr/lib/postgresql/*/bin/psql | sort -V | tail -n 1)

# catalog SQL: one value or rows, straight from the managed cluster.
catalog() {
	local data
	# shellcheck source=/dev/null
	data=$(. "$FARM/site/etc/site" && echo "$SITE_STATE/dir/catalog/data")
	PGHOST=$(sed -n 5p "$data/postmaster.pid") PGPORT=$(sed -n 4p "$data/postmaster.pid") \
		PGCONNECT_TIMEOUT=10 timeout -k 5 60 "$FARM_PSQL" -X -q -A -t -U "$(stat -c %U "$data")" -d tercet -c "$1"
}

# farm_run JOB [LEVEL] [more run arguments]: run it to its end; JOB id and STATUS letter are set.
farm_run() {
	local job=$1 level=${2:-}
	shift
	[ $# -gt 0 ] && shift
	farm_console "run job=$job ${level:+level=$level} $* yes" "wait" "messages" >"$FARM/run.out" 2>&1 || {
		cat "$FARM/run.out" >&2
		return 1
	}
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
	farm_console "restore jobid=$id where=$where $* all done yes" "wait" "messages" >"$FARM/restore.out" 2>&1 || {
		cat "$FARM/restore.out" >&2
		return 1
	}
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
