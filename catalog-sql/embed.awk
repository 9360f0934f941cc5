# catalog-sql/embed.awk - SQL files to C tables.
# awk -v what=ids|rows|schema -f embed.awk FILES
#   ids     enum sql_id                        from queries/*.sql
#   rows    { name, text, parameters } rows    from queries/*.sql
#   schema  { file name, text } rows           from schema/*.sql
# A statement begins with "-- name: <name>" or "-- name: <name> repeatable"; :parameter becomes $1, $2 ... in order of first use.
# "-- part: <name>" begins text that stands for each line "@<name>" of the statements behind it in the same file.

function c_string(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	gsub(/\t/, "\\t", s)
	gsub(/\n/, "\\n\"\n\t\"", s)
	return "\"" s "\""
}

function numbered(s,   out, name, before) {
	n_params = 0
	split("", number)
	while (match(s, /:[a-z_][a-z_0-9]*/)) {
		before = RSTART > 1 ? substr(s, RSTART - 1, 1) : ""
		name = substr(s, RSTART + 1, RLENGTH - 1)
		if (before == ":") {
			out = out substr(s, 1, RSTART + RLENGTH - 1)
		} else {
			if (!(name in number)) {
				number[name] = ++n_params
				param[n_params] = name
			}
			out = out substr(s, 1, RSTART - 1) "$" number[name]
		}
		s = substr(s, RSTART + RLENGTH)
	}
	return out s
}

function finish(   text, i, list) {
	if (name == "")
		return
	sub(/[ \t\n;]+$/, "", body)
	if (what == "ids") {
		printf "\tSQL_%s,\n", toupper(name)
	} else {
		text = numbered(body)
		for (i = 1; i <= n_params; i++)
			list = list "\"" param[i] "\", "
		printf "\t{ \"%s\",\n\t  %s,\n\t  { %sNULL }, %d, %s },\n", name, c_string(text), list, n_params, repeatable
	}
	name = ""
	body = ""
}

what == "schema" && FNR == 1 {
	if (file != "")
		printf "\t{ \"%s\",\n\t  %s },\n", file, c_string(body)
	file = FILENAME
	sub(/.*\//, "", file)
	body = ""
}
what == "schema" { body = body $0 "\n"; next }
FNR == 1 { finish(); reading = ""; split("", part) }
/^-- name: / { finish(); reading = ""; name = $3; repeatable = $4 == "repeatable" ? "true" : "false"; next }
/^-- part: / { finish(); reading = $3; part[reading] = ""; next }
/^--/ { next }
/^@/ {
	if (!(substr($0, 2) in part)) {
		print FILENAME ":" FNR ": there is no part " $0 >"/dev/stderr"
		exit failed = 1
	}
	body = body part[substr($0, 2)]
	next
}
reading != "" { if ($0 != "") part[reading] = part[reading] $0 "\n"; next }
{ body = body $0 "\n" }
END {
	if (failed)
		exit 1
	if (what == "schema")
		printf "\t{ \"%s\",\n\t  %s },\n", file, c_string(body)
	else
		finish()
}
