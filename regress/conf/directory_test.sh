#!/bin/bash
# regress/conf/directory_test.sh - the directory form, under Tercet's names and under those of Bareos
#
# One resource a file, in bareos-dir.d/TYPE/NAME.conf and so on; what is read, in which order, and
# what is not.
# Spec: config.md 1.5, 2.1, 2.2
# labels: quick
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/conf-directory.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0
dir=$work/etc
mkdir "$work/lib" "$dir"

put() { # path below $dir < text
	mkdir -p "$dir/$(dirname "$1")"
	cat >"$dir/$1"
	chmod 600 "$dir/$1"
}

# expect STATUS WORDS PROGRAM PATH: the exit status of -t, and the words in what it prints.
expect() {
	local status=$1 words=$2 rc
	"$TERCET_BIN/$3" -t -c "$4" >"$work/out" 2>&1
	rc=$?
	if [ $rc -ne "$status" ] || ! grep -qF -- "$words" "$work/out"; then
		printf 'not ok - %s -t -c %s: status %s, expected %s and "%s":\n' "$3" "$4" $rc "$status" "$words"
		cat "$work/out"
		failed=1
	else
		echo "ok - $3 -t -c ${4#"$work/"}: $words"
	fi
}

put bareos-dir.d/director/bareos-dir.conf <<X1
Director {
  Name = bareos-dir
  Password = "console password"
  Messages = Daemon
  Auditing = yes
  Query File = "$work/lib/query.sql"
  Working Directory = "$work/lib"
  Maximum Concurrent Jobs = 10
}
X1
put bareos-dir.d/catalog/MyCatalog.conf <<'X1'
Catalog { Name = MyCatalog; DB Name = "bareos"; DB User = "bareos"; DB Password = "" }
X1
put bareos-dir.d/client/bareos-fd.conf <<'X1'
Client { Name = bareos-fd; Description = "the director's own machine"; Address = localhost; Password = "fd password" }
X1
put bareos-dir.d/storage/File.conf <<'X1'
Storage { Name = File; Address = backup.example.net; Password = "sd password"; Device = FileStorage; Media Type = File }
X1
put bareos-dir.d/pool/Full.conf <<'X1'
Pool {
  Name = Full; Pool Type = Backup; Recycle = yes; AutoPrune = yes
  Volume Retention = 365 days; Maximum Volume Bytes = 50G; Maximum Volumes = 100; Label Format = "Full-"
}
X1
put bareos-dir.d/pool/Scratch.conf <<'X1'
Pool { Name = Scratch; Pool Type = Scratch }
X1
put bareos-dir.d/fileset/SelfTest.conf <<'X1'
FileSet {
  Name = "SelfTest"; Description = "programs and their configuration"
  Include { Options { Signature = XXH128 }  File = "/usr/sbin" }
}
X1
put bareos-dir.d/schedule/WeeklyCycle.conf <<'X1'
Schedule {
  Name = "WeeklyCycle"
  Run = Full 1st sat at 21:00
  Run = Differential 2nd-5th sat at 21:00
  Run = Incremental mon-fri at 21:00
}
X1
put bareos-dir.d/messages/Standard.conf <<X1
Messages { Name = Standard; Console = all, !skipped, !saved; Catalog = all, !skipped, !saved
  Append = "$work/lib/log" = all, !skipped, !saved, !audit }
X1
put bareos-dir.d/messages/Daemon.conf <<X1
Messages { Name = Daemon; Console = all, !skipped, !saved, !audit; Append = "$work/lib/log" = all, !skipped }
X1
put bareos-dir.d/jobdefs/DefaultJob.conf <<'X1'
JobDefs {
  Name = "DefaultJob"; Type = Backup; Level = Incremental; Client = bareos-fd; FileSet = "SelfTest"
  Schedule = "WeeklyCycle"; Storage = File; Messages = Standard; Pool = Full; Full Backup Pool = Full; Priority = 10
}
X1
put bareos-dir.d/job/backup-bareos-fd.conf <<'X1'
Job { Name = "backup-bareos-fd"; JobDefs = "DefaultJob" }
X1
put bareos-dir.d/job/RestoreFiles.conf <<'X1'
Job {
  Name = "RestoreFiles"; Type = Restore; Client = bareos-fd; FileSet = "SelfTest"; Storage = File
  Pool = Full; Messages = Standard; Where = /tmp/restored
}
X1
put bareos-dir.d/profile/operator.conf <<'X1'
Profile {
  Name = operator
  Command ACL = !.bvfs_clear_cache, !.exit, !.sql, !configure, !create, !delete, !purge, !prune, !sqlquery, !umount, !unmount, *all*
  Catalog ACL = *all*
  Client ACL = *all*
  FileSet ACL = *all*
  Job ACL = *all*
  Pool ACL = *all*
  Schedule ACL = *all*
  Storage ACL = *all*
  Where ACL = *all*
  Plugin Options ACL = *all*
}
X1
put bareos-dir.d/console/operator.conf <<'X1'
Console { Name = night-shift; Password = "secret"; Profile = operator; TLS Enable = yes }
X1
put bareos-sd.d/storage/bareos-sd.conf <<X1
Storage { Name = bareos-sd; Maximum Concurrent Jobs = 20; Working Directory = "$work/lib" }
X1
put bareos-sd.d/director/bareos-dir.conf <<'X1'
Director { Name = bareos-dir; Password = "sd password" }
X1
put bareos-sd.d/device/FileStorage.conf <<X1
Device {
  Name = FileStorage; Media Type = File; Archive Device = "$work/lib"
  Label Media = yes; Random Access = yes; Automatic Mount = yes; Removable Media = no; Always Open = no
}
X1
put bareos-sd.d/messages/Standard.conf <<'X1'
Messages { Name = Standard; Director = bareos-dir = all }
X1
put bareos-fd.d/client/myself.conf <<X1
Client { Name = bareos-fd; Maximum Concurrent Jobs = 20; Working Directory = "$work/lib" }
X1
put bareos-fd.d/director/bareos-dir.conf <<'X1'
Director { Name = bareos-dir; Password = "fd password" }
X1
put bareos-fd.d/messages/Standard.conf <<'X1'
Messages { Name = Standard; Director = bareos-dir = all, !skipped, !restored }
X1
put bconsole.d/director/bareos-dir.conf <<'X1'
Director { Name = bareos-dir; Address = localhost; Password = "console password" }
X1

for p in tercet-dir:director tercet-sd:'storage daemon' tercet-fd:'file daemon' tconsole:console; do
	expect 0 "The configuration of the ${p#*:} is good." "${p%%:*}" "$dir"
done

# What is no <component>.d/<type>/<name>.conf is not read.
put bareos-dir.d/loose.conf <<<'Rubbish { at the top }'
put bareos-dir.d/job/deeper/one.conf <<<'Rubbish { one level too deep }'
put bareos-dir.d/job/.hidden.conf <<<'Rubbish { hidden }'
put bareos-dir.d/job/example.conf.example <<<'Rubbish { of another suffix }'
expect 0 'The configuration of the director is good.' tercet-dir "$dir"

# A file may hold any number of resources of any type.
put bareos-dir.d/pool/more.conf <<'X1'
Pool { Name = Incremental; Label Format = "Inc-" }
Counter { Name = Tapes; Minimum = 1 }
X1
expect 0 'The configuration of the director is good.' tercet-dir "$dir"

# An error names the file; one name twice is one.
put bareos-dir.d/pool/twice.conf <<<'Pool { Name = Full }'
expect 1 "$dir/bareos-dir.d/pool/Full.conf:1:1: error: a second Pool named" tercet-dir "$dir"
rm "$dir/bareos-dir.d/pool/twice.conf"

# A resource ends in the file in which it began.
put bareos-dir.d/pool/open.conf <<<'Pool { Name = Open'
expect 1 "$dir/bareos-dir.d/pool/open.conf:" tercet-dir "$dir"
rm "$dir/bareos-dir.d/pool/open.conf"

# The order is the reverse of the alphabet: the last one read is the one that is too many.
put bareos-dir.d/director/another.conf <<<'Director { Name = another; Password = p; Messages = Daemon; Query File = /dev/null }'
expect 1 "$dir/bareos-dir.d/director/another.conf:1:" tercet-dir "$dir"
rm "$dir/bareos-dir.d/director/another.conf"

# Tercet's own names come first, and a file comes before a directory.
put tercet-fd.d/client/myself.conf <<<'Rubbish { of the own directory }'
expect 1 "$dir/tercet-fd.d/client/myself.conf:1:" tercet-fd "$dir"
cat "$dir"/bareos-fd.d/*/*.conf | put tercet-fd.conf
expect 0 'The configuration of the file daemon is good.' tercet-fd "$dir"

# Neither file nor directory.
if "$TERCET_BIN/tercet-sd" -f -c "$work/nowhere" >"$work/out" 2>&1; then
	echo "not ok - a path that does not exist was taken"
	failed=1
fi
grep -qF "$work/nowhere" "$work/out" || { echo "not ok - it is not named"; failed=1; }
exit $failed
