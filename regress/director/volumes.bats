#!/usr/bin/env bats
# regress/director/volumes.bats - limits of volumes, scratch, recycling
#
# labels: tsan

load ../lib/farm

setup_file() {
	farm_make
	mkdir "$FARM/src/d"
	for i in 1 2 3 4; do head -c 1400000 /dev/urandom >"$FARM/src/d/$i"; done
	farm_conf_add dir <<X
Pool { Name = "OneJob"; Storage = "Disk"; Label Format = "OneJob-"; Maximum Volume Jobs = 1 }
Pool { Name = "Small"; Storage = "Disk"; Label Format = "Small-"; Maximum Volume Bytes = 2 m }
Pool { Name = "Short"; Storage = "Disk"; Label Format = "Short-"; Volume Use Duration = 3 seconds }
Pool { Name = "Scratch"; Pool Type = Scratch; Storage = "Disk" }
Pool { Name = "Poor"; Storage = "Disk"; Maximum Volume Jobs = 1 }
Pool { Name = "Cycle"; Storage = "Disk"; Label Format = "Cycle-"; Maximum Volume Jobs = 1; Maximum Volumes = 1; Recycle = yes; Volume Retention = 1 year }
JobDefs { Name = "Any"; Type = Backup; Level = Full; Client = "farm-fd"; FileSet = "Standard"; Messages = "Standard"; Pool = "Full" }
Job { Name = "OneJob"; JobDefs = "Any"; Pool = "OneJob" }
Job { Name = "Small"; JobDefs = "Any"; Pool = "Small" }
Job { Name = "Short"; JobDefs = "Any"; Pool = "Short" }
Job { Name = "Poor"; JobDefs = "Any"; Pool = "Poor" }
Pool { Name = "Closed"; Storage = "Disk"; Maximum Volumes = 5 }
Job { Name = "Closed"; JobDefs = "Any"; Pool = "Closed" }
Job { Name = "Cycle"; JobDefs = "Any"; Pool = "Cycle" }
Pool { Name = "Tight"; Storage = "Disk"; Label Format = "Tight-"; Maximum Volume Jobs = 1; Maximum Volumes = 1 }
Job { Name = "Tight"; JobDefs = "Any"; Pool = "Tight" }
X
	farm_up
}

teardown_file() {
	farm_stop
}

# "name status|name status" of a pool's volumes.
volumes() {
	catalog "SELECT string_agg(volumename || ' ' || volstatus, '|' ORDER BY mediaid) FROM media JOIN pool USING (poolid) WHERE pool.name = '$1'"
}

@test "Maximum Volume Jobs: used after one job, the next gets a new volume" {
	farm_run OneJob
	farm_ok
	volumes OneJob | grep -xE 'OneJob-[0-9]+ (Used|Append)'
	farm_run OneJob
	farm_ok
	volumes OneJob | grep -xE 'OneJob-[0-9]+ Used\|OneJob-[0-9]+ (Used|Append)'
	[ "$(catalog "SELECT max(voljobs) FROM media JOIN pool USING (poolid) WHERE pool.name = 'OneJob'")" -eq 1 ]
}

@test "Maximum Volume Bytes: a job goes over several volumes, and comes back" {
	farm_run Small
	farm_ok
	[ "$(catalog "SELECT count(*) FROM media JOIN pool USING (poolid) WHERE pool.name = 'Small'")" -ge 3 ]
	[ "$(catalog "SELECT count(*) FROM media JOIN pool USING (poolid) WHERE pool.name = 'Small' AND volstatus = 'Full'")" -ge 2 ]
	[ "$(catalog "SELECT max(volbytes) <= 2097152 FROM media JOIN pool USING (poolid) WHERE pool.name = 'Small'")" = t ]
	farm_joblog "$JOB" | grep -E "Volume name\(s\): +Small-[0-9]+\|Small-[0-9]+\|"
	farm_restore "$JOB" "$FARM/out"
	diff -r "$FARM/src" "$FARM/out$FARM/src"
}

has_been_used() { # seconds and more, all volumes of the pool
	[ "$(catalog "SELECT bool_and(localtimestamp > firstwritten + interval '1 second' * (1 + $1))
		FROM media JOIN pool USING (poolid) WHERE pool.name = 'Short'")" = t ]
}

@test "Volume Use Duration: not written after its time" {
	farm_run Short
	farm_ok
	volumes Short | grep -xE 'Short-[0-9]+ Append'
	farm_await 30 has_been_used 3
	farm_run Short
	farm_ok
	volumes Short | grep -xE 'Short-[0-9]+ Used\|Short-[0-9]+ Append'
}

@test "a pool without volumes and Label Format takes one from Scratch" {
	farm_console "label storage=Disk volume=Spare-1 pool=Scratch" | grep -iE "labeled|successfully|created"
	[ "$(volumes Scratch)" = "Spare-1 Append" ]
	farm_run Poor
	farm_ok
	volumes Poor | grep -E '^Spare-1 '
	[ -z "$(volumes Scratch)" ]
	farm_joblog "$JOB" | grep -iE "Spare-1"
}

@test "no volume at all: the job waits and says why, a new volume lets it go on" {
	farm_console "run job=Poor yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	says_why() { farm_joblog "$JOB" | grep -F 'No volume of pool "Poor" can be written now'; }
	farm_await 30 says_why
	farm_joblog "$JOB" | grep -F "Spare-1"
	farm_console "status director" | grep -iE "appendable volume|waits for"
	farm_console "label storage=Disk volume=Spare-2 pool=Poor"
	done_well() { [ "$(farm_job_status "$JOB")" = T ] || [ "$(farm_job_status "$JOB")" = W ]; }
	farm_await 20 done_well # at once, and not at the next look of each minute
	volumes Poor | grep -F 'Spare-2'
}

@test "Maximum Volumes raised: a job that waits goes on, and does not set them back" {
	farm_run Tight
	farm_ok
	farm_console "run job=Tight yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	says_why() { farm_joblog "$JOB" | grep -F 'Pool "Tight" has its Maximum Volumes (1)'; }
	farm_await 30 says_why
	farm_conf dir '/Name = "Tight"; Storage/s/Maximum Volumes = 1/Maximum Volumes = 2/'
	farm_console "reload" "mount storage=Disk"
	done_well() { [ "$(farm_job_status "$JOB")" = T ] || [ "$(farm_job_status "$JOB")" = W ]; }
	farm_await 20 done_well
	[ "$(catalog "SELECT maxvols FROM pool WHERE name = 'Tight'")" -eq 2 ]
}

@test "an unmounted storage is used by no job until it is mounted; a release is of all its drives" {
	farm_console "release storage=Disk" >"$FARM/release.out"
	[ "$(grep '^3' "$FARM/release.out")" = '3022 Device "Disk" released.' ]
	run farm_console "unmount storage=Disk drive=77"
	grep -F '3999 There is no drive 77 in "Disk"' <<<"$output"
	[ "$(farm_console "unmount storage=Disk drive=1" | grep '^3')" = '3002 Device "Disk0001" unmounted.' ]
	[ "$(farm_console "unmount storage=Disk" | grep '^3')" = '3002 Device "Disk" unmounted.' ]
	farm_console "run job=Short yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	says_why() { farm_joblog "$JOB" | grep -F 'unmounted by the operator'; }
	farm_await 30 says_why
	[ "$(farm_console "mount storage=Disk" | grep -c '^3906 File device "Disk" (')" -eq 1 ]
	done_well() { [ "$(farm_job_status "$JOB")" = T ]; }
	farm_await 20 done_well
}

@test "label in a full pool is refused before anything is written" {
	run farm_console "label storage=Disk volume=Tight-x pool=Tight"
	grep -F 'Pool "Tight" has its Maximum Volumes (2)' <<<"$output"
	[ ! -e "$FARM/site/volumes/Tight-x" ]
}

@test "a purged volume is recycled" {
	farm_run Cycle
	farm_ok
	first=$JOB
	name=$(catalog "SELECT volumename FROM media JOIN pool USING (poolid) WHERE pool.name = 'Cycle'")
	farm_console "purge volume=$name yes" >"$FARM/purge.out"
	[ "$(volumes Cycle)" = "$name Purged" ]
	farm_run Cycle
	farm_ok
	[ "$(catalog "SELECT count(*) FROM media JOIN pool USING (poolid) WHERE pool.name = 'Cycle'")" -eq 1 ]
	[ "$(catalog "SELECT recyclecount FROM media WHERE volumename = '$name'")" -ge 1 ]
	farm_joblog "$JOB" | grep -iE "recycled"
	rm -rf "$FARM/out2"
	farm_restore "$JOB" "$FARM/out2"
	diff -r "$FARM/src" "$FARM/out2$FARM/src"
	[ "$(catalog "SELECT count(*) FROM job WHERE jobid = $first")" -eq 0 ] ||
		[ "$(catalog "SELECT count(*) FROM file WHERE jobid = $first")" -eq 0 ]
}

@test "a volume with jobs is not said to be free, and goes only with them" {
	name=$(catalog "SELECT volumename FROM media JOIN pool USING (poolid) WHERE pool.name = 'OneJob' ORDER BY mediaid LIMIT 1")
	job=$(catalog "SELECT max(jobid) FROM jobmedia JOIN media USING (mediaid) WHERE volumename = '$name'")
	for word in Purged Recycle; do
		run farm_console "update volume=$name volstatus=$word"
		[[ $output == *"Volume \"$name\" still holds 1 jobs, it cannot be $word"* ]]
		[[ $output != *"New Volume status"* ]]
	done
	[ "$(catalog "SELECT volstatus FROM media WHERE volumename = '$name'")" = Used ]
	catalog "UPDATE media SET volstatus = 'Purged' WHERE volumename = '$name'"
	farm_console "delete volume=$name yes" | grep -F "1 Job removed from the catalog."
	[ "$(catalog "SELECT count(*) FROM job WHERE jobid = $job")" -eq 0 ]
}

@test "volumes of every state that may not be written are named with the reason" {
	for state in Full Used Error Read-Only Disabled; do
		farm_console "label storage=Disk volume=Is-$state pool=Closed" >"$FARM/label.out"
		catalog "UPDATE media SET volstatus = '$state' WHERE volumename = 'Is-$state'"
	done
	catalog "UPDATE media SET volstatus = 'Append', enabled = 0 WHERE volumename = 'Is-Disabled'"
	farm_console "run job=Closed yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	says_why() { farm_joblog "$JOB" | grep -F 'No volume of pool "Closed" can be written now'; }
	farm_await 30 says_why
	farm_joblog "$JOB" >"$FARM/log"
	cat "$FARM/log"
	grep -F "Maximum Volumes (5)" "$FARM/log"
	for state in Full Used Error Read-Only; do
		grep -F "Is-$state" "$FARM/log" | grep -F "$state"
	done
	grep -F "Is-Disabled" "$FARM/log" | grep -iF "enabled"
	farm_console "cancel jobid=$JOB yes"
	canceled() { [ "$(farm_job_status "$JOB")" = A ]; }
	farm_await 30 canceled
	[ "$(catalog "SELECT count(*) FROM media JOIN pool USING (poolid) WHERE pool.name = 'Closed' AND volstatus IN ('Full', 'Used', 'Error', 'Read-Only')")" -eq 4 ]
}

@test "what was saved on top of a job that is removed is named, and the next is a Full" {
	farm_run Backup Full
	farm_ok
	full=$JOB
	echo more >"$FARM/src/more"
	farm_run Backup Incremental
	farm_ok
	farm_console "purge files jobid=x yes" | grep -F "Illegal JobId x"
	farm_console "purge files jobid=$full-$full yes" | grep -F "Files of 1 Job"
	farm_console "delete jobid=$full yes" | grep -F "JobId $JOB was saved on top of what is to be removed"
	farm_run Backup Incremental
	farm_ok
	farm_joblog "$JOB" | grep -F "Full (upgraded from Incremental)"
}

@test "a job is removed in the middle of a chain: what needs it is no base and is not restored silently" {
	farm_run Backup Full
	echo first >"$FARM/src/first"
	farm_run Backup Incremental
	middle=$JOB
	echo second >"$FARM/src/second"
	farm_run Backup Incremental
	farm_ok
	newest=$JOB
	farm_console "delete jobid=$middle yes" | grep -F "The next backup will not be based on it"
	run farm_console "restore client=farm-fd fileset=Standard current select all where=$FARM/not done yes"
	[[ $output == *"JobId $newest is left out: a job that it was saved on top of has been removed"* ]]
	[[ $output == *"Without 1 job this is an older state"* ]]
	farm_run Backup Incremental
	farm_ok
	farm_console "restore client=farm-fd fileset=Standard current select all where=$FARM/made-up done yes" wait >"$FARM/made-up.out"
	lacks "left out" <"$FARM/made-up.out"
	tree diff "$FARM/src" "$FARM/made-up$FARM/src"
}
