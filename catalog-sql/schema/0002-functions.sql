-- 0002-functions: decoding of LStat, for sample queries, front ends and people.
-- Assumes: nothing; replaces functions of the same name.
-- Spec: catalog.md 6.1, 7

CREATE OR REPLACE FUNCTION bareos_frombase64(field text) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	negative boolean := left(field, 1) = '-';
	digits   text := CASE WHEN negative THEN substr(field, 2) ELSE field END;
	v        bigint := 0;
BEGIN
	FOR i IN 1 .. coalesce(length(digits), 0) LOOP
		v := (v << 6) + strpos('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
		                       substr(digits, i, 1)) - 1;
	END LOOP;
	RETURN CASE WHEN negative THEN -v ELSE v END;
END $$;

CREATE OR REPLACE FUNCTION decode_lstat(lst text, params text[] DEFAULT NULL,
	OUT st_dev bigint, OUT st_ino bigint, OUT st_mode bigint, OUT st_nlink bigint,
	OUT st_uid bigint, OUT st_gid bigint, OUT st_rdev bigint, OUT st_size bigint,
	OUT st_blksize bigint, OUT st_blocks bigint, OUT st_atime bigint, OUT st_mtime bigint,
	OUT st_ctime bigint, OUT linkfi bigint, OUT st_flags bigint, OUT data bigint)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	names CONSTANT text[] := '{st_dev,st_ino,st_mode,st_nlink,st_uid,st_gid,st_rdev,st_size,st_blksize,st_blocks,st_atime,st_mtime,st_ctime,linkfi,st_flags,data}';
	f text[] := string_to_array(lst, ' ');
	v bigint[] := array_fill(NULL::bigint, ARRAY[16]);
BEGIN
	FOR i IN 1 .. 16 LOOP
		IF params IS NULL OR names[i] = ANY (params) THEN
			v[i] := bareos_frombase64(coalesce(f[i], 'A'));
		END IF;
	END LOOP;
	st_dev := v[1]; st_ino := v[2]; st_mode := v[3]; st_nlink := v[4];
	st_uid := v[5]; st_gid := v[6]; st_rdev := v[7]; st_size := v[8];
	st_blksize := v[9]; st_blocks := v[10]; st_atime := v[11]; st_mtime := v[12];
	st_ctime := v[13]; linkfi := v[14]; st_flags := v[15]; data := v[16];
END $$;
