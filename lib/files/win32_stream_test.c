#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/num.h"
#include "lib/files/win32_stream.h"

/* A security stream, the content "hello", a named stream. */
static const char stream[] = "\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0SECU"
			     "\1\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0hello"
			     "\4\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\4\0\0\0:\0s\0xyz";

static void
only_file_content_comes_out_however_it_is_cut(void **state)
{
	for (size_t step = 1; step < sizeof(stream); step++) {
		struct win32_stream w = { 0 };
		char got[16] = { 0 };
		size_t n = 0;

		for (size_t at = 0; at < sizeof(stream) - 1; at += step) {
			struct bytes in = bytes_of(stream + at,
						   size_min(step, sizeof(stream) - 1 - at));
			struct bytes piece;

			assert_true(at == 0 || !win32_stream_is_whole(&w) || at == 24 || at == 49);
			while ((piece = win32_stream_next(&w, &in)).n > 0) {
				memcpy(got + n, piece.p, piece.n);
				n += piece.n;
			}
		}
		assert_string_equal(got, "hello");
		assert_true(win32_stream_is_whole(&w));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_file_content_comes_out_however_it_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
