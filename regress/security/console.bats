#!/usr/bin/env bats
# regress/security/console.bats - what a console may ask of the catalog and print to a terminal

load ../lib/farm

setup_file() {
	farm_start
	echo data >"$FARM/src/file"
	touch "$FARM/src/evil"$'\e]0;owned\a\e[2J'"name" "$FARM/src/c1"$'\xc2\x9b2J'"name"
	farm_run Backup Full
	chmod 777 "$FARM"
}

teardown_file() {
	farm_stop
}

@test "a query by hand reads the catalog" {
	farm_console "sqlquery" "SELECT count(*) AS jobs FROM job;" "" >"$FARM/query.out"
	grep -q 'jobs' "$FARM/query.out"
	farm_console '.api 2' '.sql query="SELECT jobstatus FROM job"' | grep -q '"jobstatus": *"T"'
}

@test "a query by hand runs no program, reads and writes no file, changes nothing" {
	for sql in "COPY (SELECT 1) TO PROGRAM 'touch $FARM/escaped'" \
		"COPY (SELECT 1) TO '$FARM/escaped'" \
		"SELECT pg_read_file('/etc/passwd')" \
		"SELECT lo_import('/etc/passwd')" \
		"DO \$\$ BEGIN RESET ROLE; RESET SESSION AUTHORIZATION; EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch $FARM/escaped'''; END \$\$" \
		"UPDATE job SET jobstatus = 'X'" \
		"SET ROLE postgres" \
		"SELECT 1; UPDATE job SET jobstatus = 'X'"; do
		farm_console "sqlquery" "$sql;" "" >"$FARM/query.out" 2>&1
		lacks 'root:x:' <"$FARM/query.out"
		[ ! -e "$FARM/escaped" ]
	done
	[ "$(catalog "SELECT count(*) FROM job WHERE jobstatus = 'X'")" = 0 ]
}

@test "names of files do not command the terminal" {
	python3 - "$FARM/site/tconsole" >"$FARM/terminal.out" <<'X'
import os, pty, sys
pty.spawn([sys.argv[1], '-x', 'list files jobid=1'], lambda fd: os.read(fd, 65536))
X
	grep -aq 'evil\\x1b\]0;owned\\x07\\x1b\[2Jname' "$FARM/terminal.out"
	lacks $'\e\\[2J|\e]0|\xc2\x9b' <"$FARM/terminal.out"
	# A program gets the names as they are.
	farm_console "list files jobid=1" | grep -aq $'evil\e]0;owned'
}

@test "nor when a control character lies over the end of a piece" {
	python3 - "$FARM/src" <<'X'
import os, sys
for i in range(400):
    open(os.path.join(sys.argv[1].encode(), b'x' * (i % 2) + b'%03d' % i + b'\xc2\x9b' * 110), 'w').close()
X
	farm_run Backup Full
	farm_ok
	python3 - "$FARM/site/tconsole" "$JOB" >"$FARM/pieces.out" <<'X'
import os, pty, sys
pty.spawn([sys.argv[1], '-x', 'list files jobid=' + sys.argv[2]], lambda fd: os.read(fd, 65536))
X
	grep -aq '\\xc2\\x9b' "$FARM/pieces.out"
	[ "$(tr -dc '\233' <"$FARM/pieces.out" | wc -c)" -eq 0 ]
}
