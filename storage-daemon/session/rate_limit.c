#include "storage-daemon/session/rate_limit.h"

#include "lib/base/clock.h"

#define SPAN_MS 10000 /* what came before is forgotten */

enum err_code
rate_limit_keep(struct rate_limit *r, size_t n, uint64_t bytes_per_s, struct cancel *cancel,
		struct err *err)
{
	int64_t now_ms;
	struct wait w = { .cancel = cancel, .what = "bandwidth" };

	if (bytes_per_s == 0)
		return ERR_OK;
	now_ms = clock_mono_ms();
	if (r->since_ms == 0 || now_ms - r->since_ms > SPAN_MS)
		*r = (struct rate_limit){ .since_ms = now_ms };
	r->bytes += n;
	w.deadline_ms = r->since_ms + (int64_t)(r->bytes * 1000 / bytes_per_s);
	return w.deadline_ms > now_ms ? wait_pause(&w, err) : ERR_OK;
}
