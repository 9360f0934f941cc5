/*
 * regress/fuzz/lib/peer.h - the other end of a conversation, played from bytes
 *
 * Purpose: a fuzz target gives its input here and gets a struct conn whose peer says exactly that
 *          and then hangs up; what the program answers is read and dropped.
 * Layout:  an input is cut into sections at bytes FD; each is one conversation.  In a section
 *          a text up to and with its line feed is a frame;
 *          FF b                  is signal -(b mod 32) - 1;
 *          FE lo hi byte...      is a frame of lo + 256 * hi bytes, line feeds or not;
 *          FC at its beginning   the rest goes out as it is, unframed.
 *          So seeds can be read and edited, and a mutation hits one frame.
 * Threads: a process-wide thread reads what the programs under test say.
 */
#ifndef TERCET_FUZZ_LIB_PEER_H
#define TERCET_FUZZ_LIB_PEER_H

#include "lib/net/conn.h"

#define PEER_SECTION 0xfd

/* The i-th section of an input; empty when there are fewer. */
struct bytes peer_section(struct bytes input, unsigned i);
/* The same, and all behind it: for sections that may hold any byte. */
struct bytes peer_rest(struct bytes input, unsigned i);
/* A conversation in which the peer says section; never fails. */
struct conn *peer_say(struct bytes section);
/* Our end of a socket on which the peer sends raw as it is; the caller's to close. */
int peer_socket(struct bytes raw);

#endif
