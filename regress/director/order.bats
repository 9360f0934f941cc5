#!/usr/bin/env bats
# regress/director/order.bats - what is there already when the final row of a job is stored
#
# Triggers in the catalog look, or refuse, at the very moment: a crash of the director behind it would
# leave exactly that.

load ../lib/farm

setup_file() {
	farm_make
	echo content >"$FARM/src/file"
	cat >"$FARM/gate" <<X
#!/bin/sh
touch "$FARM/waits"
while [ ! -e "$FARM/open" ]; do sleep 0.1; done
X
	chmod 755 "$FARM/gate"
	farm_conf_add dir <<X
Job { Name = "Fails"; JobDefs = "Standard"; Client = "farm-fd"
  Run Script { Runs When = Before; Runs On Client = no; Command = "/bin/false" }
}
Job { Name = "Gated"; JobDefs = "Standard"; Client = "farm-fd"
  Run Script { Runs When = Before; Runs On Client = no; Command = "$FARM/gate" }
}
X
	farm_up
	look_at_final_rows
}

teardown_file() {
	touch "$FARM/open"
	farm_stop
}

look_at_final_rows() {
	local bootstrap
	# shellcheck source=/dev/null
	bootstrap=$(. "$FARM/site/etc/site" && echo "$SITE_STATE/dir/Backup.bsr")
	catalog "CREATE SCHEMA IF NOT EXISTS test;
		CREATE TABLE test.seen (jobid integer, reason boolean, bootstrap boolean);
		CREATE FUNCTION test.look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \$\$
		BEGIN
			INSERT INTO test.seen VALUES (new.jobid,
				EXISTS (SELECT 1 FROM log WHERE jobid = new.jobid AND logtext LIKE '%rror: %'),
				(pg_stat_file('$bootstrap', true)).size > 0);
			RETURN new;
		END \$\$;
		CREATE TRIGGER look BEFORE UPDATE ON job FOR EACH ROW
			WHEN (old.jobstatus IN ('C', 'R') AND new.jobstatus NOT IN ('C', 'R')) EXECUTE FUNCTION test.look()"
}

# Of JOB, when its final row came.
seen() { # reason or bootstrap
	catalog "SELECT $1 FROM test.seen WHERE jobid = $JOB"
}

# refuse WHICH ERROR [TIMES]: these changes fail, for so many times.  WHICH: BEFORE ... ON table ...
refuse() {
	catalog "CREATE SCHEMA IF NOT EXISTS test;
		DROP SEQUENCE IF EXISTS test.tries;
		CREATE SEQUENCE test.tries;
		CREATE OR REPLACE FUNCTION test.refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \$\$
		BEGIN
			IF nextval('test.tries') <= ${3:-1000000} THEN RAISE EXCEPTION '$2'; END IF;
			RETURN new;
		END \$\$;
		CREATE TRIGGER refuse $1 EXECUTE FUNCTION test.refuse()"
}

# How often they came; they are taken again.
refused() { # table
	catalog "DROP TRIGGER refuse ON $1"
	catalog "SELECT last_value FROM test.tries"
}

@test "of a good backup its bootstrap file" {
	farm_run Backup Full
	farm_ok
	[ "$(seen bootstrap)" = t ]
}

@test "of a job that failed its reason" {
	farm_run Fails Full
	farm_failed
	[ "$(seen reason)" = t ]
}

@test "of one that a dead director left its reason" {
	farm_queue "run job=Gated level=Full yes"
	farm_await 30 test -e "$FARM/waits"
	farm_kill dir
	touch "$FARM/open"
	farm_up
	[ "$(farm_job_status "$JOB")" = f ]
	[ "$(seen reason)" = t ]
}

@test "a catalog that does not take the row at once is asked again" {
	refuse "BEFORE UPDATE ON job FOR EACH ROW WHEN (new.jobstatus = 'T')" "not now" 2
	farm_run Backup Full
	[ "$(refused job)" -eq 3 ]
	[ "$STATUS" = T ]
}

@test "attributes that the catalog refuses fail the job, which says so" {
	refuse "BEFORE INSERT ON file FOR EACH ROW" "no such rows here"
	farm_run Backup Full
	[ "$(refused file)" -ge 1 ]
	farm_failed
	farm_joblog "$JOB" | grep -F "no such rows here"
	farm_run Backup Full
	farm_ok
}
