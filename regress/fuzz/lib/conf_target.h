/*
 * regress/fuzz/lib/conf_target.h - the body of a target for one program's configuration
 *
 * Purpose: CONF_TARGET(dir) makes the target of dir_conf_load: what loads is shown as text, and
 *          what is shown must load again and mean the same: it is shown as it was.
 * Layout:  an input is cut into sections at bytes FD: the file that is loaded, and a.conf and
 *          b.conf beside it, which it may include.
 */
#ifndef TERCET_FUZZ_LIB_CONF_TARGET_H
#define TERCET_FUZZ_LIB_CONF_TARGET_H

#include "lib/base/bytes.h"
#include "lib/base/own.h"
#include "lib/conf/show.h"
#include "regress/fuzz/lib/peer.h"
#include "regress/fuzz/lib/sandbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONF_TEXT_MAX (8u << 20)

typedef enum err_code conf_load_fn(const char *path, struct conf_diag *diag, struct buf *shown,
				   struct err *err);

static inline void
conf_target_write(const char *path, struct bytes text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text.p, text.n) != (ssize_t)text.n || close(fd) != 0)
		abort();
}

static inline void
conf_target_write_all(const char *path, struct bytes in)
{
	static const char *const others[] = { "a.conf", "b.conf" }; /* in the current directory */

	conf_target_write(path, peer_section(in, 0));
	for (unsigned i = 0; i < 2; i++) {
		struct bytes text = peer_section(in, i + 1);

		(void)unlink(others[i]);
		if (text.n > 0)
			conf_target_write(others[i], text);
	}
}

static inline void
conf_target_run(const char *path, conf_load_fn load, struct bytes in)
{
	OWNED(conf_diag_freep) struct conf_diag *diag = conf_diag_new(false);
	OWNED(conf_diag_freep) struct conf_diag *again = conf_diag_new(false);
	OWNED(buf_release) struct buf shown = BUF_INIT(CONF_TEXT_MAX);
	OWNED(buf_release) struct buf problems = BUF_INIT(CONF_TEXT_MAX);
	OWNED(buf_release) struct buf twice = BUF_INIT(CONF_TEXT_MAX);
	struct err err = ERR_INIT;
	bool loaded;

	conf_target_write_all(path, in);
	loaded = load(path, diag, &shown, &err) == ERR_OK;
	conf_diag_text(diag, true, &problems);
	if (!loaded)
		return;
	conf_target_write(path, buf_bytes(&shown));
	if (load(path, again, &twice, &err) != ERR_OK ||
	    strcmp(buf_str(&shown), buf_str(&twice)) != 0) {
		conf_diag_text(again, true, &problems);
		(void)fprintf(stderr, "%s\n%s\n%s", buf_str(&shown), buf_str(&twice),
			      buf_str(&problems));
		abort();
	}
}

#define CONF_TARGET(program)                                                                       \
	int LLVMFuzzerInitialize(int *argc, char ***argv);                                         \
	int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);                                    \
	static char path[512];                                                                     \
                                                                                                   \
	static enum err_code load(const char *from, struct conf_diag *diag, struct buf *shown,     \
				  struct err *err)                                                 \
	{                                                                                          \
		struct program##_conf *c = NULL;                                                   \
		enum err_code rc = program##_conf_load(from, &c, diag, err);                       \
                                                                                                   \
		if (rc == ERR_OK)                                                                  \
			conf_show_all(c->gen, CONF_SHOW_SECRETS, shown);                           \
		program##_conf_unref(c);                                                           \
		return rc;                                                                         \
	}                                                                                          \
                                                                                                   \
	int LLVMFuzzerInitialize(int *argc, char ***argv)                                          \
	{                                                                                          \
		(void)snprintf(path, sizeof(path), "%s/conf", sandbox_enter(*argc, *argv));        \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)                                     \
	{                                                                                          \
		conf_target_run(path, load, bytes_of(p, n));                                       \
		return 0;                                                                          \
	}

#endif
