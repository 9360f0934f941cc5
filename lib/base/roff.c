#include "lib/base/roff.h"

#include <ctype.h>
#include <string.h>

/* Escaped, in place; at the start of a line "." and "'" would be marks. */
static void
put(struct buf *out, const char *text, size_t n, bool at_start)
{
	if (at_start && n > 0 && (text[0] == '.' || text[0] == '\''))
		buf_put(out, "\\&", 2);
	for (size_t i = 0; i < n; i++) {
		switch (text[i]) {
		case '\\':
			buf_put(out, "\\e", 2);
			break;
		case '-':
			buf_put(out, "\\-", 2);
			break;
		case '"':
			buf_put(out, "\\(dq", 4);
			break;
		default:
			buf_put(out, &text[i], 1);
		}
	}
}

static void
put_str(struct buf *out, const char *text)
{
	put(out, text, strlen(text), false);
}

void
roff_begin(struct buf *out, const char *name, int section, const char *summary)
{
	buf_put(out, ".TH \"", 5);
	for (const char *p = name; *p != '\0'; p++) {
		char c = *p == ' ' ? '-' : (char)toupper((unsigned char)*p);

		put(out, &c, 1, false);
	}
	buf_text(out, "\" \"%d\" \"\" \"Tercet %s\" \"Tercet\"\n.nh\n.ad l\n.SH NAME\n", section,
		 TERCET_VERSION);
	for (const char *p = name; *p != '\0'; p++)
		put(out, *p == ' ' ? "-" : p, 1, false);
	buf_put(out, " \\- ", 4);
	put_str(out, summary);
	buf_put(out, "\n", 1);
}

void
roff_section(struct buf *out, const char *heading)
{
	buf_put(out, ".SH \"", 5);
	put_str(out, heading);
	buf_put(out, "\"\n", 2);
}

void
roff_part(struct buf *out, const char *heading)
{
	buf_put(out, ".SS \"", 5);
	put_str(out, heading);
	buf_put(out, "\"\n", 2);
}

void
roff_text(struct buf *out, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (n == 0)
			buf_put(out, ".PP", 3);
		else
			put(out, text, n, true);
		buf_put(out, "\n", 1);
		text += n + (text[n] == '\n');
	}
}

void
roff_item(struct buf *out, const char *head, const char *argument, const char *body)
{
	buf_put(out, ".TP\n\\fB", 7);
	put_str(out, head);
	buf_put(out, "\\fR", 3);
	if (argument != NULL) {
		buf_put(out, " \\fI", 4);
		put_str(out, argument);
		buf_put(out, "\\fR", 3);
	}
	buf_put(out, "\n", 1);
	roff_text(out, body);
}

void
roff_example(struct buf *out, const char *line)
{
	buf_put(out, ".RS\n.nf\n", 8);
	put(out, line, strlen(line), true);
	buf_put(out, "\n.fi\n.RE\n", 9);
}
