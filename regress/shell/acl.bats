#!/usr/bin/env bats
# regress/shell/acl.bats - a named console sees and does what its profile says, and no more

load ../lib/farm

setup_file() {
	farm_make
	farm_conf_add dir <<X
Profile {
  Name = operator
  Command ACL = !configure, !delete, !purge, !sqlquery, *all*
  Catalog ACL = *all*
  Client ACL = farm-fd
  FileSet ACL = *all*
  Job ACL = Backup, Restore
  Pool ACL = *all*
  Schedule ACL = *all*
  Storage ACL = *all*
  Where ACL = "/var/tmp/.*"
}
Console { Name = helpdesk; Password = "helpdesk-secret"; Profile = operator }
Console {
  Name = keeper; Password = "keeper-secret"
  Command ACL = *all*
  Catalog ACL = *all*
  Client ACL = *all*
  FileSet ACL = Other
  Job ACL = Backup, Restore
  Pool ACL = *all*
  Storage ACL = *all*
  Where ACL = *all*
}
Console {
  Name = elsewhere; Password = "elsewhere-secret"
  Command ACL = *all*
  Catalog ACL = *all*
  Client ACL = *all*
  FileSet ACL = *all*
  Job ACL = *all*
  Pool ACL = *all*
  Storage ACL = Other
  Where ACL = *all*
}
Job { Name = "Hidden"; JobDefs = "Standard"; Client = "farm-fd" }
X
	farm_up
	echo data >"$FARM/src/file"
	farm_run Hidden Full
	farm_run Backup Full
	for name in helpdesk keeper elsewhere; do
		sed -e 's/Password = .*/Password = "unused"/' "$FARM/site/etc/tconsole.conf" >"$FARM/$name.conf"
		echo "Console { Name = $name; Password = \"$name-secret\" }" >>"$FARM/$name.conf"
	done
}

teardown_file() {
	farm_stop
}

# as CONSOLE COMMAND...
as() {
	local name=$1
	shift
	printf '%s\n' "$@" | "$TERCET_BIN/tconsole" -c "$FARM/$name.conf"
}

helpdesk() {
	as helpdesk "$@"
}

@test "it knows who it is and lists only its jobs" {
	helpdesk whoami | grep -q helpdesk
	helpdesk "list jobs" >"$FARM/list.out"
	grep -q '| Backup ' "$FARM/list.out"
	lacks '\| Hidden ' <"$FARM/list.out"
	helpdesk .jobs | lacks '^Hidden'
}

@test "commands outside its profile are refused, and nothing is done" {
	helpdesk "delete jobid=1 yes" >"$FARM/delete.out"
	helpdesk "purge jobs jobid=1 yes" >>"$FARM/delete.out"
	helpdesk "run job=Hidden yes" >>"$FARM/delete.out"
	lacks 'queued' <"$FARM/delete.out"
	[ "$(catalog "SELECT count(*) FROM job WHERE jobid = 1")" -eq 1 ]
	[ "$(catalog "SELECT purgedfiles FROM job WHERE jobid = 1")" -eq 0 ]
	[ "$(catalog "SELECT count(*) FROM job WHERE name = 'Hidden'")" -eq 1 ]
}

@test "a restore goes only where it may" {
	helpdesk "restore client=farm-fd where=$FARM/out current select all done yes" | lacks 'Job queued'
	[ ! -e "$FARM/out" ]
	helpdesk "restore client=farm-fd where=/var/tmp/tercet-acl-$$ current select all done yes" wait |
		grep 'Job queued' >/dev/null
	cmp "$FARM/src/file" "/var/tmp/tercet-acl-$$$FARM/src/file"
	rm -rf "/var/tmp/tercet-acl-$$"
}

@test "it works beside another console" {
	helpdesk "status director" >"$FARM/one.out" &
	farm_console "status director" >"$FARM/two.out"
	wait $!
	grep -q 'Running Jobs' "$FARM/one.out"
	grep -q 'Running Jobs' "$FARM/two.out"
}

@test "files of the director's host are not read for a console that sees a part of the site" {
	echo "word of the host" >"$FARM/host.txt"
	run helpdesk "restore client=farm-fd current file=<$FARM/host.txt done yes"
	[[ $output == *"not authorized"* ]]
	[[ $output != *"word of the host"* ]]
	cp "$FARM/host.txt" "$FARM/other.bsr"
	run helpdesk "restore bootstrap=$FARM/other.bsr client=farm-fd where=/var/tmp/x yes"
	[[ $output == *"not authorized"* ]]
	run helpdesk "run job=Restore bootstrap=$FARM/other.bsr where=/var/tmp/x yes"
	[[ $output == *"not authorized"* ]]
	run helpdesk "restore jobid=2 where=/var/tmp/x all done" "mod bootstrap=$FARM/other.bsr" no
	[[ $output == *"not authorized"* ]]
	[ "$(catalog "SELECT count(*) FROM job WHERE type = 'R' AND jobstatus = 'f'")" -eq 0 ]
	# Nothing is hidden from the default console.
	run farm_console "restore client=farm-fd current file=<$FARM/host.txt done yes"
	[[ $output == *"No database record found for: word of the host"* ]]
}

@test "filesets and storages of others are not restored from" {
	run as keeper "restore jobid=2 where=$FARM/out all done yes"
	[[ $output == *"Access to JobId=2"*"not authorized"* ]]
	[[ $output != *queued* ]]
	run as elsewhere "restore jobid=2 where=$FARM/out all done yes"
	[[ $output == *'No authorization. Storage "Disk"'* ]]
	[[ $output != *queued* ]]
	[ ! -e "$FARM/out" ]
}

@test "a volume with jobs of others is not deleted" {
	volume=$(catalog "SELECT volumename FROM media ORDER BY mediaid LIMIT 1")
	run as keeper "delete volume=$volume yes"
	[[ $output == *"may not see: not deleted"* ]]
	[ "$(catalog "SELECT count(*) FROM media WHERE volumename = '$volume'")" -eq 1 ]
	[ "$(catalog "SELECT count(*) FROM job WHERE jobid IN (1, 2)")" -eq 2 ]
}

@test "a chain with a job of others is refused, not restored without it" {
	farm_run Hidden Full
	echo newer >"$FARM/src/file"
	farm_run Backup Incremental
	run helpdesk "restore client=farm-fd where=/var/tmp/x current all done yes"
	[[ $output == *"is part of the backup to be restored"* ]]
	[[ $output != *queued* ]]
	# Of a list that somebody types the rest is taken.
	run helpdesk "restore jobid=1,2 where=/var/tmp/x all done" no
	[[ $output == *"Access to JobId=1"*"Not selected"* ]]
	[[ $output == *"inserted into the tree"* ]]
}

@test "a reload takes rights away from a console that is connected" {
	mkfifo "$FARM/open.in"
	timeout 100 "$TERCET_BIN/tconsole" -c "$FARM/helpdesk.conf" <"$FARM/open.in" >"$FARM/open.out" 2>&1 7>&- &
	console=$!
	exec 7>"$FARM/open.in"
	echo "show jobs" >&7
	farm_await 30 grep 'Name = "Restore"' "$FARM/open.out"
	farm_conf dir '/Name = operator/,/^}/s/Command ACL = /Command ACL = !show, /'
	farm_console reload | grep '^reloaded'
	printf '%s\n' "show jobs" version >&7
	farm_await 30 grep 'Version: .*Debian' "$FARM/open.out"
	[ "$(grep -c 'Name = "Restore"' "$FARM/open.out")" -eq 1 ]
	grep 'show: is an invalid command' "$FARM/open.out"
	# Without its resource it is nobody.
	farm_conf dir '/^Console { Name = helpdesk/d'
	farm_console reload | grep '^reloaded'
	printf '%s\n' whoami "list jobs" >&7
	wait "$console" || true
	exec 7>&-
	grep 'is not in the configuration any more' "$FARM/open.out"
	lacks 'starttime' <"$FARM/open.out"
}
