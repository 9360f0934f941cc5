# regress/lib/slow.bash - a job that stays busy for as long as a test wants
#
# Behind its files the job "Slow" reads a fifo, of which descriptor 9 of the test is the other end:
# closing it lets the job go on.  Daemons that are started meanwhile must not have it: farm_up 9>&-.
# After farm.bash: farm_make, slow_conf, farm_up.
# shellcheck shell=bash

# slow_conf [DIRECTORY [MORE OPTIONS]]: the job saves the directory ($FARM/src) before the fifo.
slow_conf() {
	mkfifo "$FARM/fifo"
	farm_conf_add dir <<X
FileSet {
  Name = "Slow"
  Include {
    Options { Signature = MD5; Read Fifo = yes${2:+; $2} }
    File = "${1:-$FARM/src}"
    File = "$FARM/fifo"
  }
}
Job { Name = "Slow"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Slow" }
X
}

# Start it, at a level; its id is JOB.  Its client hangs on the fifo then: if the test let go of the
# other end before, it would wait for a writer that never comes.
slow_job() {
	exec 9<>"$FARM/fifo"
	printf 'some data' >&9
	farm_queue "run job=Slow level=${1:-Full} yes"
	farm_await 30 farm_reads "$FARM/fifo"
}

# Its client has sent a hundred files and more.
slow_has_files() {
	farm_console "status client=farm-fd" | tr -d ',' | grep -qE "Files=[1-9][0-9]{2,}|Files Examined=[1-9][0-9]{2,}"
}
