#include "transfer/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "transfer/url.h"

calo_status calo_place_open(calo_transfer *transfer, const char *url, bool needs_key, calo_place *place, calo_error *err)
{
    *place = (calo_place){.transfer = transfer, .shown = calo_url_shown(url)};
    if (!place->shown)
        return calo_fail_memory(err, "a URL", strlen(url));
    if (!calo_transfer_is_url(url))
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: only http://, https:// and s3:// are read", place->shown);
    if (calo_url_is_s3(url)) {
        calo_status status = calo_s3_place_parse(url, needs_key, &place->s3, err);
        if (status == CALO_OK && !transfer->s3)
            status = calo_s3_create(&transfer->options, &transfer->s3, err);
        return status;
    }
    place->url = calo_url_mended(url);
    return place->url ? CALO_OK : calo_fail_memory(err, "a URL", strlen(url));
}

void calo_place_finish(calo_place *place)
{
    calo_s3_place_finish(&place->s3);
    free(place->shown);
    free(place->url);
    *place = (calo_place){0};
}

void calo_place_lines_finish(calo_place_lines *lines)
{
    free(lines->texts[0]);
    free(lines->texts[1]);
    *lines = (calo_place_lines){0};
}

calo_status calo_place_ask(calo_place *place, const char *method, const char *range, const char *if_range,
                           calo_place_lines *lines, calo_exchange *exchange, calo_error *err)
{
    calo_place_lines_finish(lines);
    if (!place->url) {
        const calo_s3_request request = {.method = method, .bucket = place->s3.bucket, .key = place->s3.key,
                                         .range = range, .if_range = if_range};
        return calo_s3_prepare(place->transfer->s3, &request, time(NULL), exchange, err);
    }
    exchange->method = method;
    exchange->url = place->url;
    if (range) {
        lines->headers[0] = lines->texts[0] = calo_text_format("range: %s", range);
        lines->headers[1] = lines->texts[1] = calo_text_format("if-range: %s", if_range);
        if (!lines->texts[0] || !lines->texts[1])
            return calo_fail_memory(err, "a request", 0);
        exchange->headers = lines->headers;
    }
    return CALO_OK;
}
