/* Parts of data sets as a queue hands them on, and locations in git repositories. */
#include <stdlib.h>
#include <string.h>

#include "dataset/fetch_names.h"
#include "dataset/part.h"
#include "dataset/repository.h"
#include "fuzz.h"

static void read_part(const uint8_t *data, size_t size)
{
    calo_error err = {0};
    calo_part part, back;
    char *text = NULL;
    calo_status status = calo_part_parse((const char *)data, size, &part, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    if (status != CALO_OK)
        return;
    fuzz_check(calo_part_print(&part, &text, NULL) == CALO_OK && !strchr(text, '\n') &&
                   calo_part_parse(text, strlen(text), &back, NULL) == CALO_OK,
               "a part can be printed in one line and read again");
    fuzz_check(strcmp(part.name, back.name) == 0 && part.sample_count == back.sample_count, "it is the same then");
    calo_part_finish(&back);
    calo_part_finish(&part);
    free(text);
}

static void read_location(const uint8_t *data, size_t size)
{
    calo_repository_place place;
    char *location = strndup((const char *)data, size), *kept = calo_url_keep_path(location);
    char *name = calo_url_file_name(location);
    fuzz_check(kept && calo_name_is_plain(name), "names are plain");
    for (char *part = kept; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
        fuzz_check(part[0] != '.' && part[0] != '/', "what is kept stays where it belongs");
    if (calo_repository_parse(location, &place)) {
        fuzz_check(place.path[0] != '/' && place.commit[0] != '-', "no path from the root, no option");
        calo_repository_place_finish(&place);
    }
    free(location);
    free(kept);
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_part(data, size);
    read_location(data, size);
    return 0;
}
