#!/usr/bin/env bats
# regress/shell/terminal.bats - tconsole on a terminal: what a person types, and Ctrl-C anywhere
# labels: quick tsan
#
# The scenarios are functions of terminal.py; each waits for what it expects and for nothing else.

load ../lib/farm

setup_file() {
	farm_start
	mkdir -p "$FARM/src/sub" "$FARM/home"
	echo one >"$FARM/src/alpha.txt"
	echo two >"$FARM/src/sub/beta.txt"
	mkdir "$FARM/src/a dir"
	for name in "a dir/in it" 'qu"ote' 'back\slash'; do
		echo odd >"$FARM/src/$name"
	done
	printf '%s\n' whoami version >"$FARM/lines"
	farm_run Backup Full
	farm_ok
	HOME=$FARM/home
	export HOME
}

teardown_file() {
	farm_stop
}

scenario() {
	TREE=$FARM/src python3 "$TERCET_SOURCE/regress/shell/terminal.py" "$1" \
		"$TERCET_BIN/tconsole" -c "$FARM/site/etc/tconsole.conf" 3>&-
}

@test "commands are answered, questions stand there once" {
	scenario commands
}

@test "Ctrl-C forgets the line that was typed" {
	scenario forget_line
}

@test "Ctrl-C at a question aborts it" {
	scenario leave_question
}

@test "Ctrl-C in the tree warns before the marks are lost" {
	scenario leave_tree
}

@test "Ctrl-C stops a command that waits, and the session goes on" {
	scenario stop_wait
}

@test "Ctrl-C stops a command that waits for a mute daemon" {
	DIRECTOR_CONF=$FARM/site/etc/tercet-dir.conf scenario stop_connect
}

@test "Ctrl-C stops a long list" {
	scenario stop_list
}

sleepers() {
	catalog "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'select pg_sleep%'"
}
sleeps() { [ "$(sleepers)" -gt 0 ]; }
nobody_sleeps() { [ "$(sleepers)" -eq 0 ]; }

@test "Ctrl-C stops a query" {
	(farm_await 60 sleeps && touch "$FARM/sleeps") 3>&- &
	SLEEPS=$FARM/sleeps scenario stop_query
	farm_await 30 nobody_sleeps
}

@test "a director that is to end does not wait for a query" {
	"$FARM/site/tconsole" -x '.sql query="select pg_sleep(600)"' >"$FARM/query.out" 2>&1 3>&- &
	farm_await 30 sleeps
	timeout 60 "$FARM/site/tercet" stop >"$FARM/stop.out" 2>&1
	farm_up
}

@test "Ctrl-C at the prompt: the second one leaves" {
	scenario leave_prompt
}

@test "Ctrl-C ends a script" {
	farm_console 'run job=Backup when="2038-01-01 00:00:00" yes' >"$FARM/later.out"
	WAITING_JOB=$(sed -n 's/.*JobId=\([0-9]*\).*/\1/p' "$FARM/later.out")
	export WAITING_JOB
	scenario script
	farm_console "cancel jobid=$WAITING_JOB" | grep 'marked to be canceled'
}

@test "the history of a user survives a kill and is private" {
	rm -f "$HOME/.tconsole_history"
	HOME_OF_TEST=$HOME scenario history
}

@test "lines of a file are shown, and no typed line twice" {
	LINES_FILE=$FARM/lines scenario input_file
}

@test "pasted lines run one after the other" {
	scenario paste
}

@test "TAB completes commands, keywords and names" {
	scenario completion
}

@test "a console that vanishes ends its command in the director" {
	printf 'run job=Backup when="2038-01-01 00:00:00" yes\nwait\n' >"$FARM/wait.script"
	"$TERCET_BIN/tconsole" -c "$FARM/site/etc/tconsole.conf" <"$FARM/wait.script" >"$FARM/wait.out" 2>&1 3>&- &
	farm_await 30 grep -q '^wait' "$FARM/wait.out"
	kill -9 $!
	wait $! || true
	gone() { ! cat "/proc/$(farm_pid dir)/task"/*/comm 2>/dev/null | grep -q console-input; }
	farm_await 30 gone
	farm_console "cancel all yes" >/dev/null
}
