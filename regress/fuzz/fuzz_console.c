/*
 * regress/fuzz/fuzz_console.c - a director that says anything to tconsole
 *
 * needs: console
 *
 * The first byte: odd for a console of a person.  The rest is what the director says, as the
 * console asks one thing after another: commands, and what completion wants to know.
 */
#include "console/session.h"

#include "regress/fuzz/lib/peer.h"

#include <stdlib.h>

#define ROUNDS 8

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
complete(struct session *s, const char *before, const char *word)
{
	char **found = session_complete(s, before, word);

	for (char **f = found; f != NULL && *f != NULL; f++)
		free(*f);
	free(found);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct line_options no_input = { .interactive = false };
	struct err err = ERR_INIT;
	struct session s = { .line = line_new(&no_input),
			     .last = BUF_INIT(65536),
			     .tail = BUF_INIT(1 << 20) };

	if (n > 0) {
		s.interactive = (p[0] & 1) != 0;
		s.conn = peer_say(bytes_of(p + 1, n - 1));
	} else {
		s.conn = peer_say(bytes_of(p, 0));
	}
	if (session_receive(&s, &err) == ERR_OK)
		for (int i = 0; i < ROUNDS && session_command(&s, "list jobs", &err) == ERR_OK;
		     i++) {
			complete(&s, "", "r");
			complete(&s, "run job=", "B");
			complete(&s, "cd ", "/e");
			free(session_capture(&s, "show pools"));
		}
	session_release(&s);
	return 0;
}
