#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/roff.h"

#include "lib/base/own.h"

static void
nothing_in_a_text_is_taken_for_a_mark(void **state)
{
	OWNED(buf_release) struct buf out = BUF_INIT(4096);

	roff_text(&out, ".TH is a mark\n'so is this\nC:\\dir --long \"quoted\"\n\nnext");
	assert_string_equal(buf_str(&out), "\\&.TH is a mark\n\\&'so is this\n"
					   "C:\\edir \\-\\-long \\(dqquoted\\(dq\n.PP\nnext\n");
}

static void
a_page_begins_with_its_title_and_items_have_head_argument_and_body(void **state)
{
	OWNED(buf_release) struct buf out = BUF_INIT(4096);

	roff_begin(&out, "tercet-x", 8, "does x");
	roff_section(&out, "OPTIONS");
	roff_item(&out, "-c, --config", "PATH", "the file");
	roff_item(&out, "-f", NULL, "stay");
	roff_part(&out, "More");
	roff_example(&out, ".help all");
	assert_string_equal(buf_str(&out),
			    ".TH \"TERCET\\-X\" \"8\" \"\" \"Tercet " TERCET_VERSION
			    "\" \"Tercet\"\n.nh\n.ad l\n.SH NAME\ntercet\\-x \\- does x\n"
			    ".SH \"OPTIONS\"\n.TP\n\\fB\\-c, \\-\\-config\\fR \\fIPATH\\fR\nthe "
			    "file\n.TP\n\\fB\\-f\\fR\nstay\n.SS \"More\"\n"
			    ".RS\n.nf\n\\&.help all\n.fi\n.RE\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_a_text_is_taken_for_a_mark),
		cmocka_unit_test(
			a_page_begins_with_its_title_and_items_have_head_argument_and_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
