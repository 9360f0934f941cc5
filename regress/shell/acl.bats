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
Job { Name = "Hidden"; JobDefs = "Standard"; Client = "farm-fd" }
X
	farm_up
	echo data >"$FARM/src/file"
	farm_run Hidden Full
	farm_run Backup Full
	sed -e 's/Password = .*/Password = "unused"/' "$FARM/site/etc/tconsole.conf" >"$FARM/helpdesk.conf"
	cat >>"$FARM/helpdesk.conf" <<X
Console { Name = helpdesk; Password = "helpdesk-secret" }
X
}

teardown_file() {
	farm_stop
}

helpdesk() {
	printf '%s\n' "$@" | "$TERCET_BIN/tconsole" -c "$FARM/helpdesk.conf"
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
