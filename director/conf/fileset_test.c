/* director/conf/fileset_test.c - checksums and wire lines: config.md 1.14, 13; wire.md 5.3 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "director/conf/dir_conf_internal.h"
#include "director/conf/fileset_options.h"
#include "lib/proto/compression.h"

#include <string.h>

static struct dir_fileset *
load(const char *body, struct conf_gen **gen)
{
	struct conf_diag *d = conf_diag_new(false);
	struct buf text = BUF_INIT(1 << 16);
	struct err err = ERR_INIT;
	struct dir_fileset *fs;

	buf_text(&text, "FileSet { Name = F\n%s\n}\n", body);
	assert_int_equal(conf_load_text(&dir_program, buf_str(&text), d, gen, &err), ERR_OK);
	buf_release(&text);
	conf_diag_free(d);
	fs = (struct dir_fileset *)conf_gen_find(*gen, "FileSet", "F");
	fileset_checksum(fs);
	return fs;
}

static void
checksums_are_those_of_the_peer(void **state)
{
	struct conf_gen *g = NULL;

	assert_string_equal(load("Include { File = /etc }", &g)->md5, "GC8VO9lIA5VcIE/m8lgdXB");
	conf_gen_unref(g);
	assert_string_equal(load("Include { File = /etc\nFile = \"\\\\</home/list\"\n"
				 "Plugin = \"python:x\" }\nExclude { File = /proc }",
				 &g)
				    ->md5,
			    "m7/lV8FqB7+uUFo/e6/ibD");
	conf_gen_unref(g);
}

static enum err_code
collect(void *arg, const struct fileset_line *line, struct err *err)
{
	struct buf *out = (struct buf *)arg;
	size_t n = strlen(line->text);

	if (line->kind != FILESET_SEND)
		buf_text(out, "<%d %c>", (int)line->kind, line->prefix);
	buf_text(out, "%s%s", line->text, n > 0 && line->text[n - 1] == '\n' ? "" : "|\n");
	return ERR_OK;
}

static void
expect_lines(const char *body, bool compression, const char *want)
{
	struct buf out = BUF_INIT(1 << 16);
	struct conf_gen *g = NULL;
	struct err err = ERR_INIT;
	struct dir_fileset *fs = load(body, &g);

	assert_int_equal(fileset_emit(fs, compression, collect, &out, &err), ERR_OK);
	assert_string_equal(buf_str(&out), want);
	buf_release(&out);
	conf_gen_unref(g);
}

static void
lines_are_those_of_the_real_example(void **state)
{
	static const char body[] =
		"Include {\n Options { Accurate = mcpins; Verify = pins5; Exclude = yes; WildDir = "
		"\"*/nowild\" }\n"
		" Options { Signature = XXH128; Compression = GZIP6; Sparse = yes; Verify = pins1 "
		"}\n"
		" File = /srv/example-data/src\n ExcludeDirContaining = .nobackup\n}\n"
		"Exclude { File = /srv/example-data/src/excl }";
	static const char want[] = "I\nZ .nobackup\nO Cmcpins:Vpins5:eHAX\nWD */nowild\nN\n"
				   "O S4Z6sVpins1:HAX\nN\nF /srv/example-data/src|\nN\nN\n"
				   "E\nO HAX\nN\nF /srv/example-data/src/excl|\nN\nN\n";

	expect_lines(body, true, want);
}

/* Each word of the directive becomes letters that the file daemon's table finds again. */
static void
compression_words_and_letters_are_one_table(void **state)
{
	static const char *const words[][2] = { { "GZIP", "gzip" },   { "GZIP9", "gzip" },
						{ "LZO", "lzo" },     { "LZFAST", "lzfast" },
						{ "LZ4HC", "lz4hc" }, { "ZSTD19", "zstd" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct option_word *w = fileset_option_find("Compression")->words;

		while (strcmp(w->word, words[i][0]) != 0)
			w++;
		assert_int_equal(w->letters[0], 'Z');
		assert_string_equal(compression_find(w->letters + 1)->name, words[i][1]);
	}
	assert_null(compression_find("f9"));
	assert_null(compression_find("0"));
}

static void
a_storage_without_compression_strips_its_letters(void **state)
{
	char letters[] = "Zf4MCmcs:Z6Zos";

	expect_lines("Include { Options { Compression = LZ4; Signature = MD5 }\n File = /a }",
		     false, "I\nO MHAX\nN\nF /a|\nN\nN\n");
	fileset_strip_compression(letters);
	assert_string_equal(letters, "MCmcs:s");
}

static void
items_say_who_expands_them(void **state)
{
	expect_lines(
		"Include { Options { HardLinks = yes; WildFile = \"*.o\"; WildFile = \"/x/*\"; "
		"Regex = a }\n"
		"File = \"</list\"; File = \"|cmd\"; File = \"\\\\|far\"; File = \"\\\\</far\"; "
		"Plugin = \"p:q\" }",
		true,
		"I\nO 0AX\nR a\nWF /x/*\nWB *.o\nN\n<1 F>/list|\n<2 F>cmd|\nF |far|\nF </far|\nN\n"
		"P p:q|\nN\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_those_of_the_peer),
		cmocka_unit_test(lines_are_those_of_the_real_example),
		cmocka_unit_test(compression_words_and_letters_are_one_table),
		cmocka_unit_test(a_storage_without_compression_strips_its_letters),
		cmocka_unit_test(items_say_who_expands_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
