#!/usr/bin/env bats
# regress/director/messages.bats - destinations of a job's messages; bootstrap files
#
# labels: tsan

load ../lib/farm

setup_file() {
	farm_make
	tree make "$FARM/src" --seed 11 --files 40
	mkdir "$FARM/mail"
	chmod 777 "$FARM/mail"
	cat >"$FARM/capture" <<X
#!/bin/sh
out=$FARM/mail/\$1
shift
for word; do printf 'arg: %s\n' "\$word"; done >"\$out"
cat >>"\$out"
X
	cat >"$FARM/broken" <<X
#!/bin/sh
exit 9
X
	chmod 755 "$FARM/capture" "$FARM/broken"
	farm_conf_add dir <<X
Messages {
  Name = "Everywhere"
  Mail Command = "$FARM/capture mail -s \"Tercet: %t %e of %c %n\" %r"
  Operator Command = "$FARM/capture operator %r"
  Mail = "someone@example.org;\$(>$FARM/pwned)", "second@example.org" = all, !skipped
  Append = "$FARM/mail/append.log" = all, !skipped
  File = "$FARM/mail/file.log" = all, !skipped
  Console = all, !skipped, !saved
  Catalog = all, !skipped, !saved
}
Messages {
  Name = "Errors"
  Mail Command = "$FARM/capture on-error %e %r"
  Mail On Error = "admin@example.org" = all, !skipped
  Catalog = all
}
Messages {
  Name = "Successes"
  Mail Command = "$FARM/capture on-success %e %r"
  Mail On Success = "boss@example.org" = all, !skipped
  Catalog = all
}
Messages {
  Name = "Lost"
  Mail Command = "$FARM/broken %r"
  Mail = "nobody@example.org" = all, !skipped
  Catalog = all
}
Messages { Name = "Quiet"; Catalog = error, fatal; Append = "$FARM/mail/quiet.log" = error, fatal }
Job { Name = "Everywhere"; JobDefs = "Standard"; Client = "farm-fd"; Messages = "Everywhere" }
Job { Name = "Errors"; JobDefs = "Standard"; Client = "farm-fd"; Messages = "Errors" }
Job { Name = "Fails"; JobDefs = "Standard"; Client = "farm-fd"; Messages = "Errors"
  Run Script { Runs When = Before; Runs On Client = no; Command = "/bin/false" } }
Job { Name = "Successes"; JobDefs = "Standard"; Client = "farm-fd"; Messages = "Successes" }
Job { Name = "Lost"; JobDefs = "Standard"; Client = "farm-fd"; Messages = "Lost" }
Job { Name = "sl/ash"; JobDefs = "Standard"; Client = "farm-fd"; Messages = "Everywhere"
  Write Bootstrap = "$FARM/mail/%n.bsr" }
Job { Name = "Quiet"; JobDefs = "Standard"; Client = "farm-fd"; Messages = "Quiet" }
X
	farm_up
}

teardown_file() {
	farm_stop
}

@test "mail, append, file, console and catalog all have the whole log" {
	farm_run Everywhere Full
	farm_ok
	for f in mail append.log file.log; do
		grep -F "Start Backup JobId $JOB" "$FARM/mail/$f"
		grep -E "Termination: +Backup OK" "$FARM/mail/$f"
	done
	grep -F "Start Backup JobId $JOB" "$FARM/run.out"
	farm_joblog "$JOB" | grep -E "Termination: +Backup OK"
}

@test "the mail command is run without a shell: words and codes, nothing else" {
	head -n 3 "$FARM/mail/mail"
	[ "$(sed -n 1p "$FARM/mail/mail")" = "arg: -s" ]
	[ "$(sed -n 2p "$FARM/mail/mail")" = "arg: Tercet: Backup OK of farm-fd Everywhere" ]
	[ "$(sed -n 3p "$FARM/mail/mail")" = "arg: someone@example.org;\$(>$FARM/pwned)" ]
	[ "$(sed -n 4p "$FARM/mail/mail")" = "arg: second@example.org" ]
	[ ! -e "$FARM/pwned" ]
	[ -z "$(find "$FARM/site" -name '*.mail')" ]
}

@test "append adds, file begins anew" {
	farm_run Everywhere Incremental
	farm_ok
	[ "$(grep -c 'Termination: ' "$FARM/mail/append.log")" -eq 2 ]
	[ "$(grep -c 'Termination: ' "$FARM/mail/file.log")" -eq 1 ]
}

@test "mail on error and mail on success" {
	farm_run Errors Full
	farm_ok
	[ ! -e "$FARM/mail/on-error" ]
	farm_run Fails Full
	farm_failed
	grep -F "arg: Error" "$FARM/mail/on-error"
	grep -F "arg: admin@example.org" "$FARM/mail/on-error"
	grep -F "*** Backup Error ***" "$FARM/mail/on-error"
	farm_run Successes Full
	grep -F "arg: boss@example.org" "$FARM/mail/on-success"
}

@test "a mail that cannot be sent is reported and kept" {
	farm_run Lost Full
	farm_ok
	grep -F "nobody@example.org could not be sent" "$FARM/site/log/tercet-dir.log"
	kept=$(sed -n 's/.*its text is in \(.*\.failed\).*/\1/p' "$FARM/site/log/tercet-dir.log")
	grep -F "Start Backup JobId $JOB" "$kept"
}

@test "types that nobody wants go nowhere" {
	farm_run Quiet Full
	farm_ok
	[ ! -e "$FARM/mail/quiet.log" ]
	[ "$(catalog "SELECT count(*) FROM log WHERE jobid = $JOB")" -eq 0 ]
}

@test "a bootstrap file names volume, session and files, and restores without a selection" {
	farm_run Backup Full
	farm_ok
	# shellcheck source=/dev/null
	state=$(. "$FARM/site/etc/site" && echo "$SITE_STATE")
	cat "$state/dir/Backup.bsr"
	volume=$(catalog "SELECT volumename FROM media JOIN jobmedia USING (mediaid) WHERE jobid = $JOB LIMIT 1")
	files=$(catalog "SELECT jobfiles FROM job WHERE jobid = $JOB")
	grep -F "Volume=\"$volume\"" "$state/dir/Backup.bsr"
	grep -F "FileIndex=1-$files" "$state/dir/Backup.bsr"
	farm_console "restore bootstrap=$state/dir/Backup.bsr where=$FARM/out client=farm-fd done yes" wait messages >"$FARM/restore.out"
	grep -E "Termination: +Restore OK" "$FARM/restore.out"
	tree diff "$FARM/src" "$FARM/out$FARM/src"
}

@test "an Incremental appends to the bootstrap file, a Full begins it anew" {
	# shellcheck source=/dev/null
	state=$(. "$FARM/site/etc/site" && echo "$SITE_STATE")
	echo more >"$FARM/src/more"
	farm_run Backup Incremental
	farm_ok
	[ "$(grep -c '^Volume=' "$state/dir/Backup.bsr")" -eq 2 ]
	farm_run Backup Full
	[ "$(grep -c '^Volume=' "$state/dir/Backup.bsr")" -eq 1 ]
}

@test "a bootstrap file that cannot be read is not replaced, and that is said" {
	# shellcheck source=/dev/null
	state=$(. "$FARM/site/etc/site" && echo "$SITE_STATE")
	truncate -s 100M "$state/dir/Backup.bsr" # more than is read
	farm_run Backup Incremental
	[ "$STATUS" = W ] # who trusts in the file must not read "OK"
	[ "$(stat -c %s "$state/dir/Backup.bsr")" -eq 104857600 ]
	[ "$(grep -ac '^Volume=' "$state/dir/Backup.bsr")" -eq 1 ]
	farm_joblog "$JOB" | grep -F "Write Bootstrap: "
	rm "$state/dir/Backup.bsr"
	farm_run Backup Incremental
	[ "$(grep -c '^Volume=' "$state/dir/Backup.bsr")" -ge 1 ]
}

@test "a name with a slash makes no path: mail and bootstrap file are there" {
	rm -f "$FARM/mail/mail"
	farm_run sl/ash Full
	[ "$STATUS" = T ]
	grep -q 'arg: Tercet: Backup OK of farm-fd sl/ash' "$FARM/mail/mail"
	grep -q '^Volume=' "$FARM/mail/sl_ash.bsr"
}
