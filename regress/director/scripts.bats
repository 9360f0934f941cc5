#!/usr/bin/env bats
# regress/director/scripts.bats - run scripts on both sides: order, output, failure
#
# labels: tsan

load ../lib/farm

setup_file() {
	farm_make
	cat >"$FARM/note" <<X
#!/bin/sh
echo "\$*" >>"$FARM/order"
echo "said by \$*"
case \$1 in *fails) exit 3 ;; esac
exit 0
X
	cat >"$FARM/slow-note" <<X
#!/bin/sh
sleep 1
exec "$FARM/note" "\$@"
X
	printf '#!/bin/sh\nexec sleep 300\n' >"$FARM/endless"
	cat >"$FARM/select" <<X
#!/bin/sh
touch "$FARM/selecting"
[ "\$1" = NoEnd ] && exec sleep 1000
printf '%s\n' "\$*" >"$FARM/selected"
echo "$FARM/src/\$1"
X
	chmod 755 "$FARM/note" "$FARM/slow-note" "$FARM/endless" "$FARM/select"
	echo content >"$FARM/src/file"
	farm_conf_add dir <<X
JobDefs {
  Name = "Scripted"; Type = Backup; Level = Full; Client = "farm-fd"; FileSet = "Standard"
  Messages = "Standard"; Pool = "Full"
}
Job { Name = "Both"; JobDefs = "Scripted"
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/note director-before %n %l \"two words\"" }
  Run Script { Runs When = Before; Runs On Client = yes; Command = "$FARM/note client-before" }
  Run Script { Runs When = After; Runs On Client = yes; Command = "$FARM/note client-after" }
  Run Script { Runs When = After; Runs On Client = no; Command = "$FARM/note director-after %e" }
  Run Script { Runs When = After; Runs On Success = no; Runs On Failure = yes; Runs On Client = no; Command = "$FARM/note never" }
}
Job { Name = "DirectorFails"; JobDefs = "Scripted"
  Run Script { Runs When = Before; Runs On Client = no; Fail Job On Error = yes; Command = "$FARM/note director-fails" }
  Run Script { Runs When = After; Runs On Success = no; Runs On Failure = yes; Runs On Client = no; Command = "$FARM/note after-failure %e" }
  Run Script { Runs When = After; Runs On Client = no; Command = "$FARM/note after-success" }
}
Job { Name = "DirectorMayFail"; JobDefs = "Scripted"
  Run Script { Runs When = Before; Runs On Client = no; Fail Job On Error = no; Command = "$FARM/note director-fails" }
}
Job { Name = "ClientFails"; JobDefs = "Scripted"
  Run Script { Runs When = Before; Runs On Client = yes; Fail Job On Error = yes; Command = "$FARM/note client-fails" }
}
Job { Name = "ClientMayFail"; JobDefs = "Scripted"
  Run Script { Runs When = Before; Runs On Client = yes; Fail Job On Error = no; Command = "$FARM/note client-fails" }
}
Job { Name = "Cancelled"; JobDefs = "Scripted"
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/endless" }
  Run Script { Runs When = After; Runs On Success = no; Runs On Failure = yes; Runs On Client = no; Command = "$FARM/slow-note after-cancel %e" }
}
Job { Name = "Says"; JobDefs = "Scripted"
  Run Script { Runs When = Before; Runs On Client = no; Console = "list clients" }
}
FileSet { Name = "Selected"; Include { Options { Signature = MD5 }; File = "|$FARM/select %n %l %c 'two words' %Y" } }
Job { Name = "Chosen"; JobDefs = "Scripted"; FileSet = "Selected" }
Job { Name = "NoEnd"; JobDefs = "Scripted"; FileSet = "Selected" }
Job { Name = "NoProgram"; JobDefs = "Scripted"
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/there-is-none" }
}
X
	farm_up
}

teardown_file() {
	farm_stop
}

setup() {
	rm -f "$FARM/order"
}

@test "scripts of director and client run in order, their output is in the job log" {
	farm_run Both
	farm_ok
	[ "$STATUS" = T ]
	cat "$FARM/order"
	[ "$(cat "$FARM/order")" = "director-before Both Full two words
client-before
client-after
director-after OK" ]
	farm_joblog "$JOB" >"$FARM/log"
	grep -F 'BeforeJob: said by director-before Both Full two words' "$FARM/log"
	grep -F 'ClientBeforeJob: said by client-before' "$FARM/log"
	grep -F 'ClientAfterJob: said by client-after' "$FARM/log"
	grep -F 'AfterJob: said by director-after OK' "$FARM/log"
}

@test "a failing script before the job fails it; only scripts for failures run after it" {
	farm_run DirectorFails
	farm_failed
	[ "$(cat "$FARM/order")" = "director-fails
after-failure Error" ]
	farm_joblog "$JOB" >"$FARM/log"
	grep -F 'BeforeJob: said by director-fails' "$FARM/log"
	grep -F 'BeforeJob returned non-zero status=3' "$FARM/log"
	[ "$(catalog "SELECT jobfiles FROM job WHERE jobid = $JOB")" -eq 0 ]
}

@test "Fail Job On Error = no makes it a warning" {
	farm_run DirectorMayFail
	[ "$STATUS" = W ]
	[ "$(catalog "SELECT jobfiles FROM job WHERE jobid = $JOB")" -gt 0 ]
}

@test "a failing script of the client fails the job within seconds, with its reason" {
	begin=$SECONDS
	farm_run ClientFails
	farm_failed
	[ $((SECONDS - begin)) -lt 60 ]
	farm_joblog "$JOB" >"$FARM/log"
	grep -F 'ClientBeforeJob: said by client-fails' "$FARM/log"
	grep -E 'Runscript|RunBeforeNow' "$FARM/log"
}

@test "a client's script that may fail" {
	farm_run ClientMayFail
	farm_ok
}

@test "console commands: output in the job log" {
	farm_run Says
	farm_ok
	farm_joblog "$JOB" | grep -F "BeforeJob:" | grep -F farm-fd
}

@test "a program that is not there is named" {
	farm_run NoProgram
	farm_failed
	farm_joblog "$JOB" | grep -F "$FARM/there-is-none"
}

@test "a cancel ends the script before the job, and the one behind it runs to its end" {
	farm_console "run job=Cancelled yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	says() { farm_joblog "$JOB" | grep -qF "run BeforeJob"; }
	farm_await 20 says
	farm_console "cancel jobid=$JOB yes"
	ended() { [ "$(farm_job_status "$JOB")" = A ]; }
	farm_await 20 ended
	farm_console "wait jobid=$JOB timeout=60"
	grep -F "after-cancel Canceled" "$FARM/order"
}

@test "a program chooses what is saved by the codes of its job" {
	echo chosen >"$FARM/src/Chosen"
	farm_run Chosen Full
	farm_ok
	[ "$(cat "$FARM/selected")" = "Chosen Full farm-fd two words %Y" ]
	[ "$(catalog "SELECT name FROM file WHERE jobid = $JOB")" = Chosen ]
}

is_cancelled() {
	[ "$(farm_job_status "$JOB")" = A ]
}

@test "a cancel ends a job whose FileSet waits for its program" {
	rm -f "$FARM/selecting"
	farm_console "run job=NoEnd level=Full yes" >"$FARM/run.out"
	JOB=$(sed -n 's/.*Job queued\. JobId=\([0-9]*\).*/\1/p' "$FARM/run.out")
	farm_await 20 test -e "$FARM/selecting"
	farm_console "cancel jobid=$JOB yes" >"$FARM/cancel.out"
	farm_await 30 is_cancelled
}
