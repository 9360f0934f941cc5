#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/files/meta.h"
#include "lib/files/xattr_record.h"

struct fixture {
	char name[64]; /* a file */
	int fd;
	struct meta meta;
	size_t problems;
	char last[ERR_TEXT_MAX];
};

static void
count_problem(void *user, const struct err *err)
{
	struct fixture *f = user;

	f->problems++;
	(void)snprintf(f->last, sizeof(f->last), "%s", err->text);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	/* Not in /tmp: user attributes need a file system that has them. */
	(void)snprintf(f->name, sizeof(f->name), "/var/tmp/meta-test-XXXXXX");
	f->fd = mkstemp(f->name);
	assert_true(f->fd >= 0);
	meta_init(&f->meta);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	meta_release(&f->meta);
	(void)close(f->fd);
	(void)unlink(f->name);
	free(f);
	return 0;
}

static void
a_file_without_has_empty_records(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	assert_int_equal(meta_read(&(struct meta_at){ .fd = f->fd }, S_IFREG, META_ACL | META_XATTR,
				   &f->meta, &err),
			 ERR_OK);
	assert_int_equal(f->meta.acl_access.len + f->meta.acl_default.len + f->meta.xattr.len, 0);
}

static void
attributes_are_written_and_read_by_name_and_descriptor(void **state)
{
	static const char record[] = "\x00\x5c\x58\x84\x00\x00\x00\x06user.k\x00\x00\x00\x01v"
				     "\x00\x5c\x58\x84\x00\x00\x00\x0auser.empty\x00\x00\x00";
	struct fixture *f = *state;
	struct bytes want = bytes_of(record, sizeof(record));
	struct meta_at by_fd = { .fd = f->fd };
	struct meta_at by_name = { .fd = -1 };
	struct err err = ERR_INIT;

	by_name.dir_fd = open("/var/tmp", O_PATH | O_DIRECTORY);
	by_name.name = f->name + strlen("/var/tmp/");
	assert_int_equal(meta_write_xattr(&by_name, want, count_problem, f, &err), ERR_OK);
	if (f->problems > 0 && strstr(f->last, "not supported") != NULL)
		skip();
	assert_int_equal(f->problems, 0);
	assert_int_equal(meta_read(&by_fd, S_IFREG, META_XATTR, &f->meta, &err), ERR_OK);
	assert_int_equal(f->meta.xattr.len, want.n);
	assert_int_equal(meta_read(&by_name, S_IFREG, META_XATTR, &f->meta, &err), ERR_OK);
	assert_int_equal(f->meta.xattr.len, want.n);
	assert_int_equal(meta_read(&by_name, S_IFREG, META_ACL, &f->meta, &err), ERR_OK);
	assert_int_equal(f->meta.xattr.len, 0);
	(void)close(by_name.dir_fd);
}

static void
one_bad_attribute_does_not_stop_the_others(void **state)
{
	static const char record[] = "\x00\x5c\x58\x84\x00\x00\x00\x05"
				     "bad.k\x00\x00\x00\x01v"
				     "\x00\x5c\x58\x84\x00\x00\x00\x06user.k\x00\x00\x00\x01v";
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	char v;

	assert_int_equal(meta_write_xattr(&(struct meta_at){ .fd = f->fd },
					  bytes_of(record, sizeof(record) - 1), count_problem, f,
					  &err),
			 ERR_OK);
	if (f->problems == 2)
		skip();
	assert_int_equal(f->problems, 1);
	assert_int_equal(fgetxattr(f->fd, "user.k", &v, 1), 1);
}

static void
an_acl_comes_back_as_it_was_saved(void **state)
{
	static const char text[] = "user::rw-\nuser:54321:rwx\ngroup::r--\ngroup:54322:r-x\n"
				   "mask::rwx\nother::---\n";
	struct fixture *f = *state;
	struct meta_at at = { .fd = f->fd };
	struct err err = ERR_INIT;

	if (meta_write_acl(&at, META_ACL_ACCESS, bytes_of(text, sizeof(text)), count_problem, f,
			   &err) != ERR_OK)
		skip();
	assert_int_equal(f->problems, 0);
	assert_int_equal(meta_read(&at, S_IFREG, META_ACL | META_XATTR, &f->meta, &err), ERR_OK);
	assert_true(bytes_eq(buf_bytes(&f->meta.acl_access), bytes_of(text, sizeof(text))));
	assert_int_equal(f->meta.xattr.len, 0);
}

static void
all_spellings_of_an_acl_are_understood(void **state)
{
	static const char *const same[] = {
		"user::rw-\nuser:54321:rwx\ngroup::r--\nmask::rwx\nother::---\n",
		"u::rw,u:54321:rwx,g::r,m::rwx,o::",
		" other::---#last\n mask::rwx\n\nu:54321:rwx #effective:r--\nuser::rw-\ngroup::r--",
		"user::rw-\nuser:54321:rwx\ngroup::r--\nmask:rwx\nother:---\n",
	};
	struct buf first = BUF_INIT(ACL_KERNEL_MAX), next = BUF_INIT(ACL_KERNEL_MAX);
	struct err err = ERR_INIT;

	assert_int_equal(acl_text_parse(bytes_str(same[0]), NULL, NULL, &first, &err), ERR_OK);
	assert_int_equal(first.len, 4 + 5 * 8);
	for (size_t i = 1; i < sizeof(same) / sizeof(*same); i++) {
		if (acl_text_parse(bytes_str(same[i]), NULL, NULL, &next, &err) != ERR_OK)
			fail_msg("%zu: %s", i, err.text);
		assert_true(bytes_eq(buf_bytes(&first), buf_bytes(&next)));
	}
	buf_release(&first);
	buf_release(&next);
}

static void
accounts_whose_names_would_be_read_as_others_are_numbers(void **state)
{
	static const char *const odd[] = {
		"1234", "0", "a,b", "a:b", "a#b", "a\nb", " a", "a ", ""
	};
	static const char text[] = "user::rw-\nuser:54321:rwx\ngroup::r--\nmask::rwx\nother::---\n";
	struct acl_names names = { 0 };
	struct acl_name *account = &names.users[54321 % ACL_NAMES];
	struct buf kernel = BUF_INIT(ACL_KERNEL_MAX), out = BUF_INIT(1024);
	struct err err = ERR_INIT;

	account->used = true;
	account->id = 54321;
	assert_int_equal(acl_text_parse(bytes_str(text), NULL, NULL, &kernel, &err), ERR_OK);
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		(void)snprintf(account->name, sizeof(account->name), "%s", odd[i]);
		buf_clear(&out);
		assert_int_equal(acl_text_emit(buf_bytes(&kernel), ACL_WITH_BASE, &names, &out,
					       &err),
				 ERR_OK);
		assert_string_equal(buf_str(&out), text);
	}
	(void)snprintf(account->name, sizeof(account->name), "DOMAIN\\some user$ 7");
	buf_clear(&out);
	assert_int_equal(acl_text_emit(buf_bytes(&kernel), ACL_WITH_BASE, &names, &out, &err),
			 ERR_OK);
	assert_non_null(strstr(buf_str(&out), "\nuser:DOMAIN\\some user$ 7:rwx\n"));
	buf_release(&kernel);
	buf_release(&out);
}

static void
what_is_no_acl_is_refused_and_unknown_names_are_told(void **state)
{
	static const char *const bad[] = { "user",      "user:",      "mask:x:rwx", "you::rwx",
					   "user::rwz", "user::rwxr", "other:r:x:" };
	struct fixture *f = *state;
	struct buf out = BUF_INIT(ACL_KERNEL_MAX);
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (acl_text_parse(bytes_str(bad[i]), NULL, NULL, &out, &err) != ERR_FORMAT)
			fail_msg("%s is accepted", bad[i]);
	assert_int_equal(acl_text_parse(bytes_str("user::rwx\nuser:no-such-user:r--\n"),
					count_problem, f, &out, &err),
			 ERR_OK);
	assert_int_equal(f->problems, 1);
	assert_int_equal(out.len, 4 + 8);
	assert_int_equal(acl_text_parse(bytes_str(""), NULL, NULL, &out, &err), ERR_OK);
	assert_int_equal(out.len, 0);
	buf_release(&out);
}

static void
every_shorter_attribute_record_is_refused(void **state)
{
	static const char record[] = "\x00\x5c\x58\x84\x00\x00\x00\x06user.k\x00\x00\x00\x01v";
	struct xattr_item item;
	struct err err = ERR_INIT;

	for (size_t n = 1; n < sizeof(record) - 1; n++) {
		struct rd r = rd_init(bytes_of(record, n));

		assert_int_equal(xattr_record_next(&r, &item, &err), ERR_FORMAT);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_file_without_has_empty_records),
		T(attributes_are_written_and_read_by_name_and_descriptor),
		T(one_bad_attribute_does_not_stop_the_others),
		T(an_acl_comes_back_as_it_was_saved),
		T(all_spellings_of_an_acl_are_understood),
		T(accounts_whose_names_would_be_read_as_others_are_numbers),
		T(what_is_no_acl_is_refused_and_unknown_names_are_told),
		T(every_shorter_attribute_record_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
