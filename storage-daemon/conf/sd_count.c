/*
 * storage-daemon/conf/sd_count.c - "Count = n" in a Device
 *
 * Device D becomes an Autochanger D with the devices D0000 (not chosen by itself, meant for
 * restores) and D0001 to Dn; if D already belongs to a changer, the copies join that one.  The
 * original is kept aside, hidden.  Spec: config.md 7.5
 */
#include "storage-daemon/conf/sd_conf_internal.h"

#include <string.h>

static struct sd_device *
add_copy(struct conf_gen *g, const struct sd_device *from, uint32_t number)
{
	struct conf_res *res = conf_gen_add(g, from->res.type, from->res.pos);
	struct sd_device *d = (struct sd_device *)res;
	struct conf_res head = *res;

	*d = *from;
	head.state = from->res.state;
	head.row_pos = from->res.row_pos;
	memcpy(head.set, from->res.set, sizeof(head.set));
	d->res = head;
	d->name = conf_printf(g, "%s%04u", from->name, number);
	d->count = 1;
	d->res.made = true;
	d->auto_select = number != 0 && from->auto_select;
	return d;
}

static struct sd_autochanger *
changer_for(struct conf_gen *g, struct sd_device *d)
{
	const struct conf_program *program = conf_gen_program(g);
	struct sd_autochanger *a;

	if (d->changer != NULL)
		return d->changer;
	for (size_t i = 0; i < program->n_types; i++) {
		if (strcmp(program->types[i]->name, "Autochanger") != 0)
			continue;
		a = (struct sd_autochanger *)conf_gen_add(g, program->types[i], d->res.pos);
		a->res.state = d->res.state;
		a->name = d->name;
		a->changer_device = conf_strdup(g, "/dev/null");
		a->changer_command = conf_strdup(g, "");
		a->res.made = true;
		return a;
	}
	return NULL;
}

/* The changer's devices without the original, then its copies. */
static void
join_changer(struct conf_gen *g, struct sd_autochanger *a, const struct sd_device *original,
	     struct sd_device **copies, size_t n)
{
	struct sd_device **v = (struct sd_device **)conf_alloc(g, (a->n_device +
								   n) * sizeof(struct sd_device *));
	size_t k = 0;

	for (size_t i = 0; i < a->n_device; i++)
		if (a->device[i] != original)
			v[k++] = a->device[i];
	for (size_t i = 0; i < n; i++) {
		copies[i]->changer = a;
		v[k++] = copies[i];
	}
	a->device = v;
	a->n_device = k;
}

static void
expand(struct conf_gen *g, struct conf_diag *diag, struct sd_device *d)
{
	struct sd_autochanger *a = changer_for(g, d);
	struct sd_device **copies = (struct sd_device **)conf_alloc(
		g, ((size_t)d->count + 1) * sizeof(struct sd_device *));
	size_t n = 0;

	for (uint32_t i = 0; i <= d->count; i++) {
		const char *name = conf_printf(g, "%s%04u", d->name, i);

		if (conf_gen_find(g, "Device", name) != NULL)
			conf_note(diag, &d->res.pos, "Device \"%s\" exists and is left alone",
				  name);
		else
			copies[n++] = add_copy(g, d, i);
	}
	if (a != NULL)
		join_changer(g, a, d, copies, n);
	d->hidden = true;
}

void
sd_expand_counts(struct conf_gen *g, struct conf_diag *diag)
{
	size_t n;
	struct sd_device **v = (struct sd_device **)conf_gen_array(g, "Device", &n);

	for (size_t i = 0; i < n; i++)
		if (v[i]->count > 1)
			expand(g, diag, v[i]);
}
