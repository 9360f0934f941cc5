/*
 * storage-daemon/media/media_fake.h - a medium that fails on purpose and a director in memory
 *
 * Purpose: for the tests of this folder.  The medium is a table of device operations over files
 *          in memory; it counts operations, lets one fail, has limited room, and can lose power:
 *          then nothing that was not synced is certain to be there.  The director is a small
 *          catalog of volumes and of pieces (JobMedia); without power it hears nothing.
 * Threads: one at a time, which may be a session's, its writer's or its director's: they take
 *          turns.  The lock of the count orders them also where a turn ends with the connection
 *          and not with an answer.
 */
#ifndef TERCET_STORAGE_DAEMON_MEDIA_MEDIA_FAKE_H
#define TERCET_STORAGE_DAEMON_MEDIA_MEDIA_FAKE_H

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/mem.h"
#include "lib/base/sync.h"
#include "lib/conf/gen.h"
#include "storage-daemon/media/mount.h"
#include "storage-daemon/media/reserve.h"

#define FAKE_FILES 8
#define FAKE_CAP   65536u
#define FAKE_PAGE  512u

struct fake_file {
	char name[64];
	bool exists, entry_safe;
	uint8_t now[FAKE_CAP], safe[FAKE_CAP];
	size_t n_now, n_safe, kept; /* kept: bytes of safe that no truncate has touched */
};

struct fake_piece {
	unsigned job;
	uint64_t media_id, start, end;
	unsigned first_block, last_block; /* numbers within the job */
};

struct fake {
	struct fake_file file[FAKE_FILES];
	uint64_t room;         /* bytes over all files; 0: no limit */
	unsigned ops, fail_at; /* the fail_at-th operation fails; 0: none */
	enum err_code fail_code;
	unsigned cut_at; /* before this operation or question the power goes; 0: never */
	bool kill;       /* ... or only the daemon dies: the medium loses nothing */
	atomic_bool off; /* read by the director between the turns */
	bool unmounted;  /* the archive is not there */
	uint32_t seed;

	struct vol_info vol[FAKE_FILES];
	unsigned n_vol, max_vol;
	uint64_t max_bytes;
	struct fake_piece piece[256];
	unsigned n_piece;
	bool peer_gone;
	unsigned refused_updates; /* so many of the next UpdateMedia are refused */
	const char *after_full;   /* when a volume becomes Full, this one is Append */
	unsigned asked_operator;
	char said[8192]; /* everything reported */
};

static struct fake fake;
static struct mutex fake_lock = { .m = PTHREAD_MUTEX_INITIALIZER, .rank = RANK_LEAF };

static inline uint32_t
fake_random(void)
{
	fake.seed = fake.seed * 1664525u + 1013904223u;
	return fake.seed >> 8;
}

/* ---- power ---- */

static inline void
fake_lose(struct fake_file *f)
{
	bool cut = f->kept < f->n_safe; /* truncated, and not synced since */
	size_t from = f->kept, to = f->n_now;

	if (!f->entry_safe && fake_random() % 2 == 0)
		f->exists = false;
	if (cut && fake_random() % 2 == 0) {
		memcpy(f->now, f->safe, FAKE_CAP);
		f->n_now = f->n_safe;
		return;
	}
	if (to > from)
		to = from + fake_random() % (to - from + 1);
	for (size_t at = from - from % FAKE_PAGE; at < to; at += FAKE_PAGE) {
		size_t a = at < from ? from : at, b = at + FAKE_PAGE < to ? at + FAKE_PAGE : to;

		if (fake_random() % 3 == 0)
			memset(f->now + a, 0, b - a);
	}
	f->n_now = to;
}

static inline bool
fake_tick_locked(void) REQUIRES(&fake_lock)
{
	fake.ops++;
	if (fake.off || fake.cut_at == 0 || fake.ops < fake.cut_at)
		return fake.off;
	fake.off = true;
	for (unsigned i = 0; i < FAKE_FILES; i++)
		if (fake.file[i].exists && !fake.kill)
			fake_lose(&fake.file[i]);
	return true;
}

/* One more operation; true: the power is gone. */
static inline bool
fake_tick(void)
{
	bool off;

	mutex_lock(&fake_lock);
	off = fake_tick_locked();
	mutex_unlock(&fake_lock);
	return off;
}

static inline void
fake_power_on(void)
{
	fake.off = fake.peer_gone = false;
	fake.cut_at = fake.fail_at = 0;
	for (unsigned i = 0; i < FAKE_FILES && !fake.kill; i++) {
		struct fake_file *f = &fake.file[i];

		memcpy(f->safe, f->now, FAKE_CAP);
		f->n_safe = f->kept = f->n_now;
		f->entry_safe = f->exists;
	}
}

static inline enum err_code
fake_op(struct err *err, const char *what)
{
	bool off, fails;

	mutex_lock(&fake_lock);
	off = fake_tick_locked();
	fails = fake.ops == fake.fail_at;
	mutex_unlock(&fake_lock);
	if (off)
		return err_set(err, ERR_SYS, "%s: the power is off", what);
	if (fails)
		return err_set(err, fake.fail_code, "%s: fails on purpose", what);
	return ERR_OK;
}

/* ---- the medium ---- */

static inline struct fake_file *
fake_find(const char *name)
{
	for (unsigned i = 0; i < FAKE_FILES; i++)
		if (fake.file[i].exists && strcmp(fake.file[i].name, name) == 0)
			return &fake.file[i];
	return NULL;
}

static inline struct fake_file *
fake_create(const char *name)
{
	for (unsigned i = 0; i < FAKE_FILES; i++) {
		struct fake_file *f = &fake.file[i];

		if (f->exists)
			continue;
		memset(f, 0, sizeof(*f));
		(void)snprintf(f->name, sizeof(f->name), "%s", name);
		f->exists = true;
		return f;
	}
	return NULL;
}

static inline enum err_code
fake_open(struct dev *d, const char *where UNUSED, const char *volume, enum dev_mode mode,
	  struct err *err)
{
	enum err_code code = fake_op(err, "open");
	struct fake_file *f = fake_find(volume);

	if (code != ERR_OK)
		return code;
	if (fake.unmounted)
		return err_set(err, ERR_ABSENT, "Archive Device /medium is empty");
	if (f == NULL && mode == DEV_CREATE)
		f = fake_create(volume);
	if (f == NULL)
		return err_set(err, ERR_EOF, "no file %s", volume);
	d->path = str_dup(volume);
	d->fd = (int)(f - fake.file);
	return ERR_OK;
}

static inline enum err_code
fake_read(struct dev *d, void *p, size_t n, uint64_t at, size_t *got, struct err *err)
{
	enum err_code code = fake_op(err, "read");
	const struct fake_file *f = &fake.file[d->fd];

	*got = at >= f->n_now ? 0 : f->n_now - at < n ? f->n_now - (size_t)at : n;
	memcpy(p, f->now + at, *got);
	return code;
}

static inline enum err_code
fake_write(struct dev *d, const void *p, size_t n, uint64_t at, struct err *err)
{
	struct fake_file *f = &fake.file[d->fd];
	enum err_code code = fake_op(err, "write");
	uint64_t used = n;

	if (code != ERR_OK)
		return code;
	for (unsigned i = 0; i < FAKE_FILES; i++)
		used += fake.file[i].exists ? fake.file[i].n_now : 0;
	if (at + n > FAKE_CAP || (fake.room != 0 && used > fake.room))
		return err_set(err, ERR_FULL, "no room");
	memcpy(f->now + at, p, n);
	if (at + n > f->n_now)
		f->n_now = (size_t)at + n;
	return ERR_OK;
}

static inline enum err_code
fake_size(struct dev *d, uint64_t *out, struct err *err)
{
	enum err_code code = fake_op(err, "size");

	*out = fake.file[d->fd].n_now;
	return code;
}

static inline bool
fake_same(const struct dev *a, const struct dev *b)
{
	return a->fd == b->fd;
}

static inline enum err_code
fake_truncate(struct dev *d, uint64_t at, struct err *err)
{
	struct fake_file *f = &fake.file[d->fd];
	enum err_code code = fake_op(err, "truncate");

	if (code != ERR_OK)
		return code;
	if (at < f->n_now)
		f->n_now = (size_t)at;
	if (at < f->kept)
		f->kept = (size_t)at;
	return ERR_OK;
}

static inline enum err_code
fake_sync(struct dev *d, struct err *err)
{
	struct fake_file *f = &fake.file[d->fd];
	enum err_code code = fake_op(err, "sync");

	if (code != ERR_OK)
		return code;
	memcpy(f->safe, f->now, FAKE_CAP);
	f->n_safe = f->kept = f->n_now;
	f->entry_safe = true;
	return ERR_OK;
}

static inline enum err_code
fake_close(struct dev *d, struct err *err)
{
	return d->fd < 0 ? ERR_OK : fake_op(err, "close");
}

static const struct dev_ops fake_ops = { .kind = "fake",
					 .random_access = true,
					 .open = fake_open,
					 .read = fake_read,
					 .write = fake_write,
					 .size = fake_size,
					 .same = fake_same,
					 .truncate = fake_truncate,
					 .sync = fake_sync,
					 .close = fake_close };

/* ---- the director ---- */

static inline enum err_code
fake_ask(struct err *err)
{
	if (fake.peer_gone || fake_tick())
		return err_set(err, ERR_PEER, "the director is gone");
	return ERR_OK;
}

static inline struct vol_info *
fake_volume(const char *name)
{
	for (unsigned i = 0; i < fake.n_vol; i++)
		if (strcmp(fake.vol[i].name, name) == 0)
			return &fake.vol[i];
	return NULL;
}

static inline bool
fake_is_writable(const struct vol_info *v)
{
	return strcmp(v->status, "Append") == 0 || vol_info_wants_label(v);
}

/* Is name in the comma list? */
static inline bool
fake_is_listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = strstr(list, name); p != NULL; p = strstr(p + 1, name))
		if ((p == list || p[-1] == ',') && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

static inline enum err_code
fake_find_media(void *arg UNUSED, unsigned index UNUSED, const char *pool UNUSED,
		const char *media_type UNUSED, const char *unwanted, struct vol_info *out,
		struct err *err)
{
	struct vol_info *v;
	enum err_code code = fake_ask(err);

	if (code != ERR_OK)
		return code;
	for (unsigned i = 0; i < fake.n_vol; i++) {
		*out = fake.vol[i];
		if (fake_is_writable(&fake.vol[i]) && !fake_is_listed(unwanted, fake.vol[i].name))
			return ERR_OK;
	}
	if (fake.n_vol >= fake.max_vol)
		return err_set(err, ERR_EOF, "the director has no volume");
	v = &fake.vol[fake.n_vol++];
	*v = (struct vol_info){ .media_id = fake.n_vol, .max_bytes = fake.max_bytes };
	(void)snprintf(v->name, sizeof(v->name), "V%u", fake.n_vol);
	vol_info_set_status(v, "Unlabeled");
	*out = *v;
	return ERR_OK;
}

static inline enum err_code
fake_get_volume(void *arg UNUSED, const char *name, bool write, struct vol_info *out,
		struct err *err)
{
	struct vol_info *v = fake_volume(name);
	enum err_code code = fake_ask(err);

	if (code != ERR_OK)
		return code;
	if (v == NULL || (write && !fake_is_writable(v)))
		return err_set(err, ERR_CATALOG, "volume %s is %s", name,
			       v == NULL ? "unknown" : v->status);
	*out = *v;
	return ERR_OK;
}

static inline enum err_code
fake_update_volume(void *arg UNUSED, const struct vol_info *in, bool relabel, struct vol_info *out,
		   struct err *err)
{
	struct vol_info *v = fake_volume(in->name);
	enum err_code code = fake_ask(err);

	if (code != ERR_OK)
		return code;
	if (fake.refused_updates > 0) {
		fake.refused_updates--;
		return err_set(err, ERR_CATALOG, "1993 Update Media error");
	}
	if (v == NULL)
		return err_set(err, ERR_CATALOG, "volume %s is unknown", in->name);
	if (fake.after_full != NULL && strcmp(in->status, "Full") == 0)
		vol_info_set_status(fake_volume(fake.after_full), "Append");
	vol_info_set_status(v, in->status);
	v->jobs = in->jobs;
	if (relabel || in->bytes > v->bytes) {
		v->bytes = in->bytes;
		v->blocks = in->blocks;
	}
	*out = *v;
	return ERR_OK;
}

static inline void
fake_report(void *arg UNUSED, enum msg_type type, const char *text)
{
	size_t n = strlen(fake.said);

	fake.asked_operator += type == MSG_MOUNT;
	(void)snprintf(fake.said + n, sizeof(fake.said) - n, "%s\n", text);
}

static inline void
fake_status(void *arg UNUSED, int letter UNUSED, const char *why UNUSED)
{
}

static inline enum err_code
fake_alive(void *arg UNUSED, struct err *err)
{
	return fake_ask(err);
}

static const struct media_job_ops fake_job_ops = { .find_media = fake_find_media,
						   .get_volume = fake_get_volume,
						   .update_volume = fake_update_volume,
						   .report = fake_report,
						   .status = fake_status,
						   .alive = fake_alive };

/* ---- a storage daemon of two devices over that medium ---- */

struct fake_site {
	struct sd_storage storage;
	struct sd_device device[2];
	struct sd_device *list[2];
	struct sd_conf conf;
	struct media media;
};

static inline void
fake_site_begin(struct fake_site *s)
{
	static const struct conf_program none;
	static char name[2][8] = { "Dev1", "Dev2" }, type[] = "File", where[] = "/medium";

	*s = (struct fake_site){ .conf = { .n_device = 2 } };
	for (int i = 0; i < 2; i++) {
		s->device[i] = (struct sd_device){ .name = name[i],
						   .media_type = type,
						   .archive_device = where,
						   .kind = SD_DEVICE_FILE,
						   .enabled = true,
						   .label_media = true,
						   .auto_select = true,
						   .block_checksum = true,
						   .maximum_block_size = 4096 };
		s->list[i] = &s->device[i];
	}
	s->conf.gen = conf_gen_new(&none);
	s->conf.device = s->list;
	s->conf.storage = &s->storage;
	media_init(&s->media, &s->conf);
	for (size_t i = 0; i < s->media.devices->n; i++)
		s->media.devices->v[i].ops = &fake_ops;
}

static inline void
fake_site_end(struct fake_site *s)
{
	media_release(&s->media);
	conf_gen_unref(s->conf.gen);
}

#endif
