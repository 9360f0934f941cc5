#!/usr/bin/env bats
# regress/backup/long_path.bats - a directory name that fits into no index is saved and chosen as others are

load ../lib/farm

setup_file() {
	farm_start
	# 12 directories with names of 240 random letters: what any user of a machine may make.
	LONG=$(python3 - "$FARM/src" <<'X'
import os, random, string, sys
random.seed(7)
os.chdir(sys.argv[1])
path = sys.argv[1]
for _ in range(12):
    name = ''.join(random.choices(string.ascii_letters + string.digits, k=240))
    os.mkdir(name)
    os.chdir(name)
    path += '/' + name
open('deep', 'w').write('deep content\n')
print(path)
X
)
	export LONG
	echo plain >"$FARM/src/plain"
	farm_run Backup Full
}

teardown_file() {
	farm_stop
}

@test "the backup is good, and the whole of it comes back" {
	[ "$(farm_job_status 1)" = T ]
	[ "$(catalog "SELECT count(*) FROM file JOIN path USING (pathid) WHERE jobid = 1 AND path = '$LONG/'")" -eq 2 ]
	farm_restore 1 "$FARM/all"
	diff -r "$FARM/src" "$FARM/all$FARM/src"
}

@test "its file is found by its name, and listed" {
	run farm_console "restore jobid=1 file=$LONG/deep where=$FARM/one done yes" wait
	[[ $output == *"1 file selected"* ]]
	[ "$(find "$FARM/one" -type f)" = "$FARM/one$LONG/deep" ]
	farm_console "list files jobid=1" | grep -F "$LONG/deep"
	farm_run Backup Incremental
	farm_ok
}

@test "a file 4,000 directories deep is saved, selected in the tree and comes back" {
	mkdir "$FARM/src/chain"
	python3 - "$FARM/src/chain" <<'X'
import os, sys
os.chdir(sys.argv[1])
for _ in range(4000):
    os.mkdir('d')
    os.chdir('d')
open('bottom', 'w').write('bottom\n')
X
	farm_run Backup Incremental
	farm_ok
	[ "$(catalog "SELECT count(*) FROM file WHERE jobid = $JOB AND name = 'bottom'")" -eq 1 ]
	farm_restore "$JOB" "$FARM/chain"
	[ "$(find "$FARM/chain" -type f -name bottom -size 7c | wc -l)" -eq 1 ]
}
