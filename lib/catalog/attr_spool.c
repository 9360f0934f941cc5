#include "lib/catalog/attr_load.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"

#define SPOOL_BATCH_MAX (64u * 1024 * 1024)

/* Owned. */
static char *
path_of(const struct catalog *c, uint32_t job_id)
{
	OWNED(freep) char *name = path_component(c->name);

	return str_printf("%s/%s.attributes.%u.spool", c->work_dir, name, job_id);
}

void
cat_attr_forget(struct catalog *c, uint32_t job_id)
{
	OWNED(freep) char *path = c->work_dir != NULL ? path_of(c, job_id) : NULL;

	if (path != NULL && unlink(path) == 0)
		log_info("%s: removed, its job was not ended", path);
}

static enum err_code
open_spool(struct loader *l, struct err *err)
{
	if (l->spool >= 0)
		return ERR_OK;
	if (l->catalog->work_dir == NULL)
		return err_set(err, ERR_CONFIG,
			       "the catalog is away and there is no working directory for "
			       "attributes to wait in");
	if (l->spool_path == NULL)
		l->spool_path = path_of(l->catalog, l->job_id);
	return fd_open(l->spool_path, O_RDWR | O_CREAT | O_TRUNC, 0600, &l->spool, err);
}

/* The batch goes to the end of the file and becomes a stub. */
enum err_code
spool_batch(struct loader *l, struct batch *b, struct err *err)
{
	OWNED(buf_release) struct buf bytes = BUF_INIT(SPOOL_BATCH_MAX);

	if (open_spool(l, err) != ERR_OK || batch_emit(b, &bytes, err) != ERR_OK)
		return err->code;
	if (lseek(l->spool, (off_t)l->spool_end, SEEK_SET) < 0)
		return err_errno(err, ERR_SYS, "%s", l->spool_path);
	if (fd_write_full(l->spool, l->spool_path, bytes.p, bytes.len, err) != ERR_OK)
		return err_ctx(err, "the catalog is away and attributes can wait no longer");
	b->spool_at = l->spool_end;
	b->spool_len = bytes.len;
	l->spool_end += bytes.len;
	buf_release(&b->tuples);
	buf_release(&b->names);
	b->tuples.max = b->names.max = SPOOL_BATCH_MAX;
	free(TAKE_PTR(b->paths));
	b->n_paths = b->cap_paths = 0;
	atomic_fetch_add_explicit(&l->rows_spooled, b->rows, memory_order_relaxed);
	return ERR_OK;
}

enum err_code
unspool_batch(struct loader *l, const struct batch *stub, struct batch *into, struct err *err)
{
	OWNED(buf_release) struct buf bytes = BUF_INIT(SPOOL_BATCH_MAX);

	if (buf_reserve(&bytes, stub->spool_len, err) != ERR_OK ||
	    fd_pread_full(l->spool, l->spool_path, bytes.p, stub->spool_len, stub->spool_at, err) !=
		    ERR_OK)
		return err->code;
	bytes.len = stub->spool_len;
	if (batch_parse(buf_bytes(&bytes), into, err) != ERR_OK)
		return err_ctx(err, "%s", l->spool_path);
	return ERR_OK;
}

void
spool_remove(struct loader *l)
{
	closep(&l->spool);
	l->spool = -1;
	if (l->spool_path != NULL)
		(void)unlink(l->spool_path);
	free(TAKE_PTR(l->spool_path));
}
