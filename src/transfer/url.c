#include "transfer/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "transfer/transfer.h"

enum { MAX_SHOWN = 300, SHOWN_BEGIN = 200, SHOWN_END = 90 };

static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

static bool begins_with(const char *text, const char *beginning)
{
    return strncasecmp(text, beginning, strlen(beginning)) == 0;
}

bool calo_url_is_s3(const char *url)
{
    return begins_with(url, "s3://");
}

bool calo_transfer_is_url(const char *location)
{
    return begins_with(location, "http://") || begins_with(location, "https://") || calo_url_is_s3(location);
}

/* Where the host (and what stands before it) begins, and its end. */
static const char *find_authority(const char *url, const char **end)
{
    const char *authority = strstr(url, "://");
    authority = authority ? authority + 3 : url;
    *end = authority + strcspn(authority, "/?#");
    return authority;
}

char *calo_url_shown(const char *url)
{
    const char *end, *host = find_authority(url, &end), *authority = host;
    size_t length = strlen(end);
    if (!calo_url_is_s3(url)) { /* in S3's keys, '?' and '#' are letters like others */
        for (const char *at = authority; at < end; at++)
            if (*at == '@')
                host = at + 1;
        length = strcspn(end, "?#");
    }
    char *shown = calo_text_format("%.*s%.*s", (int)(authority - url), url, (int)(end + length - host), host);
    if (!shown)
        return NULL;
    for (char *at = shown; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    length = strlen(shown);
    if (length > MAX_SHOWN) {
        memcpy(shown + SHOWN_BEGIN, "...", 3);
        memmove(shown + SHOWN_BEGIN + 3, shown + length - SHOWN_END, SHOWN_END + 1);
    }
    return shown;
}

char *calo_url_mended(const char *url)
{
    const char *end;
    find_authority(url, &end);
    char *mended = malloc(3 * strlen(url) + 1), *to = mended;
    if (!mended)
        return NULL;
    for (const char *at = url; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (at >= end && (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c)))
            to += sprintf(to, "%%%02X", c);
        else
            *to++ = *at;
    }
    *to = '\0';
    return mended;
}

calo_status calo_url_encode(calo_blob *blob, const char *text, bool keep_slashes, calo_error *err)
{
    calo_status status = CALO_OK;
    while (*text && status == CALO_OK) {
        size_t plain = strspn(text, unreserved);
        if (plain > 0)
            status = calo_blob_append(blob, text, plain, err);
        else if (*text == '/' && keep_slashes)
            status = calo_blob_append(blob, text, plain = 1, err);
        else
            status = calo_blob_print(blob, err, "%%%02X", (unsigned char)*text), plain = 1;
        text += plain;
    }
    return status;
}
