/* Objects are there whole, or not at all. */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
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

#include "base/file.h"
#include "store/store.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/calotype-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    calo_folder_remove(folder);
    return 0;
}

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Everything in the folder, hidden or not. */
static int entries(void)
{
    int count = 0;
    DIR *list = opendir(folder);
    for (struct dirent *entry; (entry = readdir(list));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(list);
    return count;
}

static calo_status put_object(calo_store *store, const char *word, calo_error *err)
{
    static const char metadata[] = "{\"render_settings\": {\"engine\": \"CALOTYPE_CPU\"}}";
    calo_status status = calo_store_put(store, "000.png", word, strlen(word), err);
    return status == CALO_OK ? calo_store_put(store, "metadata.json", metadata, sizeof metadata - 1, err) : status;
}

static void folders_appear_on_commit_and_replace_earlier_results(void **state)
{
    (void)state;
    calo_error err = {0};
    static const char *const words[] = {"first", "second"};
    for (int i = 0; i < 2; i++) {
        calo_store *store = NULL;
        calo_file file;
        assert_int_equal(calo_store_open_folder(folder, "cup", &store, &err), CALO_OK);
        assert_int_equal(put_object(store, words[i], &err), CALO_OK);
        assert_int_equal(access(in_folder("cup/000.png"), F_OK), i == 0 ? -1 : 0);
        assert_string_equal(calo_store_path(store), in_folder("cup"));
        assert_int_equal(calo_store_commit(store, &err), CALO_OK);
        calo_store_destroy(store);
        assert_int_equal(calo_file_read(in_folder("cup/000.png"), 100, &file, &err), CALO_OK);
        assert_string_equal((const char *)file.bytes, words[i]);
        calo_file_finish(&file);
        assert_int_equal(entries(), 1);
    }
}

static void what_is_not_committed_leaves_nothing(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_store *store = NULL;
    assert_int_equal(calo_store_open_folder(folder, "cup", &store, &err), CALO_OK);
    assert_int_equal(put_object(store, "x", &err), CALO_OK);
    calo_store_destroy(store);
    assert_int_equal(calo_store_open_zip(folder, "cup", &store, &err), CALO_OK);
    assert_int_equal(put_object(store, "x", &err), CALO_OK);
    calo_store_destroy(store);
    assert_int_equal(entries(), 0);
    calo_store_destroy(NULL);
}

static void other_peoples_folders_are_left_alone(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_store *store = NULL;
    assert_int_equal(calo_folder_create(in_folder("cup"), &err), CALO_OK);
    assert_int_equal(calo_file_write(in_folder("cup/thesis.txt"), "x", 1, &err), CALO_OK);
    calo_status status = calo_store_open_folder(folder, "cup", &store, &err);
    if (status == CALO_OK)
        status = put_object(store, "x", &err);
    if (status == CALO_OK)
        status = calo_store_commit(store, &err);
    calo_store_destroy(store);
    assert_int_equal(status, CALO_ERROR_IO);
    assert_int_equal(access(in_folder("cup/thesis.txt"), F_OK), 0);
    assert_int_equal(entries(), 1);
}

static void names_stay_in_the_object(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_store *store = NULL;
    static const char *const bad[] = {"", ".", "..", "a/b", "/etc/x", "../x"};
    assert_int_equal(calo_store_open_folder(folder, "cup", &store, &err), CALO_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(calo_store_put(store, bad[i], "x", 1, &err), CALO_ERROR_ARGUMENT);
    calo_store_destroy(store);
}

static void zips_hold_the_object_in_a_folder_and_are_reproducible(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_file first = {0}, second = {0};
    for (int i = 0; i < 2; i++) {
        calo_store *store = NULL;
        assert_int_equal(calo_store_open_zip(folder, "cup", &store, &err), CALO_OK);
        assert_int_equal(put_object(store, "picture", &err), CALO_OK);
        assert_int_equal(calo_store_commit(store, &err), CALO_OK);
        calo_store_destroy(store);
        assert_int_equal(calo_file_read(in_folder("cup.zip"), 1 << 20, i ? &second : &first, &err), CALO_OK);
    }
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    struct archive *zip = archive_read_new();
    struct archive_entry *entry;
    archive_read_support_format_zip(zip);
    assert_int_equal(archive_read_open_memory(zip, first.bytes, first.size), ARCHIVE_OK);
    assert_int_equal(archive_read_next_header(zip, &entry), ARCHIVE_OK);
    assert_string_equal(archive_entry_pathname(entry), "cup/000.png");
    char content[16] = "";
    assert_int_equal(archive_read_data(zip, content, sizeof content), 7);
    assert_string_equal(content, "picture");
    assert_int_equal(archive_read_next_header(zip, &entry), ARCHIVE_OK);
    assert_string_equal(archive_entry_pathname(entry), "cup/metadata.json");
    archive_read_free(zip);
    calo_file_finish(&first);
    calo_file_finish(&second);
    assert_int_equal(entries(), 1);
}

/* More entries than the zip's oldest end record can count, packed and not, empty too. */
static void zips_may_have_many_entries(void **state)
{
    (void)state;
    enum { COUNT = 66000 };
    calo_error err = {0};
    calo_store *store = NULL;
    assert_int_equal(calo_store_open_zip(folder, "cup", &store, &err), CALO_OK);
    for (int i = 0; i < COUNT; i++) {
        char name[32], content[64];
        snprintf(name, sizeof name, "%05d.%s", i, i % 2 ? "png" : "npy");
        size_t size = i % 100 ? (size_t)snprintf(content, sizeof content, "%060d", i) : 0;
        assert_int_equal(calo_store_put(store, name, content, size, &err), CALO_OK);
    }
    assert_int_equal(calo_store_commit(store, &err), CALO_OK);
    calo_store_destroy(store);
    struct archive *zip = archive_read_new();
    struct archive_entry *entry;
    archive_read_support_format_zip_seekable(zip);
    assert_int_equal(archive_read_open_filename(zip, in_folder("cup.zip"), 65536), ARCHIVE_OK);
    for (int i = 0; i < COUNT; i++) {
        char name[32], content[64], read[64];
        snprintf(name, sizeof name, "cup/%05d.%s", i, i % 2 ? "png" : "npy");
        int size = i % 100 ? snprintf(content, sizeof content, "%060d", i) : 0;
        assert_int_equal(archive_read_next_header(zip, &entry), ARCHIVE_OK);
        assert_string_equal(archive_entry_pathname(entry), name);
        assert_int_equal(archive_entry_size(entry), size);
        assert_int_equal(archive_read_data(zip, read, sizeof read), size);
        assert_memory_equal(read, content, (size_t)size);
    }
    assert_int_equal(archive_read_next_header(zip, &entry), ARCHIVE_EOF);
    archive_read_free(zip);
}

static void other_zips_are_left_alone(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_store *store = NULL;
    assert_int_equal(calo_file_write(in_folder("cup.zip"), "PK\3\4 somebody else's", 20, &err), CALO_OK);
    assert_int_equal(calo_store_open_zip(folder, "cup", &store, &err), CALO_ERROR_IO);
    assert_null(store);
    assert_non_null(strstr(err.message, "cup.zip"));
    assert_int_equal(entries(), 1);
}

typedef calo_status (*open_function)(const char *folder, const char *name, calo_store **store, calo_error *err);
static const open_function kinds[] = {calo_store_open_folder, calo_store_open_zip, calo_store_open_webdataset};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* Folders that opening made are taken back, those that were there are not. */
static void output_folders_are_made_and_taken_back(void **state)
{
    (void)state;
    calo_error err = {0};
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        calo_store *store = NULL;
        assert_int_equal(kinds[kind](in_folder("a/b/c"), "cup", &store, &err), CALO_OK);
        assert_int_equal(access(in_folder("a/b/c"), F_OK), 0);
        calo_store_destroy(store);
        assert_int_equal(entries(), 0);
    }
    calo_store *store = NULL;
    assert_int_equal(calo_store_open_folder(in_folder("a/b/"), "cup", &store, &err), CALO_OK);
    assert_int_equal(put_object(store, "x", &err), CALO_OK);
    assert_int_equal(calo_store_commit(store, &err), CALO_OK);
    assert_string_equal(calo_store_path(store), in_folder("a/b/cup"));
    calo_store_destroy(store);
    assert_int_equal(access(in_folder("a/b/cup/000.png"), F_OK), 0);
}

/* A file size limit stands in for a full disk: writing stops in the middle. */
static void a_failed_write_leaves_nothing(void **state)
{
    (void)state;
    enum { LIMIT = 100000 };
    static uint8_t content[3 * LIMIT];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * i >> 7);
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        calo_error err = {0};
        calo_store *store = NULL;
        assert_int_equal(kinds[kind](folder, "cup", &store, &err), CALO_OK);
        limit = before;
        limit.rlim_cur = LIMIT;
        setrlimit(RLIMIT_FSIZE, &limit);
        calo_status status = calo_store_put(store, "000.png", content, sizeof content, &err);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(status, CALO_ERROR_IO);
        assert_non_null(strstr(err.message, "cup"));
        assert_non_null(strstr(err.message, "File too large"));
        assert_int_equal(calo_store_put(store, "001.png", "x", 1, &err), CALO_ERROR_ARGUMENT);
        assert_int_equal(calo_store_commit(store, &err), CALO_ERROR_ARGUMENT);
        calo_store_destroy(store);
        assert_int_equal(entries(), 0);
    }
}

static void a_folder_without_permission_is_told(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* root may write anywhere; tests/cli tries it as another user */
    assert_int_equal(chmod(folder, 0500), 0);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        calo_error err = {0};
        calo_store *store = NULL;
        assert_int_equal(kinds[kind](folder, "cup", &store, &err), CALO_ERROR_IO);
        assert_non_null(strstr(err.message, "may write to"));
        assert_null(store);
    }
    chmod(folder, 0700);
    assert_int_equal(entries(), 0);
}

static void a_file_in_the_way_is_told(void **state)
{
    (void)state;
    assert_int_equal(calo_file_write(in_folder("taken"), "x", 1, NULL), CALO_OK);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        calo_error err = {0};
        calo_store *store = NULL;
        assert_int_not_equal(kinds[kind](in_folder("taken"), "cup", &store, &err), CALO_OK);
        assert_non_null(strstr(err.message, "taken"));
        assert_null(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(folders_appear_on_commit_and_replace_earlier_results, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_not_committed_leaves_nothing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(other_peoples_folders_are_left_alone, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(names_stay_in_the_object, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(zips_hold_the_object_in_a_folder_and_are_reproducible, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(zips_may_have_many_entries, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(other_zips_are_left_alone, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(output_folders_are_made_and_taken_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_failed_write_leaves_nothing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_folder_without_permission_is_told, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_in_the_way_is_told, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
