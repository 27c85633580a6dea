#include "dataset/fetch_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/blob.h"
#include "base/file.h"
#include "base/hash.h"
#include "dataset/part.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *calo_url_decode(const char *text, size_t length)
{
    char *decoded = malloc(length + 1), *to = decoded;
    if (!decoded)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        int high = text[i] == '%' && i + 2 < length ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0 && (high || low)) {
            *to++ = (char)(high * 16 + low);
            i += 2;
        } else {
            *to++ = text[i];
        }
    }
    *to = '\0';
    return decoded;
}

/* What stands between "://" and the query; keys of s3 have no query. */
static const char *find_body(const char *url, size_t *length)
{
    const char *body = strstr(url, "://");
    body = body ? body + 3 : url;
    body += strncmp(url, "file:///", 8) == 0; /* there is no host */
    *length = strncmp(url, "s3:", 3) == 0 ? strlen(body) : strcspn(body, "?#");
    return body;
}

char *calo_url_file_name(const char *url)
{
    size_t length;
    const char *body = find_body(url, &length), *slash = memrchr(body, '/', length);
    char *name = slash ? calo_url_decode(slash + 1, length - (size_t)(slash + 1 - body)) : strdup("");
    if (!name || calo_name_is_plain(name))
        return name;
    free(name);
    return strdup("object");
}

/* Its ending stays, if it is one: importers look at it. */
static size_t ending_length(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const char *dot = strrchr(name, '.');
    size_t length = dot ? strlen(dot) : 0;
    return length > 1 && length <= 10 && strspn(dot + 1, letters) == length - 1 ? length : 0;
}

/* "na?me.glb" to "na_me-0123456789ab.glb"; malloc'ed. */
static char *make_plain(const char *name, const char *hashed, size_t hashed_length)
{
    enum { STEM_BYTES_MAX = 100, DIGITS = 12 };
    char stem[STEM_BYTES_MAX + 1], digits[65];
    size_t ending = ending_length(name), length = strlen(name) - ending;
    if (length > STEM_BYTES_MAX)
        length = STEM_BYTES_MAX;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        stem[i] = c <= ' ' || c >= 0x7f || c == '/' || c == '\\' || (c == '.' && i == 0) ? '_' : name[i];
    }
    stem[length] = '\0';
    calo_sha256 hash = calo_sha256_of(hashed, hashed_length);
    calo_sha256_text(&hash, digits);
    return calo_text_format("%s-%.*s%s", stem, DIGITS, digits, name + strlen(name) - ending);
}

/* A part of a URL as a name; `hashed_length` is longer than `length` where a query follows. */
static bool append_part(calo_blob *to, const char *part, size_t length, size_t hashed_length)
{
    char *name = calo_url_decode(part, length);
    if (name && (length != hashed_length || !calo_name_is_plain(name))) {
        char *plain = make_plain(name, part, hashed_length);
        free(name);
        name = plain;
    }
    bool good = name && calo_blob_append(to, name, strlen(name), NULL) == CALO_OK;
    free(name);
    return good;
}

char *calo_url_keep_path(const char *url)
{
    calo_blob path = {0};
    size_t length;
    const char *body = find_body(url, &length), *end = body + length;
    bool good = true;
    for (const char *part = body; good && part <= end;) {
        const char *slash = memchr(part, '/', (size_t)(end - part));
        const char *part_end = slash ? slash : end;
        /* The query belongs to the last part's hash. */
        size_t hashed_length = slash ? (size_t)(part_end - part) : strlen(part);
        good = append_part(&path, part, (size_t)(part_end - part), hashed_length) &&
               (!slash || calo_blob_append(&path, "/", 1, NULL) == CALO_OK);
        part = part_end + 1;
    }
    if (good && calo_blob_append(&path, "", 1, NULL) == CALO_OK)
        return (char *)path.bytes;
    calo_blob_finish(&path);
    return NULL;
}
