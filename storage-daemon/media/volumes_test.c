#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "storage-daemon/device/device.h"
#include "storage-daemon/media/volumes.h"

static struct device one, two;

static void
a_volume_is_written_in_one_device_only(void **state)
{
	struct volumes *v = volumes_new();

	assert_true(volumes_claim_write(v, "A", &one));
	assert_true(volumes_claim_write(v, "A", &one));
	assert_false(volumes_claim_write(v, "A", &two));
	assert_ptr_equal(volumes_writer(v, "A"), &one);
	volumes_drop_write(v, "A");
	assert_null(volumes_writer(v, "A"));
	assert_true(volumes_claim_write(v, "A", &two));
	volumes_drop_write(v, "A");
	volumes_free(v);
}

static void
a_volume_that_is_read_is_not_emptied(void **state)
{
	struct volumes *v = volumes_new();

	assert_true(volumes_add_reader(v, "A"));
	assert_true(volumes_claim_write(v, "A", &one));
	assert_false(volumes_begin_rewrite(v, "A", &one));
	volumes_drop_reader(v, "A");
	assert_true(volumes_begin_rewrite(v, "A", &one));
	assert_false(volumes_add_reader(v, "A"));
	volumes_rewrite_done(v, "A");
	assert_true(volumes_add_reader(v, "A"));
	volumes_drop_reader(v, "A");
	volumes_drop_write(v, "A");
	volumes_free(v);
}

static void
who_labels_a_volume_has_it_alone(void **state)
{
	struct volumes *v = volumes_new();

	assert_true(volumes_claim_write(v, "A", &one));
	assert_false(volumes_begin_rewrite(v, "A", NULL));
	assert_false(volumes_begin_rewrite(v, "A", &two));
	volumes_drop_write(v, "A");
	assert_true(volumes_begin_rewrite(v, "A", NULL));
	assert_false(volumes_claim_write(v, "A", &one));
	volumes_rewrite_done(v, "A");
	assert_null(volumes_writer(v, "A"));
	assert_true(volumes_claim_write(v, "A", &one));
	volumes_free(v);
}

static void
only_a_new_label_or_a_catalog_that_knows_forgives(void **state)
{
	struct volumes *v = volumes_new();

	volumes_condemn(v, "A");
	assert_true(volumes_begin_rewrite(v, "A", NULL));
	volumes_rewrite_done(v, "A"); /* no label was written */
	assert_true(volumes_is_condemned(v, "A"));
	volumes_forgive(v, "A");
	assert_false(volumes_is_condemned(v, "A"));
	volumes_free(v);
}

static void
the_list_is_sorted_and_forgets_what_is_unused(void **state)
{
	struct volumes *v = volumes_new();
	struct volume_use use[4];

	assert_true(volumes_add_reader(v, "B"));
	assert_true(volumes_claim_write(v, "A", &one));
	assert_true(volumes_add_reader(v, "C"));
	volumes_drop_reader(v, "C");
	assert_int_equal(volumes_list(v, use, 4), 2);
	assert_string_equal(use[0].name, "A");
	assert_string_equal(use[1].name, "B");
	assert_int_equal(use[1].readers, 1);
	volumes_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_volume_is_written_in_one_device_only),
		cmocka_unit_test(a_volume_that_is_read_is_not_emptied),
		cmocka_unit_test(who_labels_a_volume_has_it_alone),
		cmocka_unit_test(only_a_new_label_or_a_catalog_that_knows_forgives),
		cmocka_unit_test(the_list_is_sorted_and_forgets_what_is_unused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
