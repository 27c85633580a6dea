/* What servers answer to downloads (heads, error documents, pages of keys), and files of credentials: the first byte chooses. */
#include <string.h>

#include "fuzz.h"
#include "transfer/answer.h"
#include "transfer/credentials.h"
#include "transfer/listing.h"

static bool ends_within(const char *text, size_t capacity)
{
    return memchr(text, '\0', capacity) != NULL;
}

static void read_head(const char *text, size_t size)
{
    calo_answer answer;
    calo_answer_reset(&answer);
    for (const char *end = text + size; text < end;) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t length = line_end ? (size_t)(line_end + 1 - text) : (size_t)(end - text);
        calo_answer_add_header(&answer, text, length);
        text += length;
    }
    fuzz_check(ends_within(answer.etag, sizeof answer.etag) && ends_within(answer.region, sizeof answer.region) &&
               ends_within(answer.last_modified, sizeof answer.last_modified), "texts end");
    fuzz_check(strlen(answer.sha256) == 0 || strlen(answer.sha256) == 64, "a hash is whole");
    fuzz_check(answer.body_bytes >= -1 && answer.range_begin >= -1 && answer.range_total >= -1, "sizes are sizes");
}

static void read_error(const char *text, size_t size)
{
    calo_answer answer;
    calo_answer_reset(&answer);
    calo_answer_add_error(&answer, text, size);
    fuzz_check(strlen(answer.error_code) < sizeof answer.error_code && !strpbrk(answer.error_code, "<>& \n"),
               "a code is a word");
}

static void read_page(const char *text, size_t size)
{
    calo_listing listing;
    calo_error err = {0};
    calo_status status = calo_listing_parse(text, size, &listing, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    fuzz_check(listing.keys.size == 0 || listing.keys.bytes[listing.keys.size - 1] == '\0', "the last key ends");
    fuzz_check(listing.continuation.size == 0 || listing.continuation.bytes[listing.continuation.size - 1] == '\0',
               "the continuation ends");
    calo_listing_finish(&listing);
}

static void read_credentials(const char *text, size_t size)
{
    calo_credentials credentials = {0};
    bool found;
    calo_credentials_parse(text, size, "default", &credentials, &found, NULL);
    fuzz_check(found || !credentials.secret_key, "keys are of the profile");
    calo_credentials_finish(&credentials);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *text, size_t size) = {read_head, read_error, read_page, read_credentials};
    if (size > 0)
        readers[data[0] % 4]((const char *)data + 1, size - 1);
    return 0;
}
