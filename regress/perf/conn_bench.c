/*
 * regress/perf/conn_bench.c - how fast a conversation is: bytes and frames per second
 *
 * conn_bench [quick]: one sender and one receiver over loopback, small and large frames, in clear
 * and in TLS; prints GB/s, frames/s and the CPU seconds of sender and receiver.
 */
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"
#include "lib/net/frame.h"
#include "lib/net/listen.h"

#include <stdio.h>
#include <sys/resource.h>

#define BATCH (256u * 1024) /* bytes of ready frames handed over at once */

static const char key[] = "af2904ba21987b283d3f14cb9cfb5579";

struct bench {
	struct acceptor a;
	uint64_t frames, bytes; /* received */
	double receiver_cpu;
};

static double
thread_cpu(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_THREAD, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	       ((double)u.ru_utime.tv_usec + (double)u.ru_stime.tv_usec) / 1e6;
}

static bool
find_peer(void *arg UNUSED, enum peer_kind kind UNUSED, const char *name UNUSED,
	  struct peer_policy *out)
{
	secret_set(&out->key, bytes_str(key));
	out->cleartext_ok = true;
	return true;
}

static void
receive(void *arg, int fd)
{
	struct bench *b = (struct bench *)arg;
	OWNED(conn_freep) struct conn *c = NULL;
	struct err err = ERR_INIT;
	struct hello who;
	struct frame f;

	if (conn_accept(fd, &b->a, NULL, &who, &c, &err) != ERR_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return;
	}
	while (conn_recv(c, &f, &err) == ERR_OK && f.signal == FRAME_DATA) {
		b->frames++;
		b->bytes += f.data.n;
	}
	b->receiver_cpu = thread_cpu();
	if (conn_signal(c, FRAME_EOD, &err) != ERR_OK)
		(void)fprintf(stderr, "%s\n", err.text);
}

/* Frames in batches as the file daemon makes them. */
static enum err_code
send_all(struct conn *c, size_t frame_bytes, uint64_t total, struct err *err)
{
	size_t per = frame_bytes + FRAME_HEAD_LEN;
	size_t n = per < BATCH ? BATCH / per : 1;
	OWNED(freep) uint8_t *batch = NEW_ARRAY(uint8_t, n * per);
	enum err_code rc = ERR_OK;

	for (size_t i = 0; i < n; i++)
		frame_head_emit(frame_bytes, batch + i * per);
	for (uint64_t sent = 0; sent < total && rc == ERR_OK; sent += n * frame_bytes)
		rc = conn_send_framed(c, bytes_of(batch, n * per), err);
	if (rc == ERR_OK)
		rc = conn_signal(c, FRAME_EOD, err);
	return rc;
}

static int
run(bool tls, size_t frame_bytes, uint64_t total)
{
	struct bench b = { .a = { .own_name = "R_STORAGE::bench",
				  .find_peer = find_peer,
				  .hello_min = 15,
				  .hello_max = 500 } };
	struct listen_addr addr = { .host = "127.0.0.1" };
	struct listener *l = NULL;
	struct conn *c = NULL;
	struct err err = ERR_INIT;
	struct frame f;
	struct dial d = { .host = "127.0.0.1",
			  .security = tls ? DIAL_TLS : DIAL_CLEAR,
			  .psk_kind = PEER_JOB,
			  .psk_name = "J",
			  .key = bytes_str(key),
			  .hello = "Hello Start Job J\n",
			  .own_name = "R_CLIENT::bench",
			  .timeout_seconds = 10 };
	double cpu;
	int64_t began;
	double seconds;

	if (listen_open(&addr, 1, &l, &err) != ERR_OK ||
	    listen_serve(l, 4, receive, &b, &err) != ERR_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	d.port = listen_port(l);
	if (conn_dial(&d, &c, &err) != ERR_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		listen_free(l);
		return 1;
	}
	began = clock_mono_ms();
	cpu = thread_cpu();
	if (send_all(c, frame_bytes, total, &err) != ERR_OK || conn_recv(c, &f, &err) != ERR_OK)
		(void)fprintf(stderr, "%s\n", err.text);
	seconds = (double)(clock_mono_ms() - began) / 1e3;
	cpu = thread_cpu() - cpu;
	(void)printf("%-32s %7zu B frames: %6.2f GB/s %9.0f frames/s  CPU %.2f s + %.2f s "
		     "for %.1f s\n",
		     conn_encryption(c), frame_bytes, (double)b.bytes / 1e9 / seconds,
		     (double)b.frames / seconds, cpu, b.receiver_cpu, seconds);
	conn_free(c);
	listen_free(l);
	return 0;
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 60, 4096, 65536, 262144 };
	int bad = 0;

	(void)argv;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int tls = 0; tls < 2; tls++)
			bad |= run(tls != 0, sizes[i],
				   sizes[i] < 1000 ? 256ull << 20
						   : (argc > 1 ? 512ull : 4096ull) << 20);
	return bad;
}
