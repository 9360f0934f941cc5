/*
 * Accepting: who gets in, how many, and how it ends.
 *
 * labels: tsan
 */
#include "lib/net/listen.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/own.h"
#include "lib/net/addr.h"
#include "lib/net/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int handled;

/* One byte of greeting, then until the visitor goes. */
static void
greet(void *arg UNUSED, int fd)
{
	char byte;

	atomic_fetch_add(&handled, 1);
	(void)!write(fd, "!", 1);
	(void)!read(fd, &byte, 1);
	(void)close(fd);
}

static int
visit(const char *host, uint16_t port)
{
	struct addr list[ADDR_LIST_MAX];
	struct err err = ERR_INIT;
	size_t n;
	int fd;

	assert_int_equal(addr_resolve(host, port, ADDR_CONNECT, list, &n, &err), ERR_OK);
	fd = socket(list[0].sa.ss_family, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&list[0].sa, list[0].len) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool
is_greeted(int fd)
{
	char byte = 0;

	return read(fd, &byte, 1) == 1 && byte == '!';
}

static void
visitors_beyond_the_limit_are_closed(void **state UNUSED)
{
	struct listen_addr addr = { .host = "127.0.0.1" };
	struct listener *l = NULL;
	struct err err = ERR_INIT;
	int a, b, c;

	assert_int_equal(listen_open(&addr, 1, &l, &err), ERR_OK);
	assert_int_equal(listen_serve(l, 2, greet, NULL, &err), ERR_OK);
	assert_int_not_equal(listen_port(l), 0);
	a = visit("127.0.0.1", listen_port(l));
	b = visit("127.0.0.1", listen_port(l));
	assert_true(is_greeted(a));
	assert_true(is_greeted(b));
	c = visit("127.0.0.1", listen_port(l));
	assert_false(is_greeted(c));
	(void)close(c);
	(void)close(a);
	/* The place is free as soon as the handler has ended. */
	for (int i = 0; i < 100; i++) {
		c = visit("127.0.0.1", listen_port(l));
		if (is_greeted(c))
			break;
		(void)close(c);
		c = -1;
		clock_pause_ms(20);
	}
	assert_true(c >= 0);
	(void)close(b);
	(void)close(c);
	listen_free(l);
	assert_int_equal(atomic_load(&handled), 3);
}

static void
several_addresses_one_of_them_ipv6(void **state UNUSED)
{
	struct listen_addr addrs[] = { { .host = "127.0.0.1" },
				       { .host = "::1", .ipv6_only = true } };
	struct listener *l = NULL;
	struct err err = ERR_INIT;
	int fd;

	if (listen_open(addrs, 2, &l, &err) != ERR_OK) {
		(void)printf("no IPv6 here: %s\n", err.text);
		addrs[1] = addrs[0];
		assert_int_equal(listen_open(addrs, 2, &l, &err), ERR_OK);
	}
	assert_int_equal(listen_serve(l, 2, greet, NULL, &err), ERR_OK);
	fd = visit("127.0.0.1", listen_port(l));
	assert_true(is_greeted(fd));
	listen_stop(l);
	assert_int_equal(visit("127.0.0.1", listen_port(l)), -1);
	(void)close(fd);
	listen_free(l);
}

static void
an_address_that_is_taken_or_unknown_is_named(void **state UNUSED)
{
	struct listen_addr addr = { .host = "127.0.0.1" };
	struct listen_addr nowhere = { .host = "no-such-host.invalid", .port = 1 };
	struct listener *l = NULL, *second = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(listen_open(&addr, 1, &l, &err), ERR_OK);
	addr.port = listen_port(l);
	assert_int_equal(listen_open(&addr, 1, &second, &err), ERR_SYS);
	assert_non_null(strstr(err.text, "127.0.0.1:"));
	listen_free(l);
	assert_int_equal(listen_open(&nowhere, 1, &second, &err), ERR_PEER);
	assert_non_null(strstr(err.text, "no-such-host.invalid"));
}

/* A stranger on a socket whose other end is not used. */
static void
come(struct stranger *s, const char *host)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	(void)close(ends[1]);
	origin_enter(s, host, ends[0]);
}

static void
go(struct stranger *s)
{
	origin_leave(s);
	(void)close(s->fd);
}

static void
the_oldest_stranger_of_an_address_gives_way(void **state UNUSED)
{
	static struct stranger s[ORIGIN_STRANGERS_MAX + 1], other;

	come(&other, "192.0.2.2");
	for (int i = 0; i < ORIGIN_STRANGERS_MAX; i++)
		come(&s[i], "192.0.2.1");
	assert_false(s[0].shown_out);
	come(&s[ORIGIN_STRANGERS_MAX], "192.0.2.1");
	assert_true(s[0].shown_out);
	assert_false(s[1].shown_out);
	assert_false(other.shown_out);
	for (int i = 0; i <= ORIGIN_STRANGERS_MAX; i++)
		go(&s[i]);
	go(&other);
}

static void
when_all_places_are_taken_the_oldest_of_all_gives_way(void **state UNUSED)
{
	static struct stranger s[STRANGERS_MAX + 1];
	char host[32];

	for (int i = 0; i <= STRANGERS_MAX; i++) {
		(void)snprintf(host, sizeof(host), "198.51.100.%d", i / 2);
		come(&s[i], host);
	}
	assert_true(s[0].shown_out);
	assert_false(s[1].shown_out);
	assert_true(origin_show_one_out());
	assert_true(s[1].shown_out);
	for (int i = 0; i <= STRANGERS_MAX; i++)
		go(&s[i]);
	assert_false(origin_show_one_out());
}

static void
failures_cost_time(void **state UNUSED)
{
	assert_int_equal(origin_failed("192.0.2.3"), 1000);
	assert_int_equal(origin_failed("192.0.2.3"), 2000);
	assert_int_equal(origin_failed("192.0.2.4"), 1000);
	assert_int_equal(origin_failed("192.0.2.3"), 4000);
	assert_int_equal(origin_failed("192.0.2.3"), 5000);
	origin_succeeded("192.0.2.3");
	assert_int_equal(origin_failed("192.0.2.3"), 1000);
}

static void
so_many_lines_about_one_address_and_what_is_unsaid_is_counted(void **state UNUSED)
{
	unsigned unsaid = 7, said = 0;

	for (int i = 0; i < 50; i++)
		said += origin_may_log("203.0.113.1", &unsaid);
	assert_int_equal(said, 10);
	assert_int_equal(unsaid, 0);
	assert_true(origin_may_log("203.0.113.2", &unsaid));
	/* All addresses together have a bound as well. */
	for (int i = 0; i < 500; i++) {
		char host[32];

		(void)snprintf(host, sizeof(host), "198.51.%d.%d", i / 250, i % 250);
		said += origin_may_log(host, &unsaid);
	}
	assert_int_equal(said, 99);
}

/* Says nothing until it is shown out. */
static void
wait_at_the_door(void *arg UNUSED, int fd)
{
	struct stranger s = { .fd = -1 };
	char byte;

	origin_enter(&s, "", fd);
	atomic_fetch_add(&handled, 1);
	(void)!read(fd, &byte, 1);
	origin_leave(&s);
	(void)close(fd);
}

static void
in_a_full_house_a_stranger_gives_way_to_the_next(void **state UNUSED)
{
	struct listen_addr addr = { .host = "127.0.0.1" };
	struct listener *l = NULL;
	struct err err = ERR_INIT;
	int fds[20];

	atomic_store(&handled, 0);
	assert_int_equal(listen_open(&addr, 1, &l, &err), ERR_OK);
	assert_int_equal(listen_serve(l, 3, wait_at_the_door, NULL, &err), ERR_OK);
	for (int i = 0; i < 20; i++)
		fds[i] = visit("127.0.0.1", listen_port(l));
	for (int i = 0; i < 1000 && atomic_load(&handled) < 20; i++)
		clock_pause_ms(10);
	assert_int_equal(atomic_load(&handled), 20);
	for (int i = 0; i < 20; i++)
		(void)close(fds[i]);
	listen_free(l);
}

static void
addresses_are_printed_as_people_write_them(void **state UNUSED)
{
	struct addr list[ADDR_LIST_MAX];
	struct err err = ERR_INIT;
	char host[64];
	size_t n;

	assert_int_equal(addr_resolve("192.0.2.1", 9102, ADDR_CONNECT, list, &n, &err), ERR_OK);
	assert_string_equal(list[0].text, "192.0.2.1:9102");
	addr_host(&list[0], host, sizeof(host));
	assert_string_equal(host, "192.0.2.1");
	assert_int_equal(addr_resolve("[2001:db8::1]", 1, ADDR_CONNECT, list, &n, &err), ERR_OK);
	assert_string_equal(list[0].text, "[2001:db8::1]:1");
	assert_int_equal(addr_resolve("", 7, ADDR_BIND, list, &n, &err), ERR_OK);
	assert_string_equal(list[0].text, "0.0.0.0:7");
}

static size_t
lines_in(const char *path)
{
	OWNED(fclosep) FILE *f = fopen(path, "re");
	size_t n = 0;

	for (int c = f != NULL ? fgetc(f) : EOF; c != EOF; c = fgetc(f))
		n += c == '\n';
	return n;
}

static void
without_descriptors_who_comes_waits_and_the_log_does_not_overflow(void **state UNUSED)
{
	char path[] = "/tmp/listen_test-XXXXXX";
	struct listen_addr addr = { .host = "127.0.0.1" };
	struct listener *l = NULL;
	struct err err = ERR_INIT;
	struct rlimit limit, none;
	int64_t began;
	int fd;

	(void)close(mkstemp(path));
	assert_true(log_set_file(path));
	assert_int_equal(listen_open(&addr, 1, &l, &err), ERR_OK);
	fd = visit("127.0.0.1", listen_port(l));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ (rlim_t)fd + 1, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(listen_serve(l, 2, greet, NULL, &err), ERR_OK);
	/* Some ten tries of the accepting thread. */
	for (began = clock_mono_ms(); clock_mono_ms() - began < 1000;)
		clock_pause_ms(50);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(is_greeted(fd));
	assert_true(log_set_file(NULL));
	assert_int_equal(lines_in(path), 1);
	(void)unlink(path);
	(void)close(fd);
	listen_free(l);
}

/* From now on this process is on a machine without IPv6. */
static void
lose_ipv6(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(rules) / sizeof(rules[0]), rules };

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
	assert_int_equal(socket(AF_INET6, SOCK_STREAM, 0), -1);
}

/* The default configuration names any address of both families. */
static void
a_machine_without_ipv6_listens_on_what_it_has(void **state UNUSED)
{
	struct listen_addr both[] = { { .host = "" }, { .host = "::", .ipv6_only = true } };
	struct listener *l = NULL;
	struct err err = ERR_INIT;
	int fd;

	lose_ipv6();
	if (listen_open(both, 2, &l, &err) != ERR_OK)
		fail_msg("%s", err.text);
	assert_int_equal(listen_serve(l, 2, greet, NULL, &err), ERR_OK);
	fd = visit("127.0.0.1", listen_port(l));
	assert_true(is_greeted(fd));
	(void)close(fd);
	listen_free(l);
	assert_int_equal(listen_open(&both[1], 1, &l, &err), ERR_SYS);
	assert_non_null(strstr(err.text, "[::]"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visitors_beyond_the_limit_are_closed),
		cmocka_unit_test(several_addresses_one_of_them_ipv6),
		cmocka_unit_test(an_address_that_is_taken_or_unknown_is_named),
		cmocka_unit_test(the_oldest_stranger_of_an_address_gives_way),
		cmocka_unit_test(when_all_places_are_taken_the_oldest_of_all_gives_way),
		cmocka_unit_test(failures_cost_time),
		cmocka_unit_test(so_many_lines_about_one_address_and_what_is_unsaid_is_counted),
		cmocka_unit_test(in_a_full_house_a_stranger_gives_way_to_the_next),
		cmocka_unit_test(addresses_are_printed_as_people_write_them),
		cmocka_unit_test(without_descriptors_who_comes_waits_and_the_log_does_not_overflow),
		cmocka_unit_test(a_machine_without_ipv6_listens_on_what_it_has), /* the last */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
