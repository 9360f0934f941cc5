/*
 * regress/fuzz/fuzz_meta.c - attribute records and ACL texts of files
 *
 * needs: lib-files
 */
#include <assert.h>

#include "lib/files/acl_text.h"
#include "lib/files/xattr_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct acl_names names;
	struct rd r = rd_init(bytes_of(p, n));
	struct buf kernel = BUF_INIT(ACL_KERNEL_MAX), text = BUF_INIT(1 << 22);
	struct buf again = BUF_INIT(ACL_KERNEL_MAX), xattr = BUF_INIT(1 << 20);
	struct xattr_item item;
	struct err err = ERR_INIT;

	while (xattr_record_next(&r, &item, &err) == ERR_OK)
		(void)!xattr_record_append(&xattr, &item, &err);
	if (acl_text_parse(bytes_of(p, n), NULL, NULL, &kernel, &err) == ERR_OK && kernel.len > 0) {
		assert(acl_text_emit(buf_bytes(&kernel), ACL_WITH_BASE, &names, &text, &err) ==
		       ERR_OK);
		assert(acl_text_parse(buf_bytes(&text), NULL, NULL, &again, &err) == ERR_OK);
		assert(bytes_eq(buf_bytes(&kernel), buf_bytes(&again)));
	}
	buf_clear(&text);
	(void)!acl_text_emit(bytes_of(p, n), ACL_WITH_BASE, &names, &text, &err);
	buf_release(&kernel);
	buf_release(&text);
	buf_release(&again);
	buf_release(&xattr);
	return 0;
}
