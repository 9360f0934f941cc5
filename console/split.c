#include "console/split.h"

#include <string.h>

#include "lib/base/mem.h"

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

bool
split_is_quoted(const char *text, size_t at)
{
	bool quoted = false;

	for (size_t i = 0; i < at; i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '\\' && ++i == at)
			return true;
	}
	return quoted;
}

char *
split_plain(const char *text, size_t n)
{
	char *word = str_ndup(text, n);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"')
			continue;
		if (text[i] == '\\' && i + 1 < n)
			i++;
		word[len++] = text[i];
	}
	word[len] = '\0';
	return word;
}

char *
split_typed(const char *word, bool open_quote)
{
	char *typed = NEW_ARRAY(char, 2 * strlen(word) + 1);
	size_t len = 0;

	for (; *word != '\0'; word++) {
		if (strchr(open_quote ? "\"\\" : "\"\\ \t", *word) != NULL)
			typed[len++] = '\\';
		typed[len++] = *word;
	}
	return typed;
}
