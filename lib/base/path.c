#include "lib/base/path.h"

#include "lib/base/mem.h"
#include "lib/base/num.h"

#include <ctype.h>
#include <stdio.h>

/* Length of the valid UTF-8 sequence at p, 0 if there is none. */
static size_t
utf8_len(const uint8_t *p, size_t n)
{
	size_t len = p[0] < 0x80                             ? 1
		     : (p[0] & 0xe0) == 0xc0 && p[0] >= 0xc2 ? 2
		     : (p[0] & 0xf0) == 0xe0                 ? 3
		     : (p[0] & 0xf8) == 0xf0 && p[0] <= 0xf4 ? 4
							     : 0;

	if (len > n || (len == 2 && p[0] == 0xc2 && p[1] < 0xa0)) /* a control character */
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static bool
needs_quotes(struct bytes b)
{
	for (size_t i = 0; i < b.n;) {
		size_t len = utf8_len(b.p + i, b.n - i);

		if (len == 0 || b.p[i] <= ' ' || b.p[i] == '"' || b.p[i] == '\\' || b.p[i] == 0x7f)
			return true;
		i += len;
	}
	return b.n == 0;
}

const char *
path_print(struct bytes b, char *out, size_t cap)
{
	size_t o = 0;
	bool quote = needs_quotes(b);

	if (cap < 16)
		return "";
	if (quote)
		out[o++] = '"';
	for (size_t i = 0; i < b.n;) {
		size_t len = utf8_len(b.p + i, b.n - i);
		uint8_t c = b.p[i];

		if (o + 12 > cap) {
			(void)snprintf(out + o, cap - o, "...%s", quote ? "\"" : "");
			return out;
		}
		if (len == 0 || c < ' ' || c == 0x7f) {
			o += (size_t)(c == '\n' ? snprintf(out + o, cap - o, "\\n")
						: snprintf(out + o, cap - o, "\\x%02x", c));
			i++;
			continue;
		}
		if (c == '"' || c == '\\')
			out[o++] = '\\';
		memcpy(out + o, b.p + i, len);
		o += len;
		i += len;
	}
	if (quote)
		out[o++] = '"';
	out[o] = '\0';
	return out;
}

/* Bytes of the control character at p, 0 if it is none.  U+0080 to U+009F are two bytes. */
static size_t
control_len(const uint8_t *p, size_t n)
{
	if (p[0] == 0xc2 && n > 1 && p[1] >= 0x80 && p[1] <= 0x9f)
		return 2;
	return (p[0] < ' ' && p[0] != '\t') || p[0] == 0x7f;
}

void
path_line(struct bytes path, struct buf *out)
{
	while (path.n > 0 && out->len < out->max) {
		size_t plain = 0, control = 0;

		while (plain < path.n && control == 0) {
			control = control_len(path.p + plain, path.n - plain);
			plain += control == 0;
		}
		buf_put(out, path.p, size_min(plain, out->max - out->len));
		buf_put(out, "??", size_min(control, out->max - out->len));
		path = bytes_skip(path, plain + control);
	}
}

void
path_split(struct bytes path, struct bytes *dir, struct bytes *name)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	if (n == 0)
		n = path.n; /* no slash: the whole string is the path */
	*dir = bytes_of(path.p, n);
	*name = bytes_skip(path, n);
}

bool
path_is_whole(const char *path)
{
	return path[0] == '/' || (isalpha((unsigned char)path[0]) && path[1] == ':');
}

char *
path_component(const char *name)
{
	char *copy = str_dup(name);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '/')
			*p = '_';
	return copy;
}
