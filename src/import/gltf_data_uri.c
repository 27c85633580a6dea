#include "import/gltf.h"

#include <string.h>
#include <strings.h>

#include "base/blob.h"
#include "base/error.h"
#include "base/text.h"

bool calo_gltf_is_data_uri(const char *uri)
{
    return strncasecmp(uri, "data:", 5) == 0;
}

/* ---- long ones are cut out of the JSON ---- */

enum { LEAST_CUT = 256 };

/* Behind the comma of a base64 URI; NULL when the string [at, end) is none. */
static const char *base64_digits(const char *at, const char *end)
{
    static const char mark[] = ";base64";
    const char *comma = end - at >= 5 && calo_gltf_is_data_uri(at) ? memchr(at, ',', (size_t)(end - at)) : NULL;
    bool marked = comma && (size_t)(comma - at) >= sizeof mark - 1 &&
                  strncasecmp(comma - (sizeof mark - 1), mark, sizeof mark - 1) == 0;
    return marked ? comma + 1 : NULL;
}

/* Characters that a JSON string holds as they are. */
static bool is_plain(const char *at, const char *end)
{
    unsigned odd = 0;
    for (; at < end; at++)
        odd |= ((uint8_t)*at < 0x20) | ((uint8_t)*at > 0x7e) | (*at == '\\');
    return !odd;
}

/* The quote that ends the string whose first character is at `at`; NULL when there is none. */
static const char *string_end(const char *at, const char *end)
{
    const char *start = at;
    for (;; at++) {
        at = memchr(at, '"', (size_t)(end - at));
        const char *slash = at;
        while (at && slash > start && slash[-1] == '\\')
            slash--;
        if (!at || (at - slash) % 2 == 0)
            return at;
    }
}

calo_status calo_gltf_cut_payloads(calo_gltf *gltf, const char *text, size_t size, calo_blob *rest)
{
    const char *end = text + size, *kept = text;
    calo_status status = CALO_OK;
    for (const char *at = text; status == CALO_OK && (at = memchr(at, '"', (size_t)(end - at)));) {
        const char *start = at + 1, *stop = string_end(start, end);
        if (!stop)
            break;
        at = stop + 1;
        const char *digits = stop - start > LEAST_CUT ? base64_digits(start, stop) : NULL;
        if (!digits || !is_plain(start, stop))
            continue;
        calo_gltf_payload payload = {digits, (size_t)(stop - digits)};
        status = calo_blob_append(rest, kept, (size_t)(digits - kept), gltf->err);
        if (status == CALO_OK)
            status = calo_blob_print(rest, gltf->err, "@%zu", gltf->payloads.size / sizeof payload);
        if (status == CALO_OK)
            status = calo_blob_append(&gltf->payloads, &payload, sizeof payload, gltf->err);
        kept = stop;
    }
    if (status == CALO_OK)
        status = calo_blob_append(rest, kept, (size_t)(end - kept), gltf->err);
    return status == CALO_OK ? CALO_OK : calo_gltf_broken(gltf);
}

/* A base64 URI's digits, also those that were cut out. */
static calo_gltf_payload find_payload(const calo_gltf *gltf, const char *digits)
{
    calo_text text = {digits + 1, digits + strlen(digits)};
    int64_t index;
    size_t count = gltf->payloads.size / sizeof(calo_gltf_payload);
    if (digits[0] == '@' && calo_text_integer(&text, &index) && index >= 0 && (uint64_t)index < count)
        return ((const calo_gltf_payload *)(const void *)gltf->payloads.bytes)[index];
    return (calo_gltf_payload){digits, strlen(digits)};
}

/* ---- decoding ---- */

/* Both alphabets of RFC 4648; -1: not a digit. */
static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Four digits at a time through a table, the rest and all oddities one by one. */
static bool decode_base64(const char *text, size_t length, uint8_t *bytes, size_t *size)
{
    int8_t digits[256];
    for (int i = 0; i < 256; i++)
        digits[i] = (int8_t)base64_digit((char)i);
    const uint8_t *at = (const uint8_t *)text, *end = at + length;
    uint8_t *to = bytes;
    for (; end - at >= 4; at += 4, to += 3) {
        int a = digits[at[0]], b = digits[at[1]], c = digits[at[2]], d = digits[at[3]];
        if ((a | b | c | d) < 0)
            break;
        to[0] = (uint8_t)(a << 2 | b >> 4);
        to[1] = (uint8_t)(b << 4 | c >> 2);
        to[2] = (uint8_t)(c << 6 | d);
    }
    uint32_t bits = 0, bit_count = 0;
    for (; at < end && *at != '='; at++) {
        if (*at == '\n' || *at == '\r' || *at == ' ' || *at == '\t')
            continue;
        if (digits[*at] < 0)
            return false;
        bits = bits << 6 | (uint32_t)digits[*at];
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            *to++ = (uint8_t)(bits >> bit_count);
        }
    }
    *size = (size_t)(to - bytes);
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t decode_percent(const char *text, uint8_t *bytes)
{
    size_t size = 0;
    for (; *text; text++) {
        int high = text[0] == '%' ? hex_digit(text[1]) : -1;
        int low = high >= 0 ? hex_digit(text[2]) : -1;
        bytes[size++] = low >= 0 ? (uint8_t)(high * 16 + low) : (uint8_t)text[0];
        if (low >= 0)
            text += 2;
    }
    return size;
}

calo_status calo_gltf_data_uri(const calo_gltf_record *record, const char *uri, const uint8_t **bytes, size_t *size)
{
    const char *comma = strchr(uri, ',');
    if (!comma)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "the data URI has no comma before its data");
    const char *digits = base64_digits(uri, uri + strlen(uri));
    calo_gltf_payload payload = {comma + 1, strlen(comma + 1)};
    if (digits)
        payload = find_payload(record->gltf, digits);
    uint8_t *decoded = calo_arena_take(&record->gltf->scratch, payload.length + 1, 1, "a data URI", record->gltf->err);
    if (!decoded)
        return calo_gltf_broken(record->gltf);
    if (!digits)
        *size = decode_percent(comma + 1, decoded);
    else if (!decode_base64(payload.digits, payload.length, decoded, size))
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "the data URI holds a character that is not base64");
    *bytes = decoded;
    return CALO_OK;
}
