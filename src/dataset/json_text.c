#include "dataset/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

enum { MAX_DEPTH = 32 };

calo_scan calo_scan_start(const char *text, size_t size)
{
    return (calo_scan){.at = text, .end = text + size};
}

static bool fail(calo_scan *scan)
{
    scan->failed = true;
    scan->at = scan->end;
    return false;
}

static void skip_blanks(calo_scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
        scan->at++;
}

char calo_scan_peek(calo_scan *scan)
{
    skip_blanks(scan);
    return scan->at < scan->end ? *scan->at : '\0';
}

static bool take(calo_scan *scan, char expected)
{
    if (calo_scan_peek(scan) != expected)
        return fail(scan);
    scan->at++;
    return true;
}

bool calo_scan_enter(calo_scan *scan, char bracket)
{
    scan->fresh = true;
    return take(scan, bracket);
}

/* Whether another member follows; takes the comma before it, or the bracket that ends them. */
static bool follows(calo_scan *scan, char closing)
{
    bool fresh = scan->fresh;
    scan->fresh = false;
    if (calo_scan_peek(scan) == closing) {
        scan->at++;
        return false;
    }
    return !scan->failed && (fresh || take(scan, ','));
}

bool calo_scan_key(calo_scan *scan, calo_slice *key)
{
    return follows(scan, '}') && calo_scan_string(scan, key) && take(scan, ':');
}

bool calo_scan_item(calo_scan *scan) { return follows(scan, ']') && (calo_scan_peek(scan) || fail(scan)); }

static bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/* The length of the escape at `at`, or 0. */
static size_t escape_length(const char *at, const char *end)
{
    if (end - at < 2 || at[1] == '\0' || !strchr("\"\\/bfnrtu", at[1]))
        return 0;
    if (at[1] != 'u')
        return 2;
    return end - at >= 6 && is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) && is_hex(at[5]) ? 6 : 0;
}

bool calo_scan_string(calo_scan *scan, calo_slice *string)
{
    if (!take(scan, '"'))
        return false;
    const char *at = scan->at;
    while (at < scan->end && *at != '"') {
        if ((unsigned char)*at < 0x20)
            return fail(scan);
        size_t length = *at == '\\' ? escape_length(at, scan->end) : 1;
        if (length == 0)
            return fail(scan);
        at += length;
    }
    if (at == scan->end)
        return fail(scan);
    *string = (calo_slice){scan->at, (size_t)(at - scan->at)};
    scan->at = at + 1;
    return true;
}

/* A number by JSON's grammar. */
static bool number_slice(calo_scan *scan, calo_slice *raw)
{
    const char *start = scan->at, *at = start, *end = scan->end, *digits;
    if (at < end && *at == '-')
        at++;
    for (digits = at; at < end && *at >= '0' && *at <= '9';)
        at++;
    if (at == digits || (*digits == '0' && at - digits > 1))
        return fail(scan);
    if (at < end && *at == '.') {
        for (digits = ++at; at < end && *at >= '0' && *at <= '9';)
            at++;
        if (at == digits)
            return fail(scan);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        for (digits = at; at < end && *at >= '0' && *at <= '9';)
            at++;
        if (at == digits)
            return fail(scan);
    }
    *raw = (calo_slice){start, (size_t)(at - start)};
    scan->at = at;
    return true;
}

bool calo_scan_number(calo_scan *scan, double *value)
{
    calo_slice raw;
    skip_blanks(scan);
    if (!number_slice(scan, &raw))
        return false;
    calo_text text = {raw.start, raw.start + raw.size};
    return calo_text_double(&text, value) || fail(scan);
}

bool calo_scan_unsigned(calo_scan *scan, uint64_t *value)
{
    calo_slice raw;
    uint64_t sum = 0;
    skip_blanks(scan);
    if (!number_slice(scan, &raw))
        return false;
    for (size_t i = 0; i < raw.size; i++) {
        unsigned digit = (unsigned)(unsigned char)raw.start[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(sum, (uint64_t)10, &sum) || __builtin_add_overflow(sum, digit, &sum))
            return fail(scan);
    }
    *value = sum;
    return true;
}

static bool take_word(calo_scan *scan, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
        return fail(scan);
    scan->at += length;
    return true;
}

static bool skip_value(calo_scan *scan, int depth)
{
    calo_slice slice;
    char first = calo_scan_peek(scan);
    if (first == '"')
        return calo_scan_string(scan, &slice);
    if (first == 't' || first == 'f' || first == 'n')
        return take_word(scan, first == 't' ? "true" : first == 'f' ? "false" : "null");
    if (first != '{' && first != '[')
        return number_slice(scan, &slice);
    if (depth == MAX_DEPTH)
        return fail(scan);
    calo_scan_enter(scan, first);
    while (first == '{' ? calo_scan_key(scan, &slice) : calo_scan_item(scan))
        if (!skip_value(scan, depth + 1))
            return false;
    return !scan->failed;
}

bool calo_scan_skip(calo_scan *scan, calo_slice *raw)
{
    skip_blanks(scan);
    const char *start = scan->at;
    if (!skip_value(scan, 0))
        return false;
    *raw = (calo_slice){start, (size_t)(scan->at - start)};
    scan->fresh = false;
    return true;
}

bool calo_scan_ended(calo_scan *scan)
{
    skip_blanks(scan);
    return !scan->failed && scan->at == scan->end;
}

bool calo_slice_is(calo_slice slice, const char *text)
{
    size_t length = strlen(text);
    return slice.size == length && memcmp(slice.start, text, length) == 0;
}

static uint32_t hex_value(const char *digits)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = digits[i];
        value = value * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static size_t put_code(char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)((0xf0u << (4 - length)) | code);
    return length;
}

/* Decodes the \u escape at `at`, with the one behind it where both are a pair; returns how many bytes it takes. */
static size_t decode_unicode(const char *at, const char *end, char **to)
{
    uint32_t code = hex_value(at + 2);
    size_t taken = 6;
    bool pair = code >= 0xd800 && code < 0xdc00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u';
    uint32_t low = pair ? hex_value(at + 8) : 0;
    if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        taken = 12;
    } else if (code >= 0xdc80 && code <= 0xdcff) {
        *(*to)++ = (char)(code - 0xdc00); /* a byte that is not UTF-8 */
        return taken;
    } else if (code == 0 || (code >= 0xd800 && code < 0xe000)) {
        code = 0xfffd;
    }
    *to += put_code(*to, code);
    return taken;
}

size_t calo_slice_decode(calo_slice slice, char *to)
{
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    char *start = to;
    const char *at = slice.start, *end = slice.start + slice.size;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((escape ? escape : end) - at);
        memcpy(to, at, plain);
        to += plain;
        at += plain;
        if (at == end)
            break;
        if (at[1] == 'u') {
            at += decode_unicode(at, end, &to);
            continue;
        }
        for (const char *pair = escapes; *pair; pair += 2)
            if (pair[0] == at[1])
                *to++ = pair[1];
        at += 2;
    }
    *to = '\0';
    return (size_t)(to - start);
}

char *calo_slice_text(calo_slice slice)
{
    char *text = malloc(slice.size + 1);
    if (text)
        calo_slice_decode(slice, text);
    return text;
}

static bool is_plain(uint8_t c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

calo_status calo_json_put_text(calo_blob *blob, const char *text, calo_error *err)
{
    static const char digits[] = "0123456789abcdef";
    size_t most;
    /* Six bytes for one at the worst. */
    if (__builtin_mul_overflow(strlen(text), 6, &most) || __builtin_add_overflow(most, 2, &most))
        return calo_fail(err, CALO_ERROR_LIMIT, "a text of more bytes than a machine can hold");
    char *start = (char *)calo_blob_reserve(blob, most, err), *to = start;
    if (!to)
        return calo_failed(err);
    *to++ = '"';
    for (const char *at = text; *at;) {
        size_t length = calo_utf8_length(at);
        uint8_t c = (uint8_t)*at;
        if (is_plain(c)) {
            *to++ = *at++;
        } else if (c == '"' || c == '\\') {
            *to++ = '\\';
            *to++ = *at++;
        } else if (length > 1) {
            memcpy(to, at, length);
            to += length;
            at += length;
        } else {
            memcpy(to, length == 0 ? "\\udc" : "\\u00", 4);
            to[4] = digits[c >> 4];
            to[5] = digits[c & 15];
            to += 6;
            at++;
        }
    }
    *to++ = '"';
    blob->size += (size_t)(to - start);
    return CALO_OK;
}
