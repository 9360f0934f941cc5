-- 0004-long-paths: directories whose names are too long for the index of Path.
-- Assumes: the table path, with or without rows.
--
-- An entry of a B-tree is at most a third of a page, 2704 bytes, and a name of random letters does
-- not compress.  Such names are rows of this table; as it inherits from path, whoever reads Path
-- sees them there, and the index of Path stays what other programs know.  Their ids are of the same
-- sequence.

CREATE TABLE IF NOT EXISTS tercet_long_path (
	PRIMARY KEY (pathid),
	EXCLUDE USING hash (path WITH =)
) INHERITS (path);
