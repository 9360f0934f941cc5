#!/usr/bin/env bats
# regress/catalog/tool.bats - tercet-catalog used by hand, with what people give it by mistake
#
# A PostgreSQL of its own that asks for passwords; for the managed cluster a site of its own.
# Spec: catalog.md 2.1, 2.4, 15

load ../lib/farm

as_server() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
	else
		"$@"
	fi
}

setup_file() {
	farm_make
	PG=$(mktemp -d /tmp/tercet-tool-XXXXXX)
	PG_BIN=$(for d in /usr/lib/postgresql/*/bin; do echo "$d"; done | sort -V | tail -n 1)
	export PG PG_BIN
	[ "$(id -u)" -ne 0 ] || chown postgres "$PG"
	chmod 755 "$PG"
	echo rootpw >"$PG/pw"
	chmod 644 "$PG/pw"
	cd "$PG" || return 1
	as_server "$PG_BIN/initdb" -A scram-sha-256 -U admin --pwfile="$PG/pw" -D "$PG/data" >"$PG/initdb.out" 2>&1
	as_server "$PG_BIN/pg_ctl" -w -t 300 -D "$PG/data" -l "$PG/log" \
		-o "-k $PG -c listen_addresses= -p 5432" start >"$PG/start.out"
	admin "CREATE ROLE maker LOGIN CREATEDB PASSWORD 'right'"
	admin "CREATE ROLE user1 LOGIN PASSWORD 'right'"
}

teardown_file() {
	cd / || return 1
	as_server "$PG_BIN/pg_ctl" -w -D "$PG/data" -m immediate stop
	rm -rf "$PG"
	rm -rf "/tmp/tercet-farm-ports/$FARM_PORT"
	# shellcheck source=/dev/null
	(. "$FARM/site/etc/site" && case $SITE_STATE in /var/lib/tercet/?*) rm -rf "$SITE_STATE" ;; esac)
	rm -rf "$FARM"
}

admin() { # SQL [database]
	PGPASSWORD=rootpw psql -X -q -A -t -h "$PG" -U admin -d "${2:-postgres}" -c "$1"
}

# conf DATABASE [ROLE [PASSWORD]]: a configuration for the private server
conf() {
	awk -v db="$1" -v user="${2:-maker}" -v pw="${3:-right}" -v socket="$PG" '
		/^Catalog \{/ { skip = 1
			printf "Catalog { Name = Main; DB Name = \"%s\"; DB User = \"%s\"; DB Password = \"%s\"; DB Socket = \"%s\" }\n", db, user, pw, socket }
		!skip { print }
		skip && /^}/ { skip = 0 }' "$FARM/site/etc/tercet-dir.conf" >"$FARM/tool.conf"
	chmod 600 "$FARM/tool.conf"
}

tool() {
	run timeout 300 "$TERCET_BIN/tercet-catalog" -c "$FARM/tool.conf" "$@"
}

# says STATUS TEXT...: the exit status, and words of the output
says() {
	local want=$1
	shift
	[ "$status" -eq "$want" ] || {
		echo "exit status $status, not $want: $output"
		return 1
	}
	for text; do
		[[ $output == *"$text"* ]] || {
			echo "\"$text\" is not in: $output"
			return 1
		}
	done
}

@test "help names commands and exit codes" {
	run "$TERCET_BIN/tercet-catalog" --help
	says 0 create check upgrade "Exit status" 41 42
}

@test "no command, an unknown one, two of them, an unknown option" {
	conf any
	tool
	says 41 "no command given"
	tool repair
	says 41 "unknown command repair"
	tool check create
	says 41 "one command at a time"
	tool --frobnicate check
	says 41 frobnicate
}

@test "no configuration, a wrong one, no such catalog" {
	run "$TERCET_BIN/tercet-catalog" -c "$FARM/none.conf" check
	says 42 "$FARM/none.conf" "No such file"
	echo 'Director { Nmae = x }' >"$FARM/broken.conf"
	run "$TERCET_BIN/tercet-catalog" -c "$FARM/broken.conf" check
	says 42 "broken.conf:1" Nmae
	conf any
	tool -C Other check
	says 42 "no Catalog resource named Other"
}

@test "wrong password, unknown role, no server" {
	conf any maker wrong
	tool check
	says 2 "password authentication failed" maker
	conf any nobody1
	tool create
	says 2 nobody1
	conf any
	sed -i "s,DB Socket = \"$PG\",DB Socket = \"$PG/nowhere\"," "$FARM/tool.conf"
	tool check
	says 2 "$PG/nowhere" "No such file or directory"
}

@test "a database that is not there" {
	conf absent
	tool check
	says 2 "database \"absent\" does not exist: run tercet-catalog create"
	tool upgrade
	says 2 "database \"absent\" does not exist"
	conf absent user1
	tool create
	says 2 "role \"user1\" cannot make it" "createdb --owner=user1" "--encoding=SQL_ASCII"
}

@test "create, create again, check, upgrade" {
	conf good
	tool create
	says 0 "database \"good\" created" "tables of version 2250 created"
	tool create
	says 0 "already"
	tool check
	says 0 "tables, columns, types and indexes of version 2250 are there"
	tool upgrade
	says 0 "nothing to do"
}

@test "an empty database, a wrong encoding, another version, half a catalog" {
	admin "CREATE DATABASE empty OWNER maker TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
	conf empty
	tool check
	says 2 "has no catalog tables: run tercet-catalog create"
	admin "CREATE DATABASE utf OWNER maker TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
	conf utf
	for command in create check upgrade; do
		tool $command
		says 2 "Encoding error for database \"utf\". Wanted SQL_ASCII, got UTF8"
	done
	conf old
	tool create
	admin "UPDATE version SET versionid = 2240" old
	tool check
	says 2 "Wanted 2250, got 2240"
	tool upgrade
	says 2 "Wanted 2250, got 2240" "only version 2250 can be taken over"
	conf half
	tool create
	admin "DROP TABLE job" half
	for command in create check upgrade; do
		tool $command
		says 2 "has some tables of a catalog"
	done
}

@test "missing tables, columns and indexes are named" {
	conf holes
	tool create
	admin "DROP TABLE counters; ALTER TABLE media DROP COLUMN recyclecount; DROP INDEX job_name_idx" holes
	tool check
	says 1 "MISSING table counters" "MISSING column media.recyclecount of type bigint" \
		"MISSING index job_name_idx of table job" "rows were not looked at"
	conf index
	tool create
	admin "DROP INDEX media_poolid_idx" index
	tool check
	says 1 "MISSING index media_poolid_idx of table media" "JobMedia rows without a job: 0"
}

@test "orphaned rows are counted" {
	conf orphans
	tool create
	admin "INSERT INTO jobmedia (jobid, mediaid) VALUES (999, 999); INSERT INTO log (jobid, time, logtext) VALUES (998, now(), 'x')" orphans
	tool check
	says 1 "FOUND JobMedia rows without a job: 1" "FOUND JobMedia rows without a volume: 1" \
		"FOUND Log lines of jobs that are gone: 1"
}

@test "a role without rights" {
	conf good user1
	tool check
	says 2 "permission denied"
}

@test "initdb of the managed cluster killed half-way, then done again" {
	local state tool_pid
	# shellcheck source=/dev/null
	state=$(. "$FARM/site/etc/site" && echo "$SITE_STATE/dir/catalog")
	cp "$FARM/site/etc/tercet-dir.conf" "$FARM/tool.conf"
	for _ in 1 2; do
		"$TERCET_BIN/tercet-catalog" -c "$FARM/tool.conf" create >"$FARM/killed.out" 2>&1 &
		tool_pid=$!
		farm_await 120 test -d "$state/data.new/base"
		kill -9 $tool_pid
		wait $tool_pid || true
		[ ! -e "$state/data" ]
	done
	tool create
	says 0 "tables of version 2250 created"
	tool check
	says 0 "are there"
	# The tool stops the server that it started.
	[ ! -e "$state/data/postmaster.pid" ]
}
