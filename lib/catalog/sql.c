#include "lib/catalog/sql.h"

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
