/* Arena, reader, text, hash, files and threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/blob.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/large.h"
#include "base/reader.h"
#include "base/text.h"
#include "base/thread.h"

static void arenas_keep_their_limit(void **state)
{
    (void)state;
    calo_arena arena;
    calo_error err = {0};
    calo_arena_init(&arena, 1 << 20);
    uint8_t *zeros = calo_arena_take(&arena, 100000, 1, "zeros", &err);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(zeros[i], 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal((uintptr_t)calo_arena_take(&arena, (uint64_t)i % 7, 3, "small", &err) % 64, 0);
    assert_null(calo_arena_take(&arena, 1 << 20, 1, "too much", &err));
    assert_int_equal(err.status, CALO_ERROR_LIMIT);
    assert_non_null(strstr(err.message, "too much"));
    assert_null(calo_arena_take(&arena, UINT64_MAX / 2, 16, "overflow", &err));
    assert_int_equal(err.status, CALO_ERROR_LIMIT);
    calo_arena_finish(&arena);
}

static void large_arrays_are_aligned_and_zero(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 1000, (2 << 20) - 1, 2 << 20, (5 << 20) + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *memory = calo_large_alloc(sizes[i]);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        memset(memory, 0xff, sizes[i]);
        free(memory);
        uint8_t *zeros = calo_large_calloc(sizes[i]);
        assert_non_null(zeros);
        for (size_t byte = 0; byte < sizes[i]; byte++)
            if (zeros[byte] != 0)
                fail_msg("byte %zu of %zu is %u", byte, sizes[i], zeros[byte]);
        free(zeros);
    }
    assert_null(calo_large_alloc(SIZE_MAX - 5));
}

static void arenas_adopt_memory(void **state)
{
    (void)state;
    calo_arena arena;
    calo_error err = {0};
    calo_arena_init(&arena, 1 << 20);
    assert_int_equal(calo_arena_reserve(&arena, 1 << 20, "all", &err), CALO_OK);
    void *memory = malloc(1000);
    assert_int_equal(calo_arena_adopt(&arena, memory, &err), CALO_ERROR_LIMIT); /* no room for the record */
    calo_arena_release(&arena, (1 << 20) - 1000);
    assert_int_equal(arena.used_bytes, 1000);
    assert_int_equal(calo_arena_adopt(&arena, memory, &err), CALO_OK);
    assert_int_equal(calo_arena_reserve(&arena, 1 << 20, "too much", &err), CALO_ERROR_LIMIT);
    assert_non_null(strstr(err.message, "too much"));
    calo_arena_finish(&arena); /* a sanitizer sees what is not freed */
}

static void readers_stop_at_the_end(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 0, 0, 128, 63, 9};
    calo_reader reader = calo_reader_make(bytes, sizeof bytes);
    assert_int_equal(calo_reader_u32(&reader), 0x04030201);
    assert_true(calo_reader_f32(&reader) == 1.0f);
    assert_int_equal(calo_reader_u16(&reader), 0);
    assert_true(reader.failed && calo_reader_left(&reader) == 0);
    reader = calo_reader_make(bytes, sizeof bytes);
    reader.big_endian = true;
    assert_int_equal(calo_reader_u32(&reader), 0x01020304);
    assert_null(calo_reader_take(&reader, SIZE_MAX));
}

static void numbers_are_read_like_the_c_library_reads_them(void **state)
{
    (void)state;
    static const char *const good[] = {"0", "-0", "1", "+2.5", ".5", "5.", "1e3", "-1.25e-3", "123456789.987654321",
                                       "3.4028235e38", "1e-45", "0.1", "1e-300", "1.7e308", "2.2250738585072014e-308",
                                       "12345678901234567890123", "0.000000000000000000000000012345"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double value, truth = strtod(good[i], NULL);
        assert_true(calo_parse_double(good[i], &value));
        assert_true(fabs(value - truth) <= 1e-14 * fabs(truth));
        assert_true((float)value == (float)truth);
    }
    double value;
    assert_true(calo_parse_double("NaN", &value) && isnan(value));
    assert_true(calo_parse_double("-inf", &value) && isinf(value) && value < 0);
    assert_true(calo_parse_double("1e999999999999", &value) && isinf(value));
    static const char *const bad[] = {"", "-", ".", "e5", "1x", "1,5", "0x10"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(calo_parse_double(bad[i], &value));
    int64_t integer;
    assert_true(calo_parse_integer("-9223372036854775807", &integer) && integer == -INT64_MAX);
    assert_false(calo_parse_integer("9223372036854775808", &integer));
}

static void lines_end_in_every_way(void **state)
{
    (void)state;
    const char bytes[] = "a b\r\nc\rd\n\ne";
    calo_text text = {bytes, bytes + strlen(bytes)}, line;
    static const char *const expected[] = {"a b", "c", "d", "", "e"};
    for (int i = 0; i < 5; i++) {
        assert_true(calo_text_line(&text, &line));
        assert_int_equal(line.end - line.at, strlen(expected[i]));
        assert_memory_equal(line.at, expected[i], strlen(expected[i]));
    }
    assert_false(calo_text_line(&text, &line));
}

static void hashes_match_published_values(void **state)
{
    (void)state;
    char text[65], uuid[37];
    calo_sha256 hash = calo_sha256_of("abc", 3); /* FIPS 180-2, appendix B.1 */
    calo_sha256_text(&hash, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    calo_uuid5_dns("python.org", uuid); /* the example of Python's uuid module */
    assert_string_equal(uuid, "886313e1-3b8a-5372-9b90-0c9aee199e5d");
}

/* FIPS 180-2, appendix B.3: a million "a", in pieces of all sizes; a copy goes on by itself. */
static void hashes_grow_piece_by_piece(void **state)
{
    (void)state;
    char text[65], letters[1000];
    memset(letters, 'a', sizeof letters);
    calo_sha256_run run, copy;
    calo_sha256_begin(&run);
    for (size_t added = 0, piece = 0; added < 1000000; added += piece, piece = (piece + 1) % sizeof letters) {
        if (piece > 1000000 - added)
            piece = 1000000 - added;
        calo_sha256_add(&run, letters, piece);
    }
    copy = run;
    calo_sha256 hash = calo_sha256_end(&run);
    calo_sha256_text(&hash, text);
    assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    hash = calo_sha256_end(&copy);
    calo_sha256_base64(&hash, text);
    assert_string_equal(text, "zcduXJkU+5KBocfihNc+Z/GAmkiklyAOBG05zMcRLNA=");
    hash = calo_sha256_end(&run); /* at its beginning again */
    calo_sha256_text(&hash, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, test cases 2 and 6. */
static void keyed_hashes_are_the_known_ones(void **state)
{
    (void)state;
    static const char words[] = "what do ya want for nothing?";
    static const char long_words[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    char text[65], key[131];
    memset(key, 0xaa, sizeof key);
    calo_sha256 hash = calo_hmac_sha256("Jefe", 4, words, strlen(words));
    calo_sha256_text(&hash, text);
    assert_string_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    hash = calo_hmac_sha256(key, sizeof key, long_words, strlen(long_words));
    calo_sha256_text(&hash, text);
    assert_string_equal(text, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void paths_stay_in_their_folder(void **state)
{
    (void)state;
    char folder[] = "/tmp/calotype-test-XXXXXX", asset[128], name[128];
    calo_error err = {0};
    char *path = NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(asset, sizeof asset, "%s/in/scene.gltf", folder);
    snprintf(name, sizeof name, "%s/in/sub dir", folder);
    assert_int_equal(calo_folder_create(name, &err), CALO_OK);
    snprintf(name, sizeof name, "%s/in/sub dir/a.png", folder);
    assert_int_equal(calo_file_write(name, "x", 1, &err), CALO_OK);
    snprintf(name, sizeof name, "%s/secret", folder);
    assert_int_equal(calo_file_write(name, "x", 1, &err), CALO_OK);
    snprintf(name, sizeof name, "%s/in/link", folder);
    assert_int_equal(symlink("../secret", name), 0);
    assert_int_equal(calo_path_resolve(asset, "sub%20dir/a.png", true, false, &path, &err), CALO_OK);
    snprintf(name, sizeof name, "%s/in/sub dir/a.png", folder);
    assert_string_equal(path, name);
    free(path);
    assert_int_equal(calo_path_resolve(asset, "sub dir\\a.png", false, false, &path, &err), CALO_OK);
    free(path);
    assert_int_equal(calo_path_resolve(asset, "../secret", false, false, &path, &err), CALO_ERROR_UNSUPPORTED);
    assert_int_equal(calo_path_resolve(asset, "%2e%2e/secret", true, false, &path, &err), CALO_ERROR_UNSUPPORTED);
    assert_int_equal(calo_path_resolve(asset, "link", false, false, &path, &err), CALO_ERROR_UNSUPPORTED);
    assert_int_equal(calo_path_resolve(asset, "/etc/passwd", false, false, &path, &err), CALO_ERROR_UNSUPPORTED);
    assert_int_equal(calo_path_resolve(asset, "../nothing", false, false, &path, &err), CALO_ERROR_UNSUPPORTED);
    assert_int_equal(calo_path_resolve(asset, "nothing", false, false, &path, &err), CALO_ERROR_NOT_FOUND);
    assert_int_equal(calo_path_resolve(asset, "../secret", false, true, &path, &err), CALO_OK);
    free(path);
    /* Of a relative path the result is relative: nothing of this machine comes into sentences. */
    char *here = getcwd(NULL, 0);
    snprintf(name, sizeof name, "%s/in", folder);
    assert_int_equal(chdir(name), 0);
    assert_int_equal(calo_path_resolve("scene.gltf", "sub dir//./a.png", false, false, &path, &err), CALO_OK);
    assert_string_equal(path, "sub dir/a.png");
    free(path);
    assert_int_equal(calo_path_resolve("sub dir/scene.gltf", "a.png", false, false, &path, &err), CALO_OK);
    assert_string_equal(path, "sub dir/a.png");
    free(path);
    assert_int_equal(chdir(here), 0);
    free(here);
    calo_folder_remove(folder);
    assert_int_equal(access(folder, F_OK), -1);
}

/* Folders in folders without end, as only who goes down step by step can make them: longer than any path, and more than files
 * may be open. */
static void deep_folders_are_removed(void **state)
{
    enum { DEPTH = 3000 };
    (void)state;
    char folder[] = "/tmp/calotype-deep-XXXXXX", *here = getcwd(NULL, 0);
    struct rlimit usual;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    for (int i = 0; i < DEPTH; i++)
        if (mkdir("deeper", 0700) != 0 || mkdir("beside", 0700) != 0 || chdir("deeper") != 0)
            fail();
    assert_int_equal(chdir(here), 0);
    free(here);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, usual.rlim_max}), 0);
    calo_folder_remove(folder);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(access(folder, F_OK), -1);
}

static void files_that_cannot_be_read_say_why(void **state)
{
    (void)state;
    calo_file file;
    calo_error err = {0};
    assert_int_equal(calo_file_read("/nowhere/at/all", 100, &file, &err), CALO_ERROR_NOT_FOUND);
    assert_int_equal(calo_file_read("/", 100, &file, &err), CALO_ERROR_IO);
    assert_non_null(strstr(err.message, "folder"));
    assert_int_equal(calo_file_read("/dev/zero", 100, &file, &err), CALO_ERROR_IO);
    assert_int_equal(calo_file_read("/proc/self/exe", 100, &file, &err), CALO_ERROR_LIMIT);
    assert_int_equal(calo_file_write("/nowhere/at/all", "x", 1, &err), CALO_ERROR_NOT_FOUND);
}

static void errors_gain_context(void **state)
{
    (void)state;
    calo_error err = {0};
    assert_int_equal(calo_fail(&err, CALO_ERROR_FORMAT, "bad %d", 7), CALO_ERROR_FORMAT);
    calo_fail_within(&err, err.status, "file %s", "a.obj");
    assert_string_equal(err.message, "file a.obj: bad 7");
    assert_int_equal(calo_fail(NULL, CALO_ERROR_IO, "nobody listens"), CALO_ERROR_IO);
}

static calo_status mark(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker;
    ((uint8_t *)user)[index]++;
    return index == 700 ? calo_fail(err, CALO_ERROR_CANCELLED, "at %zu", index) : CALO_OK;
}

static void threads_share_the_work_and_report_failures(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 8; threads *= 2) {
        uint8_t marks[1000] = {0};
        calo_error err = {0};
        assert_int_equal(calo_thread_for(threads, 500, mark, marks, &err), CALO_OK);
        for (int i = 0; i < 500; i++)
            assert_int_equal(marks[i], 1);
        assert_int_equal(calo_thread_for(threads, 1000, mark, marks, &err), CALO_ERROR_CANCELLED);
        assert_string_equal(err.message, "at 700");
    }
}

static void blobs_grow(void **state)
{
    (void)state;
    calo_blob blob = {0};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(calo_blob_print(&blob, NULL, "%03d", i), CALO_OK);
    assert_int_equal(blob.size, 3000);
    assert_memory_equal(blob.bytes + 2997, "999", 3);
    assert_null(calo_blob_reserve(&blob, SIZE_MAX - 10, NULL));
    calo_blob_finish(&blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas_keep_their_limit),
        cmocka_unit_test(arenas_adopt_memory),
        cmocka_unit_test(large_arrays_are_aligned_and_zero),
        cmocka_unit_test(readers_stop_at_the_end),
        cmocka_unit_test(numbers_are_read_like_the_c_library_reads_them),
        cmocka_unit_test(lines_end_in_every_way),
        cmocka_unit_test(hashes_match_published_values),
        cmocka_unit_test(hashes_grow_piece_by_piece),
        cmocka_unit_test(keyed_hashes_are_the_known_ones),
        cmocka_unit_test(paths_stay_in_their_folder),
        cmocka_unit_test(deep_folders_are_removed),
        cmocka_unit_test(files_that_cannot_be_read_say_why),
        cmocka_unit_test(errors_gain_context),
        cmocka_unit_test(threads_share_the_work_and_report_failures),
        cmocka_unit_test(blobs_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
