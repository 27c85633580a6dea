/* The cache of blobs: kept and found, damaged, shared, full, trimmed. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/thread.h"

enum { HEADER_BYTES = 64 };

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/calotype-cache-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    chmod(folder, 0700);
    calo_folder_remove(folder);
    return 0;
}

static calo_cache *open_cache(uint64_t max_bytes)
{
    calo_cache *cache;
    calo_error err = {0};
    if (calo_cache_open(folder, max_bytes, &cache, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return cache;
}

static calo_sha256 key_of(uint32_t number)
{
    calo_cache_part part = {&number, sizeof number};
    return calo_cache_key("test 1", &part, 1);
}

static void put_bytes(calo_cache *cache, uint32_t number, const void *bytes, size_t size)
{
    calo_sha256 key = key_of(number);
    calo_cache_put(cache, &key, &(calo_cache_part){bytes, size}, 1);
}

static bool is_there(calo_cache *cache, uint32_t number)
{
    calo_sha256 key = key_of(number);
    calo_cache_entry entry;
    bool found = calo_cache_find(cache, &key, &entry);
    calo_cache_entry_finish(&entry);
    return found;
}

static char *path_of(uint32_t number)
{
    calo_sha256 key = key_of(number);
    char digits[65];
    calo_sha256_text(&key, digits);
    return calo_text_format("%s/%s.calo", folder, digits);
}

static size_t file_count(const char *ending)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *item; (item = readdir(dir));)
        count += strstr(item->d_name, ending) != NULL;
    closedir(dir);
    return count;
}

static void parts_come_back_aligned(void **state)
{
    (void)state;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    calo_cache *cache = open_cache(0);
    calo_sha256 key = key_of(1);
    calo_cache_part parts[3] = {{bytes, 1}, {bytes, 0}, {bytes, 300}};
    calo_cache_entry entry;
    assert_false(calo_cache_find(cache, &key, &entry));
    calo_cache_put(cache, &key, parts, 3);
    calo_cache_close(cache);

    cache = open_cache(0);
    assert_true(calo_cache_find(cache, &key, &entry));
    assert_int_equal(entry.size, 64 + 0 + 320);
    assert_int_equal((uintptr_t)entry.bytes % CALO_CACHE_ALIGNMENT, 0);
    assert_int_equal(((const uint8_t *)entry.bytes)[0], 1);
    assert_int_equal(((const uint8_t *)entry.bytes)[1], 0);
    assert_memory_equal((const uint8_t *)entry.bytes + 64, bytes, 300);
    calo_cache_entry_finish(&entry);
    assert_false(is_there(cache, 2));
    assert_int_equal(file_count(".tmp-"), 0);
    calo_cache_close(cache);
}

static void keys_depend_on_kind_and_parts(void **state)
{
    (void)state;
    calo_cache_part joined[1] = {{"ab", 2}}, split[2] = {{"a", 1}, {"b", 1}}, moved[2] = {{"ab", 2}, {"", 0}};
    calo_sha256 keys[5] = {
        calo_cache_key("kind 1", joined, 1), calo_cache_key("kind 2", joined, 1), calo_cache_key("kind 1", split, 2),
        calo_cache_key("kind 1", moved, 2), calo_cache_key("kind 1", joined, 0),
    };
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(&keys[i], &keys[k], sizeof keys[i]);
    calo_sha256 again = calo_cache_key("kind 1", split, 2);
    assert_memory_equal(&again, &keys[2], sizeof again);
}

static void nothing_is_no_cache(void **state)
{
    (void)state;
    put_bytes(NULL, 1, "x", 1);
    assert_false(is_there(NULL, 1));
    calo_cache_close(NULL);
}

/* Every bit of a small file, and every length. */
static void damage_is_absence(void **state)
{
    (void)state;
    uint8_t content[100], broken[HEADER_BYTES + 128];
    calo_file file;
    calo_error err = {0};
    memset(content, 0xa5, sizeof content);
    calo_cache *cache = open_cache(0);
    put_bytes(cache, 1, content, sizeof content);
    char *path = path_of(1);
    assert_int_equal(calo_file_read(path, 1 << 20, &file, &err), CALO_OK);
    assert_int_equal(file.size, sizeof broken);
    for (size_t bit = 0; bit < 8 * file.size; bit++) {
        memcpy(broken, file.bytes, sizeof broken);
        broken[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(calo_file_write(path, broken, sizeof broken, &err), CALO_OK);
        if (is_there(cache, 1))
            fail_msg("bit %zu of byte %zu was turned and nobody saw it", bit % 8, bit / 8);
    }
    for (size_t length = 0; length < file.size; length++) {
        assert_int_equal(calo_file_write(path, file.bytes, length, &err), CALO_OK);
        assert_false(is_there(cache, 1));
    }
    put_bytes(cache, 1, content, sizeof content);
    assert_true(is_there(cache, 1));
    free(path);
    calo_file_finish(&file);
    calo_cache_close(cache);
}

static void an_entry_under_another_name_is_absent(void **state)
{
    (void)state;
    calo_cache *cache = open_cache(0);
    char *from = path_of(1), *to = path_of(2);
    put_bytes(cache, 1, "one", 3);
    assert_int_equal(rename(from, to), 0);
    assert_false(is_there(cache, 2));
    put_bytes(cache, 2, "two", 3);
    assert_true(is_there(cache, 2));
    free(from);
    free(to);
    calo_cache_close(cache);
}

/* Links, pipes and folders in an entry's place neither hang nor lead elsewhere. */
static void only_regular_files_are_entries(void **state)
{
    (void)state;
    calo_cache *cache = open_cache(0);
    char *one = path_of(1), *two = path_of(2), *three = path_of(3);
    calo_error trouble;
    put_bytes(cache, 9, "nine", 4);
    assert_int_equal(symlink("/etc/passwd", one), 0);
    assert_int_equal(mkfifo(two, 0600), 0);
    assert_int_equal(mkdir(three, 0700), 0);
    for (uint32_t i = 1; i <= 3; i++)
        assert_false(is_there(cache, i));
    put_bytes(cache, 1, "one", 3);
    put_bytes(cache, 2, "two", 3);
    assert_true(is_there(cache, 1));
    assert_true(is_there(cache, 2));
    struct stat about;
    assert_int_equal(lstat(one, &about), 0);
    assert_true(S_ISREG(about.st_mode));
    assert_false(calo_cache_trouble(cache, &trouble));
    put_bytes(cache, 3, "three", 5);
    assert_true(calo_cache_trouble(cache, &trouble));
    assert_int_equal(file_count(".tmp-"), 0);
    free(one);
    free(two);
    free(three);
    calo_cache_close(cache);
}

/* A sparse file of a terabyte, with a header that says so, is not looked through. */
static void a_huge_file_is_absent(void **state)
{
    (void)state;
    calo_cache *cache = open_cache(0);
    char *path = path_of(1);
    uint64_t size = (uint64_t)1 << 40;
    put_bytes(cache, 1, "one", 3);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    if (ftruncate(fd, HEADER_BYTES + (off_t)size) == 0) { /* where such files are possible */
        assert_int_equal(pwrite(fd, &size, sizeof size, 8), sizeof size);
        assert_false(is_there(cache, 1));
        put_bytes(cache, 1, "one", 3);
        assert_true(is_there(cache, 1));
    }
    close(fd);
    free(path);
    calo_cache_close(cache);
}

static void set_age(const char *path, time_t seconds)
{
    struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void what_was_used_last_stays(void **state)
{
    (void)state;
    static uint8_t content[1000];
    calo_cache *cache = open_cache(0);
    for (uint32_t i = 0; i < 10; i++) {
        char *path = path_of(i);
        put_bytes(cache, i, content, sizeof content);
        set_age(path, 10000 - 100 * (time_t)i);
        free(path);
    }
    assert_true(is_there(cache, 0)); /* used again: now the youngest */
    calo_cache_close(cache);

    /* 10 files of 1088 bytes: five fit under nine tenths of 6044. */
    cache = open_cache(6044);
    calo_cache_trim(cache);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(is_there(cache, i), i == 0 || i >= 6);
    assert_int_equal(file_count(".calo"), 5);
    calo_cache_close(cache);
}

static void trimming_leaves_other_files_alone(void **state)
{
    (void)state;
    calo_error err = {0};
    static const char *const names[] = {"holiday.jpg", "abc.calo", "0123.calo.tmp-1"};
    calo_cache *cache = open_cache(200);
    char *entry = path_of(1), *stale = calo_text_format("%s.tmp-0123456789abcdef", entry);
    char *busy = calo_text_format("%s.tmp-0000000000000000", entry);
    for (size_t i = 0; i < 3; i++) {
        char *path = calo_text_format("%s/%s", folder, names[i]);
        assert_int_equal(calo_file_write(path, "mine", 4, &err), CALO_OK);
        set_age(path, 100000);
        free(path);
    }
    assert_int_equal(calo_file_write(stale, "half", 4, &err), CALO_OK);
    set_age(stale, 7200);
    assert_int_equal(calo_file_write(busy, "half", 4, &err), CALO_OK);
    calo_cache_trim(cache);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(file_count(names[i]), 1);
    assert_int_equal(access(stale, F_OK), -1);
    assert_int_equal(access(busy, F_OK), 0);
    free(entry);
    free(stale);
    free(busy);
    calo_cache_close(cache);
}

static void writing_keeps_to_the_limit(void **state)
{
    (void)state;
    static uint8_t content[10000];
    calo_cache *cache = open_cache(200000);
    for (uint32_t i = 0; i < 500; i++)
        put_bytes(cache, i, content, sizeof content);
    /* 20 fit; an entry is looked after with a chance of one in three or better. */
    assert_in_range(file_count(".calo"), 5, 40);
    put_bytes(cache, 1000, content, sizeof content);
    assert_true(is_there(cache, 1000));
    static uint8_t large[200001];
    put_bytes(cache, 1001, large, sizeof large);
    assert_false(is_there(cache, 1001));
    calo_cache_close(cache);
}

/* A full disk, by a limit on the size of files. */
static void a_full_disk_is_told_once(void **state)
{
    (void)state;
    static uint8_t content[100000];
    calo_error trouble = {0};
    calo_cache *cache = open_cache(0);
    struct rlimit old, small = {.rlim_cur = 4096};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    signal(SIGXFSZ, SIG_IGN);
    put_bytes(cache, 1, content, sizeof content);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(is_there(cache, 1));
    assert_int_equal(file_count(".calo"), 0);
    assert_true(calo_cache_trouble(cache, &trouble));
    assert_non_null(strstr(trouble.message, folder));
    assert_false(calo_cache_trouble(cache, &trouble));
    put_bytes(cache, 2, content, 10); /* nothing more is tried */
    assert_false(is_there(cache, 2));
    calo_cache_close(cache);
}

static void a_folder_for_reading_only_is_read(void **state)
{
    (void)state;
    calo_error trouble;
    calo_cache *cache = open_cache(0);
    put_bytes(cache, 1, "one", 3);
    calo_cache_close(cache);
    assert_int_equal(chmod(folder, 0555), 0);
    bool is_root = geteuid() == 0; /* who may write anywhere */
    assert_int_equal(is_root ? seteuid(65534) : 0, 0);
    cache = open_cache(0);
    bool old_there = is_there(cache, 1);
    put_bytes(cache, 2, "two", 3);
    bool new_there = is_there(cache, 2), told = calo_cache_trouble(cache, &trouble);
    calo_cache_close(cache);
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    assert_true(old_there);
    assert_false(new_there);
    assert_true(told);
}

static void a_file_is_no_folder(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_cache *cache;
    char *path = calo_text_format("%s/file", folder);
    assert_int_equal(calo_file_write(path, "x", 1, &err), CALO_OK);
    assert_int_equal(calo_cache_open(path, 0, &cache, &err), CALO_ERROR_IO);
    assert_null(cache);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(calo_cache_open("", 0, &cache, &err), CALO_ERROR_ARGUMENT);
    free(path);
}

/* ---- many at once ---- */

enum { SHARED_KEYS = 8, ROUNDS = 4000 };

static calo_status put_or_find(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker, (void)err;
    uint32_t number = (uint32_t)(index * 2654435761u >> 7) % SHARED_KEYS;
    uint32_t words[2000];
    for (size_t i = 0; i < 2000; i++)
        words[i] = number * 31 + (uint32_t)i;
    calo_sha256 key = key_of(number);
    calo_cache_entry entry;
    if (index % 5 == 0)
        put_bytes(user, number, words, sizeof words);
    if (!calo_cache_find(user, &key, &entry))
        return CALO_OK;
    bool same = entry.size >= sizeof words && memcmp(entry.bytes, words, sizeof words) == 0;
    calo_cache_entry_finish(&entry);
    return same ? CALO_OK : CALO_ERROR_FORMAT;
}

static void threads_and_processes_share(void **state)
{
    (void)state;
    calo_error err = {0}, trouble;
    pid_t children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            /* So small a limit that entries are also removed all the time. */
            calo_cache *cache = open_cache(i == 0 ? 40000 : 0);
            calo_status status = calo_thread_for(2, ROUNDS, put_or_find, cache, &err);
            _exit(status == CALO_OK && !calo_cache_trouble(cache, &trouble) ? 0 : 1);
        }
    }
    for (int i = 0; i < 3; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_int_equal(file_count(".tmp-"), 0);
    assert_in_range(file_count(".calo"), 1, SHARED_KEYS);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(parts_come_back_aligned),
        TEST(keys_depend_on_kind_and_parts),
        TEST(nothing_is_no_cache),
        TEST(damage_is_absence),
        TEST(an_entry_under_another_name_is_absent),
        TEST(only_regular_files_are_entries),
        TEST(a_huge_file_is_absent),
        TEST(what_was_used_last_stays),
        TEST(trimming_leaves_other_files_alone),
        TEST(writing_keeps_to_the_limit),
        TEST(a_full_disk_is_told_once),
        TEST(a_folder_for_reading_only_is_read),
        TEST(a_file_is_no_folder),
        TEST(threads_and_processes_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
