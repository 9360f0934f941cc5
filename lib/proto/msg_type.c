#include "lib/proto/msg_type.h"

const char *
msg_type_word(enum msg_type t)
{
	switch (t) {
#define X(name, nr, word, prefix)                                                                  \
	case name:                                                                                 \
		return word;
		MSG_TYPES(X)
#undef X
	}
	return "unknown";
}

const char *
msg_type_prefix(enum msg_type t)
{
	switch (t) {
#define X(name, nr, word, prefix)                                                                  \
	case name:                                                                                 \
		return prefix;
		MSG_TYPES(X)
#undef X
	}
	return "";
}
