#include "storage-daemon/device/dev.h"

#include <string.h>
#include <strings.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "storage-daemon/device/device_internal.h"

const struct dev_ops *
dev_ops_find(const char *kind)
{
	static const struct dev_ops *const kinds[] = { &dev_file_ops };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcasecmp(kinds[i]->kind, kind) == 0)
			return kinds[i];
	return NULL;
}

enum err_code
dev_open(const struct dev_ops *ops, const char *where, const char *volume, enum dev_mode mode,
	 struct dev **out, struct err *err)
{
	OWNED(dev_freep) struct dev *d = NEW(struct dev);
	enum err_code code;

	d->ops = ops;
	d->fd = -1;
	mutex_init(&d->told, RANK_LEAF);
	code = ops->open(d, where, volume, mode, err);
	if (code != ERR_OK)
		return code;
	*out = TAKE_PTR(d);
	return ERR_OK;
}

enum err_code
dev_close(struct dev **dp, struct err *err)
{
	struct dev *d = *dp;
	enum err_code code = ERR_OK;

	if (d == NULL)
		return ERR_OK;
	*dp = NULL;
	code = d->ops->close(d, err);
	mutex_release(&d->told);
	free(d->path);
	free(d);
	return code;
}

void
dev_freep(struct dev **d)
{
	struct err ignored = ERR_INIT;

	if (dev_close(d, &ignored) != ERR_OK)
		return; /* the failure path already has its error */
}
