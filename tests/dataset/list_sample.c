#include "list_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/file.h"

void sample_enter(char folder[SAMPLE_PATH_BYTES])
{
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, SAMPLE_PATH_BYTES, "%s/calotype-test-XXXXXX", temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
}

void sample_leave(const char *folder)
{
    assert_int_equal(chdir("/"), 0);
    calo_folder_remove(folder);
}

static void make_folder_of(const char *path)
{
    char folder[SAMPLE_PATH_BYTES];
    size_t length = calo_path_folder_length(path);
    if (length == 0)
        return;
    snprintf(folder, sizeof folder, "%.*s", (int)length - 1, path);
    assert_int_equal(calo_folder_create(folder, NULL), CALO_OK);
}

void sample_write(const char *path, const void *bytes, size_t size)
{
    make_folder_of(path);
    assert_int_equal(calo_file_write(path, bytes, size, NULL), CALO_OK);
}

void sample_text(const char *path, const char *text) { sample_write(path, text, strlen(text)); }

void sample_gzip(const char *path, const char *text)
{
    make_folder_of(path);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
}

typedef struct warnings {
    char *text;
    size_t size;
} warnings;

static void keep_warning(void *user, const char *sentence)
{
    warnings *kept = user;
    if (kept->text)
        snprintf(kept->text + strlen(kept->text), kept->size - strlen(kept->text), "%s\n", sentence);
}

calo_object_list *sample_list(const calo_list_options *options, char *text, size_t size)
{
    calo_error err = {0};
    calo_object_list *list = NULL;
    warnings kept = {text, size};
    if (text)
        text[0] = '\0';
    assert_int_equal(calo_folder_create("run", NULL), CALO_OK);
    if (calo_object_list_write(options, "run", keep_warning, &kept, &err) != CALO_OK)
        fail_msg("%s", err.message);
    if (calo_object_list_open("run", &list, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return list;
}

void sample_identifiers(const calo_object_list *list, char *text, size_t size)
{
    text[0] = '\0';
    for (uint64_t i = 0; i < calo_object_list_count(list); i++) {
        calo_object object;
        assert_int_equal(calo_object_list_get(list, i, &object, NULL), CALO_OK);
        snprintf(text + strlen(text), size - strlen(text), "%s%s", i ? " " : "", object.file_identifier);
        calo_object_finish(&object);
    }
}
