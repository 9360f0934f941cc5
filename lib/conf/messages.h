/*
 * lib/conf/messages.h - the Messages resource, the same in director, storage and file daemon
 *
 * Spec: config.md 1.11, 3.10
 */
#ifndef TERCET_CONF_MESSAGES_H
#define TERCET_CONF_MESSAGES_H

#include "lib/base/buf.h"
#include "lib/conf/res.h"
#include "lib/conf/value.h"

struct conf_messages {
	struct conf_res res;
	char *name, *description;
	char *mail_command, *operator_command, *timestamp_format; /* of all destinations below */
	struct conf_msg_dest *dest;                               /* in the order created */
	size_t n_dest;
};

/* All types that go to destinations of this kind (and target, unless NULL); m may be NULL. */
uint32_t conf_messages_mask(const struct conf_messages *m, enum conf_msg_dest_kind kind,
			    const char *target);

const char *conf_msg_dest_word(enum conf_msg_dest_kind kind); /* "MailOnError" */
const char *conf_facility_word(int facility);                 /* "local4" */
/* "all,!skipped", appended. */
void conf_msg_types_text(uint32_t types, struct buf *out);

#endif
