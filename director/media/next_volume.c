#include "director/media/next_volume.h"

#include "director/conf/dir_conf.h"

#include <inttypes.h>

#define NAME_TRIES 99

static struct cat_media_want
want_of(const struct volume_search *s, bool in_changer)
{
	return (struct cat_media_want){ .pool_id = s->pool_row.pool_id,
					.media_type = s->media_type,
					.index = s->index,
					.unwanted = s->unwanted,
					.storage_id = s->storage_id,
					.in_changer = in_changer };
}

/* Attempts 1 to 4. */
static enum err_code
find_usable(const struct volume_search *s, bool in_changer, struct cat_media *out, bool *found,
	    struct buf *notes, struct err *err)
{
	struct cat_media_want want = want_of(s, in_changer);
	bool recycled = false;

	if (cat_media_find_next(s->catalog, &want, out, found, &recycled, notes, err) != ERR_OK)
		return err->code;
	if (*found && recycled)
		buf_text(notes, "Recycled volume \"%s\"\n", out->name);
	return ERR_OK;
}

/* Attempt 6. */
static enum err_code
take_scratch(const struct volume_search *s, struct cat_media *out, bool *found, struct buf *notes,
	     struct err *err)
{
	if (s->scratch_pool_id == 0 || s->scratch_pool_id == s->pool_row.pool_id)
		return ERR_OK;
	if (s->pool_row.max_vols > 0 && s->pool_row.num_vols >= s->pool_row.max_vols) {
		buf_text(notes, "Unable add Scratch Volume, Pool \"%s\" full MaxVols=%u\n",
			 s->pool_row.name, s->pool_row.max_vols);
		return ERR_OK;
	}
	if (cat_media_from_scratch(s->catalog, s->scratch_pool_id, &s->pool_row, s->media_type, out,
				   found, err) != ERR_OK)
		return err->code;
	if (*found)
		buf_text(notes, "Using Volume \"%s\" from 'Scratch' pool.\n", out->name);
	return ERR_OK;
}

/* One try to make the row; *taken: the name is. */
static enum err_code
create_row(const struct volume_search *s, const char *name, struct cat_media *out, bool *taken,
	   struct buf *notes, struct err *err)
{
	struct cat_media m;

	cat_media_from_pool(&s->pool_row, name, s->media_type, "Unlabeled", &m);
	if (cat_media_create(s->catalog, &m, taken, err) != ERR_OK)
		return err->code;
	if (*taken) {
		buf_text(notes,
			 "Wanted to create Volume \"%s\", but it already exists. Trying again.\n",
			 name);
		return ERR_OK;
	}
	buf_text(notes, "Created new Volume \"%s\" in catalog.\n", name);
	*out = m;
	return ERR_OK;
}

/* Attempt 7. */
static enum err_code
create_volume(const struct volume_search *s, struct cat_media *out, bool *found, struct buf *notes,
	      struct err *err)
{
	struct label_format format;
	struct volume_name_facts facts = s->names;
	char name[VOLUME_NAME_SIZE];
	uint64_t number = 0;
	bool taken = true;

	if (label_format_parse(s->pool->label_format, &format, err) != ERR_OK)
		return err->code;
	if (format.form == LABEL_NONE ||
	    (s->pool_row.max_vols > 0 && s->pool_row.num_vols >= s->pool_row.max_vols))
		return ERR_OK;
	if (format.form == LABEL_NUMBERED &&
	    cat_media_highest(s->catalog, format.prefix, &number, err) != ERR_OK)
		return err->code;
	facts.num_vols = s->pool_row.num_vols;
	for (int i = 0; i < NAME_TRIES && taken; i++, facts.num_vols++) {
		enum err_code code = format.form == LABEL_NUMBERED
					     ? volume_name_number(&format, ++number, name, err)
					     : volume_name_expand(s->pool->label_format, &facts,
								  name, err);

		if (code == ERR_OK)
			code = create_row(s, name, out, &taken, notes, err);
		if (code == ERR_LIMIT) /* another job took the last place in the pool */
			return ERR_OK;
		if (code != ERR_OK)
			return code;
	}
	if (taken)
		buf_text(notes, "Too many failures. Giving up creating Volume name.\n");
	*found = !taken;
	return ERR_OK;
}

enum err_code
next_volume_find(struct volume_search *s, struct cat_media *out, bool *found, struct buf *notes,
		 struct buf *why, struct err *err)
{
	struct cat_media_want want = want_of(s, false);

	*found = false;
	if (s->autochanger && find_usable(s, true, out, found, notes, err) != ERR_OK)
		return err->code;
	if (!*found && find_usable(s, false, out, found, notes, err) != ERR_OK)
		return err->code;
	if (!*found && take_scratch(s, out, found, notes, err) != ERR_OK)
		return err->code;
	if (!*found && create_volume(s, out, found, notes, err) != ERR_OK)
		return err->code;
	if (*found)
		return ERR_OK;
	if (s->pool_row.max_vols > 0 && s->pool_row.num_vols >= s->pool_row.max_vols)
		buf_text(why, "Pool \"%s\" has its Maximum Volumes (%u): no new one is made\n",
			 s->pool_row.name, s->pool_row.max_vols);
	else if (s->pool->label_format == NULL)
		buf_text(why, "Pool \"%s\" has no Label Format: no new volume is made\n",
			 s->pool_row.name);
	return cat_media_why_not(s->catalog, &want, why, err);
}

/* ---- a volume that is in the drive ---- */

enum verdict { USABLE, EXPIRED, PURGED, NO };

static enum verdict
verdict_of(const struct cat_media *m)
{
	static const struct {
		const char *status;
		enum verdict verdict;
	} rows[] = {
		{ "Append", USABLE },
		{ "Unlabeled", USABLE },
		{ "Recycle", USABLE },
		{ "Purged", PURGED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(m->status, rows[i].status) == 0)
			return rows[i].verdict;
	return NO;
}

static enum err_code
recycle_it(const struct volume_search *s, struct cat_media *m, const char **reason,
	   struct buf *notes, struct err *err)
{
	bool done = false;

	if (!m->recycle) {
		*reason = "volume has recycling disabled";
		return ERR_OK;
	}
	if (cat_media_recycle(s->catalog, m->media_id, m, &done, err) != ERR_OK)
		return err->code;
	if (!done)
		*reason = "and recycling of current volume failed";
	else
		buf_text(notes, "Recycled current volume \"%s\"\n", m->name);
	return ERR_OK;
}

enum err_code
next_volume_judge(const struct volume_search *s, struct cat_media *m, const char **reason,
		  struct buf *notes, struct err *err)
{
	bool expired = false;

	*reason = NULL;
	if (m->pool_id != s->pool_row.pool_id)
		*reason = "not in Pool";
	else if (strcmp(m->media_type, s->media_type) != 0)
		*reason = "not correct MediaType";
	else if (m->enabled != 1)
		*reason = "is not Enabled";
	if (*reason != NULL)
		return ERR_OK;
	if (strcmp(m->status, "Append") == 0 &&
	    cat_media_apply_limits(s->catalog, m, &expired, notes, err) != ERR_OK)
		return err->code;
	switch (expired ? EXPIRED : verdict_of(m)) {
	case USABLE:
		return ERR_OK;
	case PURGED:
		return recycle_it(s, m, reason, notes, err);
	case EXPIRED:
		*reason = "volume has expired";
		return ERR_OK;
	case NO:
		break;
	}
	*reason = m->recycle ? "but should be Append, Purged or Recycle"
			     : "volume has recycling disabled";
	return ERR_OK;
}
