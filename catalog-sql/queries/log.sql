-- Job messages.

-- name: log_insert
INSERT INTO log (jobid, time, logtext)
SELECT j, t, x FROM unnest(:jobs::integer[], :times::timestamp[], :texts::text[]) AS u (j, t, x);
