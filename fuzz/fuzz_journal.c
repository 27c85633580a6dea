/* The journal of a data set's run, line by line with its checksums repaired, and run.json: both may be damaged on disk, and
 * facts in them come from workers that a hostile file may have taken over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "dataset/run_file.h"
#include "dataset/tally.h"
#include "fuzz.h"

/* What was read is written, and read again as the same. */
static void round_trip(const calo_line *line)
{
    calo_event_copy copy, again;
    calo_blob blob = {0};
    calo_line second;
    const char *fault;
    fuzz_check(calo_line_copy(line, &copy, NULL) == CALO_OK, "an event can be copied");
    fuzz_check(calo_line_print(&blob, &copy.event, line->synced, NULL) == CALO_OK, "what was read can be written");
    fuzz_check(calo_line_parse((const char *)blob.bytes, blob.size - 1, &second, &fault), "and read again");
    fuzz_check(calo_line_copy(&second, &again, NULL) == CALO_OK, "an event can be copied");
    const char *first_text = copy.event.file_identifier, *second_text = again.event.file_identifier;
    fuzz_check(!first_text == !second_text && (!first_text || strcmp(first_text, second_text) == 0), "a text stays as it is");
    fuzz_check(again.event.kind == copy.event.kind && again.event.reason == copy.event.reason, "an event stays as it is");
    calo_event_copy_finish(&copy);
    calo_event_copy_finish(&again);
    calo_blob_finish(&blob);
}

/* `text` without the checksum. */
static void take_line(calo_tally *tally, const uint8_t *text, size_t size)
{
    char *whole = malloc(size + 32);
    calo_line line;
    calo_error err = {0};
    const char *fault = NULL;
    memcpy(whole, text, size);
    size_t length = size + (size_t)snprintf(whole + size, 32, ",\"check\":\"%08lx\"}", crc32(0, text, (uInt)size));
    if (calo_line_parse(whole, length, &line, &fault)) {
        fuzz_check(calo_tally_line(tally, &line, &err) == CALO_OK || err.message[0], "a failure gives a sentence");
        round_trip(&line);
    } else {
        fuzz_check(fault && fault[0], "a fault has words");
    }
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    calo_tally tally;
    calo_run_file run;
    calo_error err = {0};
    fuzz_check(calo_run_file_parse((const char *)data, size, "fuzz", &run, &err) == CALO_OK || err.message[0],
               "a failure gives a sentence");
    calo_run_file_finish(&run);
    calo_tally_init(&tally);
    for (const uint8_t *at = data, *end = data + size; at < end;) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        take_line(&tally, at, length);
        at += length + 1;
    }
    calo_tally_finish(&tally);
    return 0;
}
