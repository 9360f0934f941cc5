#include "lib/files/mounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/path.h"
#include "lib/files/place.h"

static void
drop_first(struct mounts *m)
{
	closep(&m->v[0].fd);
	free(m->v[0].name);
	m->n--;
	memmove(&m->v[0], &m->v[1], m->n * sizeof(m->v[0]));
}

void
mounts_release(struct mounts *m)
{
	while (m->n > 0)
		drop_first(m);
}

bool
mounts_have(const struct mounts *m, dev_t dev)
{
	for (size_t i = m->n; i > 0; i--)
		if (m->v[i - 1].dev == dev)
			return true;
	return false;
}

static void
sync_first(struct mounts *m)
{
	struct err e = ERR_INIT;

	if (syncfs(m->v[0].fd) != 0) {
		(void)err_errno(&e, place_refusal(errno),
				"the file system of %s lost what was written to it",
				PATH_PRINT(bytes_str(m->v[0].name)));
		if (m->lost.code == ERR_OK)
			m->lost = e;
	}
	drop_first(m);
}

void
mounts_add(struct mounts *m, dev_t dev, int dir, const char *name)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (m->n == MOUNTS_MAX)
		sync_first(m);
	m->v[m->n++] = (struct mount_row){ dev, fd, str_dup(name) };
}

enum err_code
mounts_sync(struct mounts *m, struct err *err)
{
	while (m->n > 0)
		sync_first(m);
	if (m->lost.code != ERR_OK)
		*err = m->lost;
	return m->lost.code;
}
