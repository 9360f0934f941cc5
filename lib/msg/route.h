/*
 * lib/msg/route.h - which destination wants which message
 *
 * Purpose: pure decisions over the destinations of a Messages resource.
 * Threads: pure functions.
 * Spec:    director.md 20.1-20.3, config.md 1.11
 */
#ifndef TERCET_MSG_ROUTE_H
#define TERCET_MSG_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/conf/value.h"
#include "lib/proto/msg_type.h"

/* Does dest want a message of this type? */
bool msg_dest_wants(const struct conf_msg_dest *dest, enum msg_type type);
/* Does a line for this kind begin with the time?  Spec: director.md 20.2 */
bool msg_dest_is_stamped(enum conf_msg_dest_kind kind);
bool msg_dest_is_mail(enum conf_msg_dest_kind kind);
/* Mail of this kind is sent when the job ended with this letter (0: no job). */
bool msg_dest_mails_at(enum conf_msg_dest_kind kind, int job_status);
/* Priority for syslog.  Spec: director.md 20.3 */
int msg_syslog_priority(enum msg_type type);

#endif
