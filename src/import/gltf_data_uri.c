#include "import/gltf.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"

bool calo_gltf_is_data_uri(const char *uri)
{
    return strncasecmp(uri, "data:", 5) == 0;
}

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
    static const char base64_mark[] = ";base64";
    const size_t mark_length = sizeof base64_mark - 1;
    const char *comma = strchr(uri, ',');
    if (!comma)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "the data URI has no comma before its data");
    bool base64 = (size_t)(comma - uri) >= mark_length &&
                  strncasecmp(comma - mark_length, base64_mark, mark_length) == 0;
    size_t length = strlen(comma + 1);
    uint8_t *decoded = calo_arena_take(&record->gltf->scratch, length + 1, 1, "a data URI", record->gltf->err);
    if (!decoded)
        return calo_gltf_broken(record->gltf);
    if (!base64)
        *size = decode_percent(comma + 1, decoded);
    else if (!decode_base64(comma + 1, length, decoded, size))
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "the data URI holds a character that is not base64");
    *bytes = decoded;
    return CALO_OK;
}
