#include "lib/proto/compression.h"

#include <string.h>

static const struct compression rows[] = {
#define X(...) { __VA_ARGS__ },
	COMPRESSIONS(X)
#undef X
};

const struct compression *
compression_find(const char *text)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(rows[i].letters, text, strlen(rows[i].letters)) == 0)
			return &rows[i];
	return NULL;
}
