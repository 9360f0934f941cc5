#include "console/split.h"

#include <stdbool.h>

size_t
split_length(const char *text, char separator)
{
	bool quoted = false;
	size_t n = 0;

	for (; text[n] != '\0'; n++) {
		if (text[n] == separator && !quoted)
			return n;
		if (text[n] == '"')
			quoted = !quoted;
		else if (text[n] == '\\' && text[n + 1] != '\0')
			n++;
	}
	return n;
}
