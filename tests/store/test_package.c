/* Staged samples become parts; what is broken, or not as this program makes it, is told and leaves nothing. */
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
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
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "store/package.h"
#include "store/store.h"
#include "store/tar.h"

static char folder[64], part[96], long_name[201];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/calotype-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(part, sizeof part, "%s/part", folder);
    memset(long_name, 'n', sizeof long_name - 1);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    calo_folder_remove(folder);
    return 0;
}

/* A staged tar of two views; its path stays valid until the next call but three. */
static const char *stage(const char *name, char letter, size_t size)
{
    static char paths[4][512], bytes[300000];
    static int next;
    char *path = paths[next++ % 4];
    calo_store *store = NULL;
    memset(bytes, letter, sizeof bytes);
    assert_int_equal(calo_store_open_webdataset(folder, name, &store, NULL), CALO_OK);
    assert_int_equal(calo_store_put(store, "000.png", bytes, size, NULL), CALO_OK);
    assert_int_equal(calo_store_put(store, "000_depth.npy", bytes, 512, NULL), CALO_OK);
    assert_int_equal(calo_store_put(store, "metadata.json", bytes, 1, NULL), CALO_OK);
    assert_int_equal(calo_store_commit(store, NULL), CALO_OK);
    strcpy(path, calo_store_path(store));
    calo_store_destroy(store);
    return path;
}

static calo_status join(const calo_staged_sample *samples, size_t count, calo_error *err)
{
    uint64_t bytes;
    char sha256[65];
    return calo_package_join(CALO_PACKAGE_WEBDATASET, samples, count, part, &bytes, sha256, err);
}

static void expect_member(struct archive *tar, const char *key, const char *ending, char letter, size_t size)
{
    struct archive_entry *entry;
    static char wanted[300000], got[300001];
    char name[400];
    snprintf(name, sizeof name, "%s.%s", key, ending);
    memset(wanted, letter, sizeof wanted);
    assert_int_equal(archive_read_next_header(tar, &entry), ARCHIVE_OK);
    assert_string_equal(archive_entry_pathname(entry), name);
    assert_int_equal(archive_entry_filetype(entry), AE_IFREG);
    assert_int_equal(archive_entry_mtime(entry), 0);
    assert_int_equal(archive_entry_uid(entry), 0);
    assert_int_equal(archive_entry_perm(entry), 0644);
    assert_int_equal(archive_read_data(tar, got, sizeof got), size);
    assert_memory_equal(got, wanted, size);
}

static void tars_are_joined_under_the_names_given(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_staged_sample samples[3] = {{"cup", stage("worker-1", 'a', 300000)},
                                     {long_name, stage("worker-2", 'b', 0)},
                                     {"t\xc3\xb6pf", stage(long_name, 'c', 513)}};
    const size_t sizes[3] = {300000, 0, 513};
    uint64_t bytes;
    char sha256[65], again[65], text[65];
    calo_file file;
    assert_int_equal(calo_package_join(CALO_PACKAGE_WEBDATASET, samples, 3, part, &bytes, sha256, &err), CALO_OK);
    assert_int_equal(calo_file_read(part, 1 << 20, &file, &err), CALO_OK);
    assert_int_equal(file.size, bytes);
    assert_int_equal(file.size % 10240, 0);
    calo_sha256 hash = calo_sha256_of(file.bytes, file.size);
    calo_sha256_text(&hash, text);
    assert_string_equal(sha256, text);
    struct archive *tar = archive_read_new();
    struct archive_entry *entry;
    archive_read_support_format_tar(tar);
    assert_int_equal(archive_read_open_memory(tar, file.bytes, file.size), ARCHIVE_OK);
    for (int i = 0; i < 3; i++) {
        char letter = (char)('a' + i);
        expect_member(tar, samples[i].name, "000.png", letter, sizes[i]);
        expect_member(tar, samples[i].name, "000_depth.npy", letter, 512);
        expect_member(tar, samples[i].name, "json", letter, 1);
    }
    assert_int_equal(archive_read_next_header(tar, &entry), ARCHIVE_EOF);
    archive_read_free(tar);
    calo_file_finish(&file);
    assert_int_equal(calo_package_join(CALO_PACKAGE_WEBDATASET, samples, 3, part, &bytes, again, &err), CALO_OK);
    assert_string_equal(sha256, again);
}

static void a_part_of_one_is_what_render_leaves(void **state)
{
    (void)state;
    calo_file alone, joined;
    calo_staged_sample sample = {"cup", stage("cup", 'a', 1000)};
    assert_int_equal(join(&sample, 1, NULL), CALO_OK);
    assert_int_equal(calo_file_read(sample.path, 1 << 20, &alone, NULL), CALO_OK);
    assert_int_equal(calo_file_read(part, 1 << 20, &joined, NULL), CALO_OK);
    assert_int_equal(alone.size, joined.size);
    assert_memory_equal(alone.bytes, joined.bytes, alone.size);
    calo_file_finish(&alone);
    calo_file_finish(&joined);
}

static void names_that_cannot_be_keys_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *name, *word;
    } bad[] = {{"cup.v2", "dot"}, {"a/b", "plain name"}, {"..", "plain name"}, {"", "plain name"}, {"\xff", "UTF-8"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        calo_error err = {0};
        calo_store *store = NULL;
        calo_staged_sample sample = {bad[i].name, stage("cup", 'a', 10)};
        assert_int_equal(join(&sample, 1, &err), CALO_ERROR_ARGUMENT);
        assert_non_null(strstr(err.message, bad[i].word));
        assert_int_equal(access(part, F_OK), -1);
        assert_int_equal(calo_store_open_webdataset(folder, bad[i].name, &store, &err), CALO_ERROR_ARGUMENT);
        assert_null(store);
    }
    calo_error err = {0};
    calo_staged_sample twice[2] = {{"cup", stage("a", 'a', 10)}, {"cup", stage("b", 'b', 10)}};
    assert_int_equal(join(twice, 2, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "two samples"));
    assert_int_equal(join(twice, 0, &err), CALO_ERROR_ARGUMENT);
}

/* ---- what a worker might leave that was taken over by the file it read ---- */

static void expect_refused(const void *bytes, size_t size, const char *word)
{
    calo_error err = {0};
    char path[96];
    snprintf(path, sizeof path, "%s/staged.tar", folder);
    assert_int_equal(calo_file_write(path, bytes, size, NULL), CALO_OK);
    calo_staged_sample sample = {"cup", path};
    calo_status status = join(&sample, 1, &err);
    if (status != CALO_ERROR_FORMAT || !strstr(err.message, word) || !strstr(err.message, path))
        fail_msg("%d, not a sentence with \"%s\": %s", status, word, err.message);
    assert_int_equal(access(part, F_OK), -1);
}

static void add(calo_blob *blob, const char *name, size_t claimed, size_t size, char type)
{
    size_t start = blob->size;
    assert_int_equal(calo_tar_header(name, claimed, blob, NULL), CALO_OK);
    if (type != '0') {
        unsigned sum = 0;
        uint8_t *block = blob->bytes + start;
        block[156] = (uint8_t)type;
        memset(block + 148, ' ', 8);
        for (int i = 0; i < 512; i++)
            sum += block[i];
        snprintf((char *)block + 148, 7, "%06o", sum);
    }
    memset(calo_blob_reserve(blob, size + calo_tar_padding(size), NULL), 'x', size + calo_tar_padding(size));
    blob->size += size + calo_tar_padding(size);
}

static void expect_refused_members(const char *first, const char *second, size_t claimed, char type, const char *word)
{
    calo_blob blob = {0};
    add(&blob, first, 10, 10, '0');
    add(&blob, second, claimed, 10, type);
    memset(calo_blob_reserve(&blob, 1024, NULL), 0, 1024);
    blob.size += 1024;
    expect_refused(blob.bytes, blob.size, word);
    calo_blob_finish(&blob);
}

static void broken_tars_are_refused(void **state)
{
    (void)state;
    expect_refused("", 0, "ends at byte 0");
    expect_refused("not a tar", 9, "ends at byte 9");
    uint8_t noise[2048];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)(i * 37 + 1);
    expect_refused(noise, sizeof noise, "no header");
    memset(noise, 0, sizeof noise);
    expect_refused(noise, sizeof noise, "no metadata");
    expect_refused_members("a.json", "b.000.png", 10, '0', "another sample");
    expect_refused_members("a.json", "a./etc/passwd", 10, '0', "KEY.ENDING");
    expect_refused_members("a.json", "a...", 10, '0', "KEY.ENDING");
    expect_refused_members("a.json", "a", 10, '0', "KEY.ENDING");
    expect_refused_members("a.json", ".000.png", 10, '0', "another sample");
    expect_refused_members(".000.png", "a.json", 10, '0', "another sample");
    expect_refused_members("a.json", "a.json", 10, '0', "twice");
    expect_refused_members("a.000.png", "a.001.png", 10, '0', "no metadata");
    expect_refused_members("a.json", "a.000.png", 1 << 30, '0', "longer than the file");
    expect_refused_members("a.json", "a.000.png", 0, '2', "no plain file");
    expect_refused_members("a.json", "a.000.png", 10, 'x', "a name that cannot be read");
}

/* Cut anywhere, and with any byte of the headers changed, a staged tar is a sentence or a part, never more. */
static void staged_tars_may_be_damaged_anywhere(void **state)
{
    (void)state;
    calo_file file;
    char path[96];
    assert_int_equal(calo_file_read(stage(long_name, 'a', 600), 1 << 20, &file, NULL), CALO_OK);
    snprintf(path, sizeof path, "%s/staged.tar", folder);
    calo_staged_sample sample = {"cup", path};
    for (size_t size = 0; size < 6000; size += 97)
        expect_refused(file.bytes, size, "");
    for (size_t at = 0; at < 1536; at += 5) {
        uint8_t kept = file.bytes[at];
        file.bytes[at] ^= 0x15;
        assert_int_equal(calo_file_write(path, file.bytes, file.size, NULL), CALO_OK);
        calo_status status = join(&sample, 1, NULL);
        assert_true(status == CALO_OK || status == CALO_ERROR_FORMAT);
        file.bytes[at] = kept;
    }
    calo_file_finish(&file);
}

static void staged_links_and_folders_are_not_followed(void **state)
{
    (void)state;
    calo_error err = {0};
    char path[96];
    snprintf(path, sizeof path, "%s/link", folder);
    assert_int_equal(symlink(stage("a", 'a', 10), path), 0);
    calo_staged_sample sample = {"cup", path};
    assert_int_equal(join(&sample, 1, &err), CALO_ERROR_FORMAT);
    assert_non_null(strstr(err.message, "regular file"));
    sample.path = folder;
    assert_int_equal(join(&sample, 1, &err), CALO_ERROR_FORMAT);
    assert_non_null(strstr(err.message, "regular file"));
    snprintf(path, sizeof path, "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    sample.path = path;
    assert_int_equal(join(&sample, 1, &err), CALO_ERROR_FORMAT);
    assert_int_equal(access(part, F_OK), -1);
}

/* A file size limit stands in for a full disk. */
static void a_full_disk_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_staged_sample sample = {"cup", stage("a", 'a', 300000)};
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    limit = before;
    limit.rlim_cur = 100000;
    setrlimit(RLIMIT_FSIZE, &limit);
    calo_status status = join(&sample, 1, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, CALO_ERROR_IO);
    assert_non_null(strstr(err.message, part));
    assert_int_equal(access(part, F_OK), -1);
}

/* ---- the index beside the parts ---- */

static void expect_file(const char *name, const char *wanted)
{
    char path[160];
    calo_file file;
    snprintf(path, sizeof path, "%s/index/%s", folder, name);
    assert_int_equal(calo_file_read(path, 1 << 20, &file, NULL), CALO_OK);
    assert_string_equal((const char *)file.bytes, wanted);
    calo_file_finish(&file);
}

static calo_status visit(void *user, const char *name, const char *path, calo_error *err)
{
    (void)err;
    char *visited = user;
    assert_int_equal(access(path, R_OK), 0);
    assert_string_equal(path + strlen(path) - strlen(name), name);
    strcat(strcat(visited, name), " ");
    return CALO_OK;
}

static void make_index(calo_package package, const calo_index_part *parts, size_t count, const char *files)
{
    calo_index *index;
    calo_error err = {0};
    char where[96], visited[200] = "";
    snprintf(where, sizeof where, "%s/index", folder);
    assert_int_equal(calo_index_create(package, where, &index, &err), CALO_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(calo_index_add(index, &parts[i], &err), CALO_OK);
    assert_int_equal(calo_index_end(index, visit, visited, &err), CALO_OK);
    assert_string_equal(visited, files);
    calo_index_destroy(index);
}

static void indexes_name_every_sample(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "say \"hi\"", "c"};
    static const calo_index_part chunks[] = {{"train/000000.torch", "11aa", 10, names, 2},
                                             {"test/000000.torch", "22bb", 20, names + 2, 1}};
    static const calo_index_part shards[] = {{"000000.tar", "11aa", 10, names, 2}, {"000001.tar", "22bb", 20, names + 2, 1}};
    static const char shard_sums[] = "11aa  000000.tar\n22bb  000001.tar\n";
    make_index(CALO_PACKAGE_TORCH, chunks, 2, "train/index.json test/index.json sha256sums.txt ");
    expect_file("train/index.json", "{\n\"a\": \"000000.torch\",\n\"say \\\"hi\\\"\": \"000000.torch\"\n}\n");
    expect_file("test/index.json", "{\n\"c\": \"000000.torch\"\n}\n");
    expect_file("sha256sums.txt", "11aa  train/000000.torch\n22bb  test/000000.torch\n");
    make_index(CALO_PACKAGE_TORCH, chunks, 1, "train/index.json test/index.json sha256sums.txt ");
    expect_file("test/index.json", "{\n}\n");
    make_index(CALO_PACKAGE_WEBDATASET, shards, 2, "index.json sha256sums.txt ");
    expect_file("index.json", "{\"__kind__\": \"wids-shard-index-v1\", \"wids_version\": 1, \"shardlist\": [\n"
                "{\"url\": \"000000.tar\", \"nsamples\": 2, \"filesize\": 10, \"sha256\": \"11aa\"},\n"
                "{\"url\": \"000001.tar\", \"nsamples\": 1, \"filesize\": 20, \"sha256\": \"22bb\"}\n]}\n");
    expect_file("sha256sums.txt", shard_sums);
    make_index(CALO_PACKAGE_SAFETENSORS, shards, 2, "index.json sha256sums.txt ");
    expect_file("index.json", "{\"samples\": {\n\"a\": \"000000.tar\",\n\"say \\\"hi\\\"\": \"000000.tar\",\n"
                "\"c\": \"000001.tar\"\n}}\n");
    make_index(CALO_PACKAGE_ZIP, shards + 1, 1, "index.jsonl ");
    expect_file("index.jsonl", "{\"name\": \"c\", \"path\": \"000001.tar\", \"bytes\": 20, \"sha256\": \"22bb\"}\n");
    make_index(CALO_PACKAGE_FILES, NULL, 0, "index.jsonl ");
    expect_file("index.jsonl", "");
}

static void indexes_tell_what_is_wrong(void **state)
{
    (void)state;
    static const char *const names[] = {"a"};
    static const calo_index_part astray = {"000000.torch", "11aa", 10, names, 1}, empty = {"train/1.torch", "11aa", 10, NULL, 0};
    calo_error err = {0};
    calo_index *index;
    assert_int_equal(calo_index_create(CALO_PACKAGE_TORCH, folder, &index, &err), CALO_OK);
    assert_int_equal(calo_index_add(index, &astray, &err), CALO_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "train/ or test/"));
    assert_int_equal(calo_index_add(index, &empty, &err), CALO_ERROR_ARGUMENT);
    calo_index_destroy(index);
    assert_int_equal(calo_file_write(part, "x", 1, NULL), CALO_OK);
    assert_int_not_equal(calo_index_create(CALO_PACKAGE_ZIP, part, &index, &err), CALO_OK);
    assert_null(index);
    assert_int_not_equal(calo_index_create(CALO_PACKAGE_ZIP, "/dev/null/x", &index, &err), CALO_OK);
    assert_null(index);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8"); /* for libarchive's names */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tars_are_joined_under_the_names_given, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_part_of_one_is_what_render_leaves, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(names_that_cannot_be_keys_are_told, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(broken_tars_are_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(staged_tars_may_be_damaged_anywhere, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(staged_links_and_folders_are_not_followed, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(indexes_name_every_sample, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(indexes_tell_what_is_wrong, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_full_disk_is_told_and_leaves_nothing, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
