/*
 * lib/base/attr.h - each compiler attribute once
 *
 * Purpose: names for the attributes the tree uses, empty where a compiler has none.
 */
#ifndef TERCET_BASE_ATTR_H
#define TERCET_BASE_ATTR_H

#define MUST_CHECK         __attribute__((warn_unused_result))
#define UNUSED             __attribute__((unused))
#define OWNED(fn)          __attribute__((cleanup(fn)))
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define SCANF(fmt, first)  __attribute__((format(scanf, fmt, first)))
#define NORETURN           __attribute__((noreturn))

/* Clang's thread safety analysis; members need clang 19. */
#if defined(__clang__)
#define CAPABILITY(name) __attribute__((capability(name)))
#define ACQUIRES(...)    __attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASES(...)    __attribute__((release_capability(__VA_ARGS__)))
#define REQUIRES(...)    __attribute__((requires_capability(__VA_ARGS__)))
#define NO_ANALYSIS      __attribute__((no_thread_safety_analysis))
#else
#define CAPABILITY(name)
#define ACQUIRES(...)
#define RELEASES(...)
#define REQUIRES(...)
#define NO_ANALYSIS
#endif
#if defined(__clang__) && __clang_major__ >= 19
#define GUARDED_BY(lock) __attribute__((guarded_by(lock)))
#else
#define GUARDED_BY(lock)
#endif

#endif
