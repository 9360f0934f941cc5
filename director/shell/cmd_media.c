/* label, relabel, mount, unmount, release.  Spec: console.md 9.1, 9.2; wire.md 6.7 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "director/job/job.h"
#include "director/link/sd_link.h"
#include "director/shell/command.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/catalog/cat_media.h"
#include "lib/catalog/cat_purge.h"
#include "lib/catalog/cat_storage.h"

#define LINK_SECONDS 30

static const char *const storage_keys[] = { "storage", "sd", NULL };

/* ---- the storage ---- */

/* The running job that jobid=, job= or ujobid= names; NULL of those words: *given is false. */
static enum err_code
running_job(struct shell *sh, bool *given, struct job_info *out, struct err *err)
{
	static const char *const names[] = { "job", "ujobid", NULL };
	const char *jobid = args_value(&sh->args, "jobid"), *name = args_value_of(&sh->args, names);
	OWNED(freep) struct job_info *jobs = NULL;
	uint64_t id = 0;

	*given = jobid != NULL || name != NULL;
	if (!*given)
		return ERR_OK;
	if (jobid != NULL && (!shell_number(jobid, &id) || id == 0))
		return err_set(err, ERR_CONFIG, "jobid=%s: expected a JobId", jobid);
	for (size_t i = job_table_list(director_jobs(sh->d), &jobs); i-- > 0;) {
		*out = jobs[i];
		if (acl_allows(sh, ACL_JOB, out->name) &&
		    (jobid != NULL
			     ? out->job_id == id
			     : strcmp(out->unique, name) == 0 || strcmp(out->name, name) == 0))
			return ERR_OK;
	}
	return err_set(err, ERR_CONFIG, "%s %s is not running.", jobid != NULL ? "JobId" : "Job",
		       jobid != NULL ? jobid : name);
}

/* storage=, a bare name behind the command, or the storage of a running job. */
static enum err_code
pick_storage(struct shell *sh, struct dir_storage **out, struct err *err)
{
	static const char *const words[] = { "storage", "barcodes",  "barcode", "encrypt",
					     "yes",     "alldrives", NULL },
				 *const keys[] = { "storage", "sd",    "jobid",     "job",
						   "ujobid",  "drive", "slot",      "slots",
						   "volume",  "pool",  "oldvolume", "catalog",
						   NULL };
	const char *bare = args_unknown_bare(&sh->args, 1, words);
	struct named *r = NULL;
	struct job_info info;
	bool of_job;

	for (size_t i = 1; i < sh->args.n; i++)
		if (sh->args.v[i].value != NULL && !args_is_among(sh->args.v[i].key, keys))
			return err_set(err, ERR_CONFIG, "Invalid keyword: %s", sh->args.v[i].key);
	if (running_job(sh, &of_job, &info, err) != ERR_OK)
		return err->code;
	if (args_value_of(&sh->args, storage_keys) != NULL)
		bare = NULL;
	if (of_job || bare != NULL) {
		if (res_resolve(sh, RES_STORAGE, of_job ? info.storage : bare, &r, err) != ERR_OK)
			return err->code;
	} else if (res_pick(sh, RES_STORAGE, storage_keys, &r, err) != ERR_OK) {
		return err->code;
	}
	*out = (struct dir_storage *)(void *)r;
	if ((*out)->device.n == 0)
		return err_set(err, ERR_CONFIG, "Storage \"%s\" has no Device", r->name);
	return ERR_OK;
}

static enum err_code
open_storage(struct shell *sh, struct dir_storage *s, struct sd_link **out, struct err *err)
{
	struct sd_link_options o = { .timeout_seconds = LINK_SECONDS, .cancel = sh->stop };

	out_text(sh->out, "Connecting to Storage daemon %s at %s:%u ...\n", s->name, s->address,
		 s->port);
	out_flush(sh->out);
	return sd_link_open(sh->d, sh->conf, s, &o, out, err);
}

static enum err_code
number_word(struct shell *sh, const char *key, int fallback, int *out, struct err *err)
{
	const char *v = args_value(&sh->args, key);
	uint64_t n;

	*out = fallback;
	if (v == NULL)
		return ERR_OK;
	if (!shell_number(v, &n) || n > 100000)
		return err_set(err, ERR_CONFIG, "%s=%s: expected a number", key, v);
	*out = (int)n;
	return ERR_OK;
}

/* ---- mount, unmount, release ---- */

static enum err_code
mount_verb(struct shell *sh, enum sd_mount_verb verb, struct err *err)
{
	OWNED(sd_link_freep) struct sd_link *link = NULL;
	struct dir_storage *s = NULL;
	int drive, slot;

	if (pick_storage(sh, &s, err) != ERR_OK ||
	    number_word(sh, "drive", 0, &drive, err) != ERR_OK ||
	    number_word(sh, "slot", 0, &slot, err) != ERR_OK ||
	    open_storage(sh, s, &link, err) != ERR_OK)
		return err->code;
	return sd_link_mount(link, verb, s->device.v[0], drive, slot, shell_relay, sh, err);
}

enum err_code
cmd_mount(struct shell *sh, struct err *err)
{
	return mount_verb(sh, SD_MOUNT, err);
}

enum err_code
cmd_unmount(struct shell *sh, struct err *err)
{
	return mount_verb(sh, SD_UNMOUNT, err);
}

enum err_code
cmd_release(struct shell *sh, struct err *err)
{
	return mount_verb(sh, SD_RELEASE, err);
}

/* ---- label ---- */

/* Letters, digits, ":.-_/", not beginning with "/", shorter than a name.  Spec: console.md 3.1 */
static enum err_code
judge_volume_name(const char *name, struct err *err)
{
	if (name[0] == '\0' || strlen(name) >= CAT_NAME_MAX)
		return err_set(err, ERR_CONFIG, "A volume name has 1 to %d characters",
			       CAT_NAME_MAX - 1);
	for (const char *p = name; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if ((isalnum(c) || strchr(":.-_/", *p) != NULL) && (p != name || *p != '/'))
			continue;
		return err_set(err, ERR_CONFIG,
			       isprint(c) ? "Illegal character \"%c\" in a volume name."
					  : "Illegal character \"\\x%02x\" in a volume name.",
			       c);
	}
	return ERR_OK;
}

/* A name that is good and free; a word of the command is not asked again. */
static enum err_code
new_volume_name(struct shell *sh, struct catalog *c, char out[static CAT_NAME_MAX], struct err *err)
{
	const char *given = args_value(&sh->args, "volume");

	for (;;) {
		OWNED(freep) char *asked = NULL;
		struct cat_media m;
		bool found = false;

		if (given == NULL && ask_text(sh, &asked, err, "Enter new Volume name: ") != ERR_OK)
			return err->code;
		const char *name = given != NULL ? given : asked;
		struct err e = ERR_INIT;
		if (judge_volume_name(name, &e) == ERR_OK) {
			if (cat_media_get(c, name, &m, &found, err) != ERR_OK)
				return err->code;
			if (!found) {
				(void)snprintf(out, CAT_NAME_MAX, "%s", name);
				return ERR_OK;
			}
			(void)err_set(&e, ERR_CONFIG,
				      "Media record for new Volume \"%s\" already exists.", name);
		}
		if (given != NULL || sh->batch) {
			*err = e;
			return err->code;
		}
		out_info(sh->out, "%s\n", e.text);
	}
}

static enum err_code
pick_pool(struct shell *sh, struct catalog *c, struct cat_pool *out, struct err *err)
{
	static const char *const keys[] = { "pool", NULL };
	struct named *r = NULL;
	bool found = false;

	if (res_pick(sh, RES_POOL, keys, &r, err) != ERR_OK ||
	    cat_pool_get(c, r->name, out, &found, err) != ERR_OK)
		return err->code;
	if (!found)
		return err_set(err, ERR_CONFIG,
			       "Pool \"%s\" is not in the catalog: create pool=%s makes its record",
			       r->name, r->name);
	return ERR_OK;
}

static void
mount_after(struct shell *sh, struct dir_storage *s, struct sd_link *link, const struct sd_label *l)
{
	struct err e = ERR_INIT;

	if (sh->no_automount) {
		out_info(sh->out, "Do not forget to mount the drive!!!\n");
		return;
	}
	out_text(sh->out, "Requesting to mount %s ...\n", s->device.v[0]);
	if (sd_link_mount(link, SD_MOUNT, l->device, l->drive, l->slot, shell_relay, sh, &e) !=
	    ERR_OK)
		out_warning(sh->out, "%s\n", e.text);
}

/* Tell the storage daemon, then write the record: a volume without record is found by a second
 * label, a record without volume would be promised to jobs. */
static enum err_code
label_and_record(struct shell *sh, struct catalog *c, struct dir_storage *s, struct sd_link *link,
		 struct sd_label *what, const struct cat_pool *pool, struct err *err)
{
	struct sd_label_result result = { 0 };
	struct cat_media m = { 0 };
	struct err e = ERR_INIT;
	bool exists = false;

	if (what->old_volume == NULL)
		out_text(sh->out, "Sending label command for Volume \"%s\" Slot %d ...\n",
			 what->volume, what->slot);
	else
		out_text(sh->out, "Sending relabel command from \"%s\" to \"%s\" ...\n",
			 what->old_volume, what->volume);
	out_flush(sh->out);
	if (sd_link_label(link, what, shell_relay, sh, &result, &e) != ERR_OK) {
		out_error(sh->out, "Label command failed for Volume %s.\n", what->volume);
		out_info(sh->out, "Do not forget to mount the drive!!!\n");
		/* What the storage daemon said is printed already. */
		return err_set(err, ERR_CONFIG, "%s", e.code == ERR_PROTO ? "" : e.text);
	}
	cat_media_from_pool(pool, what->volume, what->media_type, "Append", &m);
	m.vol_bytes = result.vol_bytes;
	m.vol_files = result.vol_files;
	m.slot = what->slot;
	m.in_changer = what->slot > 0;
	m.label_date = clock_now();
	if (cat_storage_ensure(c, s->name, s->auto_changer, &m.storage_id, err) != ERR_OK ||
	    cat_media_create(c, &m, &exists, err) != ERR_OK)
		return err->code;
	if (exists)
		return err_set(err, ERR_CONFIG,
			       "Media record for new Volume \"%s\" already exists.", what->volume);
	out_text(sh->out, "Catalog record for Volume \"%s\", Slot %d successfully created.\n",
		 what->volume, what->slot);
	out_open_object(sh->out, what->old_volume == NULL ? "label" : "relabel");
	out_string(sh->out, "volume", what->volume);
	out_string(sh->out, "pool", pool->name);
	out_string(sh->out, "storage", s->name);
	out_number(sh->out, "slot", what->slot);
	out_number(sh->out, "volbytes", (int64_t)result.vol_bytes);
	out_close(sh->out);
	return ERR_OK;
}

static void
label_of_storage(const struct dir_storage *s, const struct cat_pool *pool, const char *volume,
		 struct sd_label *out)
{
	*out = (struct sd_label){ .device = s->device.v[0],
				  .volume = volume,
				  .pool = pool->name,
				  .media_type = s->media_type,
				  .min_block_size = pool->min_block_size,
				  .max_block_size = pool->max_block_size };
}

/* Before the medium is written; cat_media_create judges again. */
static enum err_code
judge_room(const struct cat_pool *pool, struct err *err)
{
	if (pool->max_vols == 0 || pool->num_vols < pool->max_vols)
		return ERR_OK;
	return err_set(err, ERR_CONFIG,
		       "Pool \"%s\" has its Maximum Volumes (%u): raise them and reload, or delete "
		       "a volume.",
		       pool->name, pool->max_vols);
}

enum err_code
cmd_label(struct shell *sh, struct err *err)
{
	OWNED(sd_link_freep) struct sd_link *link = NULL;
	struct dir_storage *s = NULL;
	char name[CAT_NAME_MAX];
	struct cat_pool pool = { 0 };
	struct sd_label what;
	struct catalog *c;
	int slot, drive;

	if (args_has(&sh->args, "barcodes") || args_has(&sh->args, "barcode"))
		return err_set(err, ERR_CONFIG,
			       "label barcodes: autochangers are not available in this version "
			       "yet");
	if (args_has(&sh->args, "encrypt"))
		return err_set(err, ERR_CONFIG,
			       "label encrypt: is not available in this version yet");
	if (shell_catalog(sh, &c, err) != ERR_OK || pick_storage(sh, &s, err) != ERR_OK ||
	    new_volume_name(sh, c, name, err) != ERR_OK ||
	    number_word(sh, "slot", 0, &slot, err) != ERR_OK ||
	    number_word(sh, "drive", 0, &drive, err) != ERR_OK ||
	    pick_pool(sh, c, &pool, err) != ERR_OK || judge_room(&pool, err) != ERR_OK ||
	    open_storage(sh, s, &link, err) != ERR_OK)
		return err->code;
	label_of_storage(s, &pool, name, &what);
	what.slot = slot;
	what.drive = drive;
	if (label_and_record(sh, c, s, link, &what, &pool, err) != ERR_OK)
		return err->code;
	mount_after(sh, s, link, &what);
	return ERR_OK;
}

enum err_code
cmd_relabel(struct shell *sh, struct err *err)
{
	OWNED(sd_link_freep) struct sd_link *link = NULL;
	const char *old = args_value(&sh->args, "oldvolume");
	struct dir_storage *s = NULL;
	char name[CAT_NAME_MAX];
	struct cat_pool pool = { 0 };
	struct cat_media m;
	struct sd_label what;
	struct catalog *c;
	size_t n_jobs = 0;

	if (old == NULL)
		return err_set(err, ERR_CONFIG, "relabel needs oldvolume=, volume= and pool=");
	if (shell_catalog(sh, &c, err) != ERR_OK || pick_storage(sh, &s, err) != ERR_OK ||
	    shell_find_volume(sh, old, &m, NULL, err) != ERR_OK)
		return err->code;
	if (strcmp(m.status, "Purged") != 0 && strcmp(m.status, "Recycle") != 0)
		return err_set(err, ERR_CONFIG,
			       "Volume \"%s\" has VolStatus %s. It must be Purged or Recycled "
			       "before relabeling.",
			       m.name, m.status);
	if (new_volume_name(sh, c, name, err) != ERR_OK || pick_pool(sh, c, &pool, err) != ERR_OK ||
	    open_storage(sh, s, &link, err) != ERR_OK)
		return err->code;
	label_of_storage(s, &pool, name, &what);
	what.old_volume = m.name;
	what.slot = m.slot;
	if (label_and_record(sh, c, s, link, &what, &pool, err) != ERR_OK ||
	    cat_purge_delete_volume(c, m.media_id, &n_jobs, err) != ERR_OK)
		return err->code;
	if (n_jobs > 0)
		out_text(sh->out, "%zu Job%s removed from the catalog.\n", n_jobs,
			 n_jobs == 1 ? "" : "s");
	out_text(sh->out, "Old volume \"%s\" deleted from catalog.\n", m.name);
	mount_after(sh, s, link, &what);
	return ERR_OK;
}
