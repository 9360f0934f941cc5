#include "lib/catalog/sql.h"

#include "lib/base/buf.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
static const struct sql_row rows[] = {
#include "lib/catalog/sql_rows.h"
};

static const struct sql_step steps[] = {
#include "lib/catalog/sql_schema.h"
};
/* clang-format on */

_Static_assert(sizeof(rows) / sizeof(rows[0]) == SQL_COUNT, "one row per id");

const struct sql_row *
sql_get(enum sql_id id)
{
	assert(id < SQL_COUNT);
	return &rows[id];
}

enum sql_id
sql_find(const char *name)
{
	for (size_t i = 0; i < SQL_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0)
			return (enum sql_id)i;
	return SQL_COUNT;
}

const struct sql_step *
sql_step(size_t i)
{
	return i < sizeof(steps) / sizeof(steps[0]) ? &steps[i] : NULL;
}

char *
sql_put_in(enum sql_id id, const char *name, const char *text)
{
	const char *sql = sql_get(id)->text;
	struct buf out = BUF_INIT(SIZE_MAX);
	const char *at;

	while ((at = strstr(sql, name)) != NULL) {
		buf_put(&out, sql, (size_t)(at - sql));
		buf_put(&out, text, strlen(text));
		sql = at + strlen(name);
	}
	buf_put(&out, sql, strlen(sql));
	return buf_take_str(&out);
}
