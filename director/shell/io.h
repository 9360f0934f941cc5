/*
 * director/shell/io.h - what the shell needs of a console connection
 *
 * Purpose: the operations behind which a console stands: lib/net's conn in the director, a
 *          script of lines in unit tests.
 * Threads: the thread of the console connection.
 * Errors:  those of conn_recv and conn_send.
 */
#ifndef TERCET_DIRECTOR_SHELL_IO_H
#define TERCET_DIRECTOR_SHELL_IO_H

#include "lib/net/conn.h"

struct shell_io {
	void *arg; /* borrowed */
	enum err_code (*recv)(void *arg, struct frame *out, struct err *err);
	enum err_code (*send)(void *arg, struct bytes data, struct err *err);
	enum err_code (*signal)(void *arg, enum frame_signal s, struct err *err);
	enum err_code (*flush)(void *arg, struct err *err);
	void (*hang_up)(void *arg); /* a recv of another thread ends now and for good */
};

#endif
