#include "lib/proto/stream.h"

#include <stddef.h>

/* clang-format off */
enum row_index {
#define X(name, id, kind, flags) ROW_##name,
	STREAMS(X)
#undef X
};

static const struct stream_row rows[] = {
#define X(name, id, kind, flags) { (id), STREAM_KIND_##kind, (flags), #name },
	STREAMS(X)
#undef X
};

/* Row number + 1 by id: asked per record. */
static const uint8_t row_of[2048] = {
#define X(name, id, kind, flags) [id] = ROW_##name + 1,
	STREAMS(X)
#undef X
};

static const char *const file_type_texts[] = {
#define X(name, nr, on_volume, what) [nr] = (what),
	FILE_TYPES(X)
#undef X
};
/* clang-format on */

const struct stream_row *
stream_find(uint32_t id)
{
	if (id >= sizeof(row_of) || row_of[id] == 0)
		return NULL;
	return &rows[row_of[id] - 1];
}

const char *
file_type_text(int type)
{
	if (type < 0 || (size_t)type >= sizeof(file_type_texts) / sizeof(*file_type_texts) ||
	    file_type_texts[type] == NULL)
		return "file of unknown type";
	return file_type_texts[type];
}
