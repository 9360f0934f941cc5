-- 0005-lost-bases: jobs that were saved on top of one that has been removed.
-- Assumes: the table job, with or without rows.
--
-- Such a job is whole, but what it leaves out because it was saved before is in no job any more.
-- No Job row shows that: what it was based on is not there.

CREATE TABLE IF NOT EXISTS tercet_lost_base (
	jobid integer PRIMARY KEY
);
