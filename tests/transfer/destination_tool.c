/* src/dataset/destination.h for tests in Python: destination_tool PLACE put STAGED NAME | has NAME BYTES SHA256 | get NAME MAX |
 * list FOLDER, or destination_tool PATH hash. What it found; on standard error the status and the sentence, in a
 * line each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "dataset/destination.h"

static void print_name(void *user, const char *name)
{
    (void)user;
    printf("%s\n", name);
}

static calo_status run(const char *place, char **words, int count, calo_error *err)
{
    const calo_transfer_options options = {.pause_seconds = 0.02};
    calo_destination *destination = NULL;
    void *bytes = NULL;
    size_t size = 0;
    bool there = false;
    uint64_t total;
    char sha256[65];
    calo_status status;
    if (strcmp(words[0], "hash") == 0 && (status = calo_path_sha256(place, &total, sha256, err)) == CALO_OK)
        printf("%llu %s\n", (unsigned long long)total, sha256);
    if (strcmp(words[0], "hash") == 0 || (status = calo_destination_open(place, &options, &destination, err)) != CALO_OK)
        return status;
    if (strcmp(words[0], "put") == 0 && count == 3)
        status = calo_destination_put(destination, words[1], words[2], NULL, err);
    else if (strcmp(words[0], "has") == 0 && count == 4)
        status = calo_destination_has(destination, words[1], strtoull(words[2], NULL, 10), words[3], &there, err);
    else if (strcmp(words[0], "get") == 0 && count == 3)
        status = calo_destination_get_bytes(destination, words[1], strtoull(words[2], NULL, 10), &bytes, &size, err);
    else
        status = calo_destination_list(destination, words[1], print_name, NULL, err);
    if (strcmp(words[0], "has") == 0 && status == CALO_OK)
        puts(there ? "there" : "not there");
    if (bytes)
        fwrite(bytes, 1, size, stdout);
    free(bytes);
    calo_destination_close(destination);
    return status;
}

int main(int count, char **words)
{
    calo_error err = {0};
    if (count < 3)
        return 2;
    calo_status status = run(words[1], words + 2, count - 2, &err);
    fprintf(stderr, "%s\n%s\n", calo_status_name(status), err.message);
    return (status == CALO_OK) != (err.message[0] == '\0');
}
