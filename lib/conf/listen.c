/*
 * lib/conf/listen.c - Port, Address, Addresses: where a daemon listens
 *
 * Spec: config.md 1.8
 */
#include "lib/conf/parse_internal.h"

#include "lib/base/units.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

static bool
parse_port(const char *text, uint16_t *out)
{
	struct err err = ERR_INIT;
	const struct servent *service;
	uint64_t v;

	if (units_u64(text, 1, 65535, &v, &err) == ERR_OK) {
		*out = (uint16_t)v;
		return true;
	}
	service = getservbyname(text, "tcp");
	if (service == NULL)
		return false;
	*out = (uint16_t)(((unsigned)service->s_port & 0xff) << 8 |
			  ((unsigned)service->s_port >> 8 & 0xff));
	return true;
}

/* "addr = host" and "port = n", each once, in any order. */
static bool
parse_items(struct conf_parser *p, struct conf_addr *a)
{
	bool have_addr = false, have_port = false;

	for (conf_skip_lines(p); conf_tok(p)->kind != TOK_RBRACE; conf_skip_lines(p)) {
		const struct conf_token *key = conf_tok(p), *value;
		bool is_addr = key->kind == TOK_IDENT && conf_same_word(key->text, "addr");
		bool is_port = key->kind == TOK_IDENT && conf_same_word(key->text, "port");

		if (!is_addr && !is_port) {
			conf_error(p->diag, &key->pos, "\"addr\" or \"port\" expected here");
			return false;
		}
		if ((is_addr && have_addr) || (is_port && have_port)) {
			conf_error(p->diag, &key->pos, "a second \"%s\" in one address", key->text);
			return false;
		}
		conf_next(p);
		if (!conf_take_equal(p, key->text))
			return false;
		value = conf_take_value(p, key->text, is_addr ? "a host" : "a port");
		if (value == NULL)
			return false;
		if (is_port && !parse_port(value->text, &a->port)) {
			conf_error(p->diag, &value->pos,
				   "\"%s\" is no port from 1 to 65535 and no known service",
				   value->text);
			return false;
		}
		if (is_addr && strlen(value->text) >= sizeof(a->host)) {
			conf_error(p->diag, &value->pos, "a host has at most %zu bytes",
				   sizeof(a->host) - 1);
			return false;
		}
		if (is_addr)
			snprintf(a->host, sizeof(a->host), "%s", value->text);
		have_addr = have_addr || is_addr;
		have_port = have_port || is_port;
	}
	conf_next(p);
	return true;
}

static void
add_address(struct conf_gen *g, struct conf_addrs *l, const struct conf_addr *a)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].host, a->host) == 0 && l->v[i].port == a->port)
			return;
	l->v = (struct conf_addr *)conf_grow(g, l->v, l->n, sizeof(*l->v));
	l->v[l->n++] = *a;
}

bool
conf_parse_addresses(struct conf_parser *p, const struct conf_row *row, uint16_t port,
		     struct conf_addrs *out)
{
	static const char *const families[] = { "ip", "ipv4", "ipv6" };

	conf_skip_lines(p);
	if (conf_tok(p)->kind != TOK_LBRACE) {
		conf_error(p->diag, &conf_tok(p)->pos, "\"{\" expected behind %s =", row->name);
		return false;
	}
	conf_next(p);
	for (conf_skip_lines(p); conf_tok(p)->kind != TOK_RBRACE; conf_skip_lines(p)) {
		const struct conf_token *word = conf_tok(p);
		struct conf_addr a = { .port = port };
		size_t family = 0;

		while (family < 3 && !conf_same_word(word->text, families[family]))
			family++;
		if (family == 3) {
			conf_error(p->diag, &word->pos,
				   "\"ip\", \"ipv4\" or \"ipv6\" expected here");
			return false;
		}
		conf_next(p);
		if (!conf_take_equal(p, families[family]))
			return false;
		conf_skip_lines(p);
		if (conf_tok(p)->kind != TOK_LBRACE) {
			conf_error(p->diag, &conf_tok(p)->pos,
				   "\"{\" expected behind %s =", word->text);
			return false;
		}
		conf_next(p);
		if (!parse_items(p, &a))
			return false;
		if (family == 2 && a.host[0] == '\0')
			snprintf(a.host, sizeof(a.host), "::");
		a.ipv6_only = family == 2 || strchr(a.host, ':') != NULL;
		add_address(p->gen, out, &a);
	}
	conf_next(p);
	return true;
}

void
conf_finish_listen(struct conf_parser *p, struct conf_res *res)
{
	struct conf_res_state *st = res->state;
	uint16_t port = st->listen_port != 0 ? (uint16_t)st->listen_port : res->type->port;
	const struct conf_row *row;
	size_t base;

	for (size_t i = 0; (row = conf_type_row(res->type, i, &base)) != NULL; i++) {
		struct conf_addrs *l;
		struct conf_addr a = { .port = port };

		if (row->type != CONF_LISTEN)
			continue;
		l = (struct conf_addrs *)conf_row_slot(res, i);
		if (st->listen_block.file != NULL && st->listen_single.file != NULL) {
			conf_error(p->diag, &st->listen_block,
				   "Addresses and Port or Address in one resource");
			conf_also(p->diag,
				  "the other one is at %s:%u; put the port inside Addresses",
				  st->listen_single.file, st->listen_single.line);
			conf_mark_bad(res);
			return;
		}
		if (l->n > 0)
			return;
		if (st->listen_address != NULL) {
			snprintf(a.host, sizeof(a.host), "%s", st->listen_address);
			a.ipv6_only = strchr(a.host, ':') != NULL;
			add_address(p->gen, l, &a);
			return;
		}
		add_address(p->gen, l, &a);
		snprintf(a.host, sizeof(a.host), "::");
		a.ipv6_only = true;
		add_address(p->gen, l, &a);
	}
}
