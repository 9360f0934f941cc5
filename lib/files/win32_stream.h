/*
 * lib/files/win32_stream.h - the file content inside a Windows BackupRead stream
 *
 * Purpose: takes the bytes as they come, headers split anywhere, and hands out those of stream 1.
 * Layout:  volume.md 12.3, little-endian
 * Threads: one at a time.
 */
#ifndef TERCET_FILES_WIN32_STREAM_H
#define TERCET_FILES_WIN32_STREAM_H

#include "lib/base/bytes.h"

#define WIN32_HEAD_LEN 20u

struct win32_stream {
	uint8_t head[WIN32_HEAD_LEN];
	size_t n_head;
	uint64_t skip;    /* bytes of a name or of a stream that is not wanted */
	uint64_t content; /* bytes of file content to come */
	uint64_t pending; /* content behind the name being skipped */
};

/* All-zero is the start.  Take bytes from the front of *in; returns the next piece of content
 * (borrowed), empty when *in is used up. */
struct bytes win32_stream_next(struct win32_stream *w, struct bytes *in);
/* The stream ended between two of its parts. */
bool win32_stream_is_whole(const struct win32_stream *w);

#endif
