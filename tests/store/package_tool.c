/* What only data sets do, for test_packages.py:
 *   package_tool stage PACKAGE FILE FOLDER NAME   renders two small views to be joined, and prints where they are
 *   package_tool join PACKAGE PART [NAME PATH]...  prints size and SHA-256 of the part
 * Ends with the failure's status and its sentence on stderr. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <calotype/job.h>

#include "store/package.h"

static calo_package find_package(const char *word)
{
    static const char *const words[] = {"files", "zip", "webdataset", "torch", "safetensors"};
    int found = 0;
    for (int i = 0; i < 5; i++)
        if (strcmp(word, words[i]) == 0)
            found = i;
    return (calo_package)found;
}

static calo_status stage(char **words, calo_error *err)
{
    calo_item_options options = {.output_folder = words[3], .package = find_package(words[1]), .object_name = words[4],
                                 .views = {.count = 2, .width = 24, .height = 16}, .staged = true};
    calo_renderer_options renderer_options = {.threads = 1};
    calo_item_result result = {0};
    calo_renderer *renderer = NULL;
    options.render.channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) | CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH) |
                              CALO_CHANNEL_BIT(CALO_CHANNEL_MASK) | CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID) |
                              CALO_CHANNEL_BIT(CALO_CHANNEL_MATERIAL_ID);
    calo_status status = calo_renderer_create(&renderer_options, &renderer, err);
    if (status == CALO_OK)
        status = calo_item_run(renderer, words[2], &options, &result, err);
    if (status == CALO_OK)
        printf("%s\n", result.path);
    calo_item_result_finish(&result);
    calo_renderer_destroy(renderer);
    return status;
}

static calo_status join(int count, char **words, calo_error *err)
{
    size_t sample_count = (size_t)(count - 3) / 2;
    calo_staged_sample *samples = calloc(sample_count + 1, sizeof *samples);
    uint64_t bytes = 0;
    char sha256[65];
    for (size_t i = 0; samples && i < sample_count; i++)
        samples[i] = (calo_staged_sample){words[3 + 2 * i], words[4 + 2 * i]};
    calo_status status = calo_package_join(find_package(words[1]), samples, sample_count, words[2], &bytes, sha256, err);
    if (status == CALO_OK)
        printf("%llu %s\n", (unsigned long long)bytes, sha256);
    free(samples);
    return status;
}

int main(int argc, char **argv)
{
    calo_error err = {0};
    if (argc < 4)
        return 99;
    bool is_stage = strcmp(argv[1], "stage") == 0 && argc == 6;
    calo_status status = is_stage ? stage(argv + 1, &err) : join(argc - 1, argv + 1, &err);
    if (status != CALO_OK)
        fprintf(stderr, "%s\n", err.message);
    return (int)status;
}
