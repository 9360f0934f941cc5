#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "storage-daemon/device/vol_info.h"

#define ANSWER                                                                                     \
	"1000 OK VolName=My\001Vol VolJobs=3 VolFiles=1 VolBlocks=20 VolBytes=5000000000 "         \
	"VolMounts=4 VolErrors=0 VolWrites=20 MaxVolBytes=6000000000 VolCapacityBytes=0 "          \
	"VolStatus=Append Slot=0 MaxVolJobs=0 MaxVolFiles=0 InChanger=0 VolReadTime=1 "            \
	"VolWriteTime=2 EndFile=1 EndBlock=705032704 LabelType=0 MediaId=17 EncryptionKey= "       \
	"MinBlocksize=0 MaxBlocksize=65536\n"

static void
an_answer_with_an_empty_key_is_read_whole(void **state)
{
	struct vol_info v;
	struct err err = ERR_INIT;

	assert_int_equal(vol_info_parse(bytes_str(ANSWER), &v, &err), ERR_OK);
	assert_string_equal(v.name, "My Vol");
	assert_int_equal(v.bytes, 5000000000);
	assert_int_equal(v.max_bytes, 6000000000);
	assert_string_equal(v.status, "Append");
	assert_int_equal(v.media_id, 17);
	assert_int_equal(v.max_block, 65536);
	assert_string_equal(v.key, "");
}

static void
a_refusal_becomes_the_error_text(void **state)
{
	struct vol_info v = { .media_id = 7 };
	struct err err = ERR_INIT;

	assert_int_equal(vol_info_parse(bytes_str("1998 Volume \"V\" catalog status is Full, not "
						  "writable.\n"),
					&v, &err),
			 ERR_CATALOG);
	assert_string_equal(err.text, "1998 Volume \"V\" catalog status is Full, not writable.");
	assert_int_equal(v.media_id, 7);
}

static void
every_shorter_answer_is_refused(void **state)
{
	size_t whole = strlen(ANSWER);

	/* The last number may lose digits and its LF; everything before is needed. */
	for (size_t n = 0; n < whole - strlen("65536\n"); n++) {
		struct vol_info v;
		struct err err = ERR_INIT;
		enum err_code code = vol_info_parse(bytes_of(ANSWER, n), &v, &err);

		assert_true(code == ERR_CATALOG || n >= whole - strlen("65536\n") - 1);
	}
}

static void
states_that_ask_for_a_label(void **state)
{
	static const struct {
		const char *status;
		bool wants;
	} rows[] = { { "Append", false }, { "Unlabeled", true }, { "Recycle", true },
		     { "Purged", true },  { "Full", false },     { "Error", false } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vol_info v = { .name = "V" };

		vol_info_set_status(&v, rows[i].status);
		assert_int_equal(vol_info_wants_label(&v), rows[i].wants);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_with_an_empty_key_is_read_whole),
		cmocka_unit_test(a_refusal_becomes_the_error_text),
		cmocka_unit_test(every_shorter_answer_is_refused),
		cmocka_unit_test(states_that_ask_for_a_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
