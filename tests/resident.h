/* The process's memory, for tests of what stays behind. cmocka's headers come before. */
#ifndef TESTS_RESIDENT_H
#define TESTS_RESIDENT_H

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

/* Sanitizers keep freed memory aside, and look for leaks themselves. */
#if defined(__SANITIZE_ADDRESS__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#ifndef TEST_SANITIZED
#define TEST_SANITIZED 0
#endif

static inline long test_resident_kib(void)
{
    long pages = 0;
    malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

#endif
