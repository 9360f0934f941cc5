#!/usr/bin/env bats
# regress/shell/hidden.bats - what a console may not see, no command tells it
#
# Spec: console.md 13, 15.3 #30

load ../lib/farm

setup_file() {
	farm_make
	farm_conf_add dir <<X
Job { Name = "Hidden"; JobDefs = "Standard"; Client = "farm-fd" }
Job { Name = "Attic"; JobDefs = "Standard"; Client = "farm-fd" }
Schedule { Name = "Twice"; Run = Full at 3:00; Run = Incremental at 3:00 }
Job { Name = "Twin-1"; JobDefs = "Standard"; Client = "farm-fd"; Schedule = "Twice" }
Job { Name = "Twin-2"; JobDefs = "Standard"; Client = "farm-fd"; Schedule = "Twice" }
Console {
  Name = small; Password = "small-secret"
  Command ACL = !sqlquery, !.sql, *all*
  Catalog ACL = *all*
  Client ACL = farm-fd
  FileSet ACL = *all*
  Job ACL = Backup, Restore
  Pool ACL = Full, Incremental
  Schedule ACL = *all*
  Storage ACL = *all*
  Where ACL = "/var/tmp/.*"
}
Pool { Name = Secret; Pool Type = Backup; Label Format = "Secret-" }
Job {
  Name = "Secret-Job"; JobDefs = "Standard"; Client = "farm-fd"
  Storage = Disk; Pool = Secret; Full Backup Pool = Secret; Incremental Backup Pool = Secret
}
X
	farm_up
	echo data >"$FARM/src/file"
	farm_run Hidden Full
	farm_run Backup Full
	farm_run Secret-Job Full
	farm_ok
	sed -e 's/Password = .*/Password = "unused"/' "$FARM/site/etc/tconsole.conf" >"$FARM/small.conf"
	echo 'Console { Name = small; Password = "small-secret" }' >>"$FARM/small.conf"
}

teardown_file() {
	farm_stop
}

# small COMMAND...
small() {
	printf '%s\n' "$@" | "$TERCET_BIN/tconsole" -c "$FARM/small.conf"
}

@test "nothing of a hidden pool or job is told by any command" {
	farm_console "update volume=Secret-0001 volstatus=Used" >"$FARM/used.out"
	while read -r line; do
		for mode in text json; do
			echo "== $line ($mode)"
			if [ "$mode" = text ]; then
				small "$line" no
			else
				"$TERCET_BIN/tconsole" -c "$FARM/small.conf" --json -x "$line"
			fi >"$FARM/small.out" 2>&1 || true
			# The line itself comes back, and in the words that refuse what it named.
			grep -vxF "$line" "$FARM/small.out" |
				grep -vE 'may see|not found|No authorization|not authorized|Could not find' |
				lacks 'Secret|JobId=[0-9]+'
		done
	done <<X
list volumes
list volumes pool=Secret
list volumes pool=Secret count
llist volumes all
llist volumes
list media
list volume=Secret-0001
llist volume=Secret-0001
list pools
llist pool=Secret
list jobs
llist jobs
list jobs volume=Secret-0001
list jobmedia
llist jobmedia
list copies
list jobtotals
list jobs jobname=Secret-Job
list joblog jobid=3
list files jobid=3
list log limit=1000
list volumes jobid=3
list backups client=farm-fd
list nextvol job=Secret-Job days=10
.media
.pools
.jobs
.defaults job=Secret-Job
.defaults pool=Secret
show pools
show jobs
status director
status scheduler
.status dir terminated
run job=Backup pool=Secret yes
rerun jobid=3 yes
restore jobid=3 all done yes
estimate job=Secret-Job
X
	# Counts are of what may be seen.
	small "list volumes pool=Secret count" | grep -E '^\| +0 \|'
	all=$(catalog "SELECT count(*) FROM job WHERE name IN ('Backup', 'Restore')")
	small "list jobs count" | grep -E "^\\| +$all \\|"
	[ "$(small "list jobmedia" | grep -cE '^\| +[0-9]')" -eq "$(catalog "SELECT count(*) FROM jobmedia JOIN job USING (jobid) WHERE name = 'Backup'")" ]
	# What is asked for by number or name is as if it were not there.
	small "wait jobid=3" | grep 'Job was not found'
	small "wait jobid=3" | lacks 'JobStatus=OK'
	small "cancel storage=Disk jobid=3" | grep 'Unauthorized command'
	small "relabel storage=Disk oldvolume=Secret-0001 volume=New-1 pool=Full" | grep 'not found'
	small "update volume=Full-0001 recyclepool=Secret" | grep 'not found'
	small "update volume=Secret-0001 enabled=no" | grep 'not found'
}

@test "who sees one job of a schedule sees its runs, each once" {
	farm_console "status scheduler" | sed -n '/^Scheduler Preview/,/^====$/p' >"$FARM/all.out"
	small "status scheduler" | sed -n '/^Scheduler Preview/,/^====$/p' >"$FARM/small.out"
	[ "$(grep -c ' Twice ' "$FARM/all.out")" -eq 14 ]
	grep -v ' Twice ' "$FARM/all.out" | diff - "$FARM/small.out"
	[ "$(wc -l <"$FARM/small.out")" -gt 10 ]
	[ -z "$(sort "$FARM/all.out" | grep : | uniq -d)" ]
}

@test "a pattern of Where is no way out" {
	for where in "/var/tmp/../../$FARM/out" "/var/tmp/.." "/var/tmp/x/../../etc"; do
		small "restore jobid=2 where=$where all done yes" | grep 'specification not authorized'
		small "run job=Restore jobid=2 where=$where yes" | lacks 'Job queued'
	done
	# The text of a rewriting that begins like an allowed path.
	small "restore jobid=2 regexwhere=/var/tmp/ all done yes" | grep 'specification not authorized'
	# Two dots in a name are no way up.
	small "restore jobid=2 where=/var/tmp/tercet-acl-$$..x all done" no | grep 'Job not run'
	[ ! -e "$FARM/out" ]
}

@test "pages and counts are of what the list filters by" {
	farm_console "disable job=Hidden" >"$FARM/disable.out"
	farm_console "list jobs enabled count" >"$FARM/count.out"
	grep -E "^\| +$(catalog "SELECT count(*) FROM job WHERE name <> 'Hidden'") \|" "$FARM/count.out"
	[ "$(farm_console "list jobs disabled limit=1 reverse" | grep -c '| Hidden ')" -eq 1 ]
	farm_console "enable job=Hidden" >"$FARM/disable.out"
	[ "$(farm_console "list jobs jobid=1-2" | grep -cE '^\| +[12] \|')" -eq 2 ]
	[ "$(farm_console "list jobmedia limit=1" | grep -cE '^\| +[0-9]')" -eq 1 ]
	farm_console "list volume mediaid=x" "list volume=x" | lacks 'invalid input syntax'
}

@test "messages of hidden jobs are not printed" {
	small messages >"$FARM/messages.out"
	lacks 'Secret|Hidden|JobId [13]:' <"$FARM/messages.out"
	grep -q 'JobId 2' "$FARM/messages.out"
}

@test "messages of hidden jobs are not announced, nor among the last" {
	small messages >"$FARM/small.out"
	small "messages last=1000" >"$FARM/small.out"
	grep 'JobId 2' "$FARM/small.out"
	lacks 'Secret|Hidden|JobId [13]:' <"$FARM/small.out"
	farm_run Secret-Job Full
	small time messages >"$FARM/small.out"
	lacks 'You have messages' <"$FARM/small.out"
	grep 'You have no messages' "$FARM/small.out"
	farm_run Backup Full
	backup=$JOB
	farm_run Secret-Job Full
	small time messages >"$FARM/small.out"
	grep 'You have messages' "$FARM/small.out"
	grep "JobId $backup:" "$FARM/small.out"
	lacks 'Secret' <"$FARM/small.out"
}
