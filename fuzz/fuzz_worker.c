/* What a pool and its workers tell each other, both ways: a stream that comes in pieces, or one message's text. What is taken
 * is printed, and read back as the same. */
#include <string.h>

#include "dataset/worker_message.h"
#include "fuzz.h"

static void use(const calo_message *message)
{
    enum { LENGTH_BYTES = 4 };
    calo_blob first = {0}, second = {0};
    calo_message again;
    fuzz_check(calo_message_print(message, &first, NULL) == CALO_OK, "what was read can be printed");
    calo_status status = calo_message_parse(first.bytes + LENGTH_BYTES, first.size - LENGTH_BYTES, &again, NULL);
    fuzz_check(status == CALO_OK && again.kind == message->kind, "and read again");
    fuzz_check(calo_message_print(&again, &second, NULL) == CALO_OK, "and printed again");
    fuzz_check(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0, "as the same");
    if (message->kind == CALO_MESSAGE_RESULT)
        calo_message_is_json_line(message->facts);
    calo_message_finish(&again);
    calo_blob_finish(&first);
    calo_blob_finish(&second);
}

static void use_stream(const uint8_t *data, size_t size, size_t piece)
{
    calo_inbox inbox = {.max_bytes = 1 << 16};
    calo_status status = CALO_OK;
    for (size_t at = 0; at < size && status == CALO_OK; at += piece) {
        bool there = true;
        status = calo_blob_append(&inbox.bytes, data + at, size - at < piece ? size - at : piece, NULL);
        while (status == CALO_OK && there) {
            calo_message message;
            status = calo_inbox_take(&inbox, &message, &there, NULL);
            if (status != CALO_OK || !there)
                break;
            use(&message);
            calo_message_finish(&message);
        }
    }
    calo_inbox_finish(&inbox);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    calo_message message;
    if (size == 0)
        return 0;
    if (data[0] % 2) {
        use_stream(data + 1, size - 1, 1 + data[0] / 2);
    } else if (calo_message_parse(data + 1, size - 1, &message, NULL) == CALO_OK) {
        use(&message);
        calo_message_finish(&message);
    }
    return 0;
}
