#include "storage-daemon/conf/sd_conf_internal.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/conf/manual.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bacula's "ReadOnly = yes" is AccessMode = readonly. */
static bool
parse_read_only(struct conf_parser *p, struct conf_res *res, const struct conf_row *row, void *slot)
{
	struct sd_device *d = (struct sd_device *)res;
	struct conf_pos pos = conf_tok(p)->pos;
	bool yes = false;

	(void)slot;
	if (!conf_take_bool(p, row->name, &yes))
		return false;
	if (yes) {
		d->access_mode = SD_ACCESS_READONLY;
		conf_res_mark_set(res, "AccessMode", &pos);
	}
	return true;
}

const struct conf_custom sd_read_only = { .words = "yes or no",
					  .schema = "BOOLEAN",
					  .parse = parse_read_only };

static struct sd_conf *
wrap(struct conf_gen *gen)
{
	struct sd_conf *c = (struct sd_conf *)conf_alloc(gen, sizeof(*c));
	size_t n, n_all;
	struct sd_storage **storages = (struct sd_storage **)conf_gen_array(gen, "Storage", &n);
	struct sd_device **all = (struct sd_device **)conf_gen_array(gen, "Device", &n_all);

	c->gen = gen;
	c->storage = n > 0 ? storages[0] : NULL;
	c->director = (struct sd_director **)conf_gen_array(gen, "Director", &c->n_director);
	c->autochanger = (struct sd_autochanger **)conf_gen_array(gen, "Autochanger",
								  &c->n_autochanger);
	c->messages = (struct conf_messages **)conf_gen_array(gen, "Messages", &c->n_messages);
	c->device = (struct sd_device **)conf_alloc(gen, (n_all + 1) * sizeof(struct sd_device *));
	for (size_t i = 0; i < n_all; i++)
		if (!all[i]->hidden)
			c->device[c->n_device++] = all[i];
	if (c->storage != NULL && c->storage->messages == NULL && c->n_messages > 0)
		c->storage->messages = c->messages[0];
	return c;
}

/* The changer a device belongs to gives it what it has not.  Spec: config.md 4.5 */
static void
link_changers(struct sd_conf *c)
{
	for (size_t i = 0; i < c->n_autochanger; i++) {
		struct sd_autochanger *a = c->autochanger[i];

		for (size_t k = 0; k < a->n_device; k++) {
			struct sd_device *d = a->device[k];

			if (d == NULL)
				continue;
			d->changer = a;
			d->autochanger = true;
			if (d->changer_device == NULL)
				d->changer_device = a->changer_device;
			if (d->changer_command == NULL)
				d->changer_command = a->changer_command;
		}
	}
}

enum err_code
sd_device_kind(const struct sd_device *d, enum sd_device_type *out, struct err *err)
{
	static const struct {
		const char *word;
		enum sd_device_type type;
	} words[] = { { "file", SD_DEVICE_FILE },
		      { "tape", SD_DEVICE_TAPE },
		      { "fifo", SD_DEVICE_FIFO } };
	struct stat st;

	for (size_t i = 0; d->device_type != NULL && i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(words[i].word, d->device_type) == 0) {
			*out = words[i].type;
			return ERR_OK;
		}
	if (d->device_type != NULL && d->device_type[0] != '\0')
		return err_set(err, ERR_CONFIG,
			       "Device Type \"%s\" is not supported; accepted: file, tape, fifo",
			       d->device_type);
	/* A directory may be mounted later; a drive is a file of /dev. */
	if (stat(d->archive_device, &st) != 0 && errno == ENOENT &&
	    strncmp(d->archive_device, "/dev/", 5) != 0) {
		*out = SD_DEVICE_FILE;
		return ERR_OK;
	}
	if (stat(d->archive_device, &st) != 0)
		return err_errno(err, ERR_CONFIG,
				 "%s, so that its type is unknown; set Device Type",
				 d->archive_device);
	if (!S_ISDIR(st.st_mode) && !S_ISCHR(st.st_mode) && !S_ISFIFO(st.st_mode))
		return err_set(err, ERR_CONFIG, "%s is no directory, tape or fifo; set Device Type",
			       d->archive_device);
	*out = S_ISDIR(st.st_mode)   ? SD_DEVICE_FILE
	       : S_ISCHR(st.st_mode) ? SD_DEVICE_TAPE
				     : SD_DEVICE_FIFO;
	return ERR_OK;
}

/* Spec: config.md 4.5, 7.3 */
static void
check_device(struct conf_diag *diag, struct sd_device *d)
{
	const struct conf_res *r = &d->res;
	struct err err = ERR_INIT;

	if (!conf_res_is_good(r) || d->res.made)
		return;
	if (sd_device_kind(d, &d->kind, &err) != ERR_OK)
		conf_error(diag,
			   conf_res_pos(r, d->device_type != NULL ? "DeviceType" : "ArchiveDevice"),
			   "Device \"%s\": %s", d->name, err.text);
	if (d->device_type == NULL && d->kind == SD_DEVICE_FILE &&
	    access(d->archive_device, F_OK) != 0)
		conf_warn(diag, CONF_W_NONE, conf_res_pos(r, "ArchiveDevice"),
			  "%s is not there; taken for a directory of volumes that is not mounted "
			  "(Device Type = File says so)",
			  d->archive_device);
	if (d->auto_deflate != SD_IO_NONE && d->auto_deflate_algorithm == SD_DEFLATE_NONE)
		conf_error(diag, conf_res_pos(r, "AutoDeflate"),
			   "AutoDeflate needs AutoDeflateAlgorithm");
	if (d->drive_crypto_enabled && d->label_media)
		conf_error(diag, conf_res_pos(r, "DriveCryptoEnabled"),
			   "DriveCryptoEnabled and LabelMedia exclude each other");
	if (d->count >= 10000)
		conf_error(diag, conf_res_pos(r, "Count"), "Count is at most 9999, not %u",
			   d->count);
	if (d->maximum_concurrent_jobs == 0)
		conf_warn(diag, CONF_W_NONE, conf_res_pos(r, "MaximumConcurrentJobs"),
			  "MaximumConcurrentJobs = 0 lets any number of jobs share one volume");
	if (d->kind != SD_DEVICE_TAPE && conf_res_has(r, "MaximumBlockSize"))
		conf_warn(diag, CONF_W_NONE, conf_res_pos(r, "MaximumBlockSize"),
			  "MaximumBlockSize matters for tapes only");
	if (d->kind != SD_DEVICE_TAPE && d->maximum_concurrent_jobs > 1)
		conf_warn(diag, CONF_W_NONE, conf_res_pos(r, "MaximumConcurrentJobs"),
			  "several jobs interleaved on one volume of a disk make restores slower");
	if (d->minimum_block_size > d->maximum_block_size)
		conf_error(diag, conf_res_pos(r, "MinimumBlockSize"),
			   "MinimumBlockSize %u is larger than MaximumBlockSize %llu",
			   d->minimum_block_size, (unsigned long long)d->maximum_block_size);
}

/* Spec: config.md 2.3, 7.3 */
static void
validate(struct sd_conf *c, struct conf_diag *diag)
{
	size_t n;
	struct sd_storage **storages = (struct sd_storage **)conf_gen_array(c->gen, "Storage", &n);

	if (n == 0)
		conf_error(diag, NULL, "the storage daemon needs a Storage resource, its own");
	for (size_t i = 1; i < n; i++) {
		conf_error(diag, &storages[i]->res.pos, "a second Storage resource");
		conf_also(diag, "the first one is at %s:%u", storages[0]->res.pos.file,
			  storages[0]->res.pos.line);
	}
	if (c->n_director == 0)
		conf_error(diag, NULL, "the storage daemon needs a Director resource");
	if (c->n_device == 0)
		conf_error(diag, NULL, "the storage daemon needs a Device resource");
	if (c->n_messages == 0)
		conf_error(diag, NULL, "the storage daemon needs a Messages resource");
	if (n > 0)
		conf_check_directory(diag, &storages[0]->res, "WorkingDirectory",
				     storages[0]->working_directory);
	for (size_t i = 0; i < c->n_device; i++)
		check_device(diag, c->device[i]);
	conf_check_modes(c->gen, diag);
	conf_note_not_in_force(c->gen, diag);
}

/* Copies of a Count have the kind of their original. */
static void
spread_kinds(struct sd_conf *c)
{
	for (size_t i = 0; i < c->n_device; i++) {
		struct err err = ERR_INIT;

		if (sd_device_kind(c->device[i], &c->device[i]->kind, &err) != ERR_OK)
			c->device[i]->kind = SD_DEVICE_UNKNOWN;
	}
}

enum err_code
sd_conf_load(const char *path, struct sd_conf **out, struct conf_diag *diag, struct err *err)
{
	OWNED(conf_gen_unrefp) struct conf_gen *gen = NULL;
	enum err_code rc = conf_load(&sd_program, path, diag, &gen, err);
	struct sd_conf *c = wrap(gen);

	link_changers(c);
	if (rc == ERR_OK || conf_gen_count(gen) > 0)
		validate(c, diag);
	if (conf_diag_errors(diag) == 0) {
		sd_expand_counts(gen, diag);
		c = wrap(gen);
		link_changers(c);
		spread_kinds(c);
	}
	if (conf_verdict(diag, err) != ERR_OK)
		return err->code;
	gen = NULL; /* now c's */
	*out = c;
	return ERR_OK;
}

struct sd_conf *
sd_conf_ref(struct sd_conf *c)
{
	conf_gen_ref(c->gen);
	return c;
}

void
sd_conf_unref(struct sd_conf *c)
{
	if (c != NULL)
		conf_gen_unref(c->gen);
}

void
sd_conf_unrefp(struct sd_conf **c)
{
	sd_conf_unref(*c);
}

static enum err_code
load_generation(const char *path, struct conf_gen **out, struct conf_diag *diag, struct err *err)
{
	struct sd_conf *c = NULL;
	enum err_code rc = sd_conf_load(path, &c, diag, err);

	if (rc == ERR_OK)
		*out = c->gen;
	return rc;
}

const struct conf_kind sd_conf_kind = { .program = &sd_program, .load = load_generation };

void
sd_conf_manual(struct buf *out)
{
	conf_manual_text(&sd_program, out);
}

void
sd_conf_schema(struct buf *out)
{
	conf_schema_text(&sd_program, out);
}

struct sd_director *
sd_conf_find_director(const struct sd_conf *c, const char *name)
{
	return (struct sd_director *)conf_gen_find(c->gen, "Director", name);
}

struct sd_device *
sd_conf_find_device(const struct sd_conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_device; i++)
		if (strcmp(c->device[i]->name, name) == 0)
			return c->device[i];
	return NULL;
}

struct sd_autochanger *
sd_conf_find_autochanger(const struct sd_conf *c, const char *name)
{
	return (struct sd_autochanger *)conf_gen_find(c->gen, "Autochanger", name);
}

struct conf_messages *
sd_conf_find_messages(const struct sd_conf *c, const char *name)
{
	return (struct conf_messages *)conf_gen_find(c->gen, "Messages", name);
}
