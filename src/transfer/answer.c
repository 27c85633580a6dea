#include "transfer/answer.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

void calo_answer_reset(calo_answer *answer)
{
    *answer = (calo_answer){.body_bytes = -1, .range_begin = -1, .range_total = -1};
}

/* Values that do not fit are as good as none. */
static void keep_value(char *to, size_t capacity, const char *value, size_t length)
{
    to[0] = '\0';
    if (length < capacity && !memchr(value, '\0', length)) {
        memcpy(to, value, length);
        to[length] = '\0';
    }
}

/* "bytes 100-199/200" or "bytes 100-199/ *" (without the blank). */
static void keep_range(calo_answer *answer, const char *value, size_t length)
{
    static const char unit[] = "bytes ";
    calo_text text = {value, value + length};
    int64_t begin, last, total = -1;
    if (length < sizeof unit - 1 || strncasecmp(value, unit, sizeof unit - 1) != 0)
        return;
    text.at += sizeof unit - 1;
    if (!calo_text_integer(&text, &begin) || begin < 0 || text.at == text.end || *text.at++ != '-' ||
        !calo_text_integer(&text, &last) || last < begin || text.at == text.end || *text.at++ != '/')
        return;
    if (calo_text_integer(&text, &total) && total <= last)
        return;
    answer->range_begin = begin;
    answer->range_total = total;
}

static void keep_sha256(char *to, const char *value, size_t length)
{
    keep_value(to, 65, value, length);
    if (length != 64 || strspn(to, "0123456789abcdef") != 64)
        to[0] = '\0';
}

static void keep_length(calo_answer *answer, const char *value, size_t length)
{
    calo_text text = {value, value + length};
    int64_t bytes;
    if (calo_text_integer(&text, &bytes) && text.at == text.end && bytes >= 0)
        answer->body_bytes = bytes;
}

void calo_answer_add_header(calo_answer *answer, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    if (!colon)
        return;
    size_t name_length = (size_t)(colon - line);
    const char *value = colon + 1, *end = line + size;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    size_t length = (size_t)(end - value);
#define IS(name) (name_length == sizeof name - 1 && strncasecmp(line, name, name_length) == 0)
    if (IS("content-length"))
        keep_length(answer, value, length);
    else if (IS("transfer-encoding"))
        answer->is_chunked = true;
    else if (IS("etag"))
        keep_value(answer->etag, sizeof answer->etag, value, length);
    else if (IS("last-modified"))
        keep_value(answer->last_modified, sizeof answer->last_modified, value, length);
    else if (IS("content-range"))
        keep_range(answer, value, length);
    else if (IS("x-amz-meta-sha256"))
        keep_sha256(answer->sha256, value, length);
    else if (IS("x-amz-bucket-region"))
        keep_value(answer->region, sizeof answer->region, value, length);
#undef IS
}

void calo_answer_add_error(calo_answer *answer, const char *body, size_t size)
{
    static const char tag[] = "<Code>";
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const char *end = body + size, *code = size > 0 ? memmem(body, size, tag, sizeof tag - 1) : NULL;
    if (!code)
        return;
    size_t length = 0;
    code += sizeof tag - 1;
    while (code + length < end && code[length] && strchr(letters, code[length]))
        length++;
    if (code + length < end && code[length] == '<')
        keep_value(answer->error_code, sizeof answer->error_code, code, length);
}

bool calo_answer_is_good(const calo_answer *answer)
{
    return answer->code >= 200 && answer->code < 300;
}
