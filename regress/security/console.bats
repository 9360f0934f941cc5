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

on_terminal() { # command; its output goes to a terminal
	python3 -c 'import os, pty, sys
pty.spawn(["/bin/sh", "-c", sys.argv[1]], lambda fd: os.read(fd, 65536))' "$1" </dev/null
}

@test "names of files do not command the terminal" {
	on_terminal "'$FARM/site/tconsole' -x 'list files jobid=1'" >"$FARM/terminal.out"
	grep -aq 'evil?\]0;owned??\[2Jname' "$FARM/terminal.out"
	lacks $'\e\\[2J|\e]0|\xc2\x9b' <"$FARM/terminal.out"
	# A program gets the names as they are.
	"$FARM/site/tconsole" --json -x "list files jobid=1" | grep -aiq 'evil\\u001b\]0;owned\\u0007'
}

# What a query prints is not looked at by the director.
print_on_terminal() { # query
	printf "sqlquery\n%s;\n\n" "$1" >"$FARM/print"
	on_terminal "'$FARM/site/tconsole' <'$FARM/print'"
}

@test "nor does any other text" {
	print_on_terminal "SELECT 'evil' || chr(27) || ']0;owned' || chr(7) || chr(27) || '[2Jname'" >"$FARM/text.out"
	grep -aq 'evil\\x1b\]0;owned\\x07\\x1b\[2Jname' "$FARM/text.out"
	lacks $'\e\\[2J|\e]0' <"$FARM/text.out"
}

@test "nor when a control character lies over the end of a piece" {
	print_on_terminal "SELECT repeat('x', i % 2) || i || repeat(E'\\xc2\\x9b', 110) FROM generate_series(1, 400) i" >"$FARM/pieces.out"
	grep -aq '\\xc2\\x9b' "$FARM/pieces.out"
	[ "$(tr -dc '\233' <"$FARM/pieces.out" | wc -c)" -eq 0 ]
}
