#include "transfer/listing.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { MAX_DEPTH = 16 };

/* The texts that are kept, by the names of the elements around them. */
typedef enum place { PLACE_OTHER, PLACE_KEY, PLACE_TRUNCATED, PLACE_CONTINUATION } place;

typedef struct parsing {
    XML_Parser parser;
    calo_listing *listing;
    calo_blob text;        /* of the element that is being read, as far as it is kept */
    char path[128];        /* "ListBucketResult/Contents/Key" */
    size_t path_ends[MAX_DEPTH];
    size_t depth;
    place at;
    bool is_truncated;
    calo_status status;
    calo_error *err;
} parsing;

static void stop(parsing *p, calo_status status)
{
    p->status = status;
    XML_StopParser(p->parser, XML_FALSE);
}

static place find_place(const char *path)
{
    if (strcmp(path, "/ListBucketResult/Contents/Key") == 0)
        return PLACE_KEY;
    if (strcmp(path, "/ListBucketResult/IsTruncated") == 0)
        return PLACE_TRUNCATED;
    if (strcmp(path, "/ListBucketResult/NextContinuationToken") == 0)
        return PLACE_CONTINUATION;
    return PLACE_OTHER;
}

static void XMLCALL begin_element(void *user, const XML_Char *name, const XML_Char **attributes)
{
    parsing *p = user;
    (void)attributes;
    if (p->status != CALO_OK)
        return;
    size_t used = p->depth > 0 ? p->path_ends[p->depth - 1] : 0, length = strlen(name);
    if (p->depth == MAX_DEPTH || length + 2 > sizeof p->path - used) {
        stop(p, calo_fail(p->err, CALO_ERROR_FORMAT, "elements that no list of keys has"));
        return;
    }
    p->path[used] = '/';
    memcpy(p->path + used + 1, name, length + 1);
    p->path_ends[p->depth++] = used + 1 + length;
    if (p->depth == 1 && strcmp(name, "ListBucketResult") != 0) {
        stop(p, calo_fail(p->err, CALO_ERROR_FORMAT, "it begins with <%.40s>", name));
        return;
    }
    p->at = find_place(p->path);
    p->text.size = 0;
}

static void XMLCALL take_text(void *user, const XML_Char *text, int length)
{
    parsing *p = user;
    if (p->status == CALO_OK && p->at != PLACE_OTHER) {
        calo_status status = calo_blob_append(&p->text, text, (size_t)length, p->err);
        if (status != CALO_OK)
            stop(p, status);
    }
}

static calo_status keep_text(parsing *p)
{
    if (p->at == PLACE_TRUNCATED) {
        p->is_truncated = p->text.size == 4 && memcmp(p->text.bytes, "true", 4) == 0;
        return CALO_OK;
    }
    calo_blob *to = p->at == PLACE_KEY ? &p->listing->keys : &p->listing->continuation;
    if (p->at == PLACE_CONTINUATION)
        to->size = 0;
    calo_status status = calo_blob_append(&p->text, "", 1, p->err);
    return status == CALO_OK ? calo_blob_append(to, p->text.bytes, p->text.size, p->err) : status;
}

static void XMLCALL end_element(void *user, const XML_Char *name)
{
    parsing *p = user;
    (void)name;
    if (p->status != CALO_OK)
        return;
    if (p->at != PLACE_OTHER) {
        calo_status status = keep_text(p);
        if (status != CALO_OK)
            stop(p, status);
    }
    p->at = PLACE_OTHER;
    p->depth--;
    p->path[p->depth > 0 ? p->path_ends[p->depth - 1] : 0] = '\0';
}

/* Lists have no use for them, and small texts can grow without end by them. */
static void XMLCALL refuse_entity(void *user, const XML_Char *name, int is_parameter, const XML_Char *value, int length,
                                  const XML_Char *base, const XML_Char *system_id, const XML_Char *public_id,
                                  const XML_Char *notation)
{
    parsing *p = user;
    (void)name, (void)is_parameter, (void)value, (void)length, (void)base, (void)system_id, (void)public_id;
    (void)notation;
    stop(p, calo_fail(p->err, CALO_ERROR_FORMAT, "an entity is declared in it"));
}

static calo_status check(parsing *p, enum XML_Status read)
{
    if (p->status != CALO_OK)
        return p->status;
    if (read != XML_STATUS_OK)
        return calo_fail(p->err, CALO_ERROR_FORMAT, "not valid XML in line %llu: %s",
                         (unsigned long long)XML_GetCurrentLineNumber(p->parser),
                         XML_ErrorString(XML_GetErrorCode(p->parser)));
    if (p->is_truncated && p->listing->continuation.size < 2)
        return calo_fail(p->err, CALO_ERROR_FORMAT, "it is cut off without saying where to go on");
    if (!p->is_truncated)
        p->listing->continuation.size = 0;
    return CALO_OK;
}

calo_status calo_listing_parse(const void *xml, size_t size, calo_listing *listing, calo_error *err)
{
    parsing p = {.listing = listing, .err = err};
    *listing = (calo_listing){0};
    if (size > INT32_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "a list of %zu bytes", size);
    p.parser = XML_ParserCreate("UTF-8");
    if (!p.parser)
        return calo_fail_memory(err, "an XML parser", 0);
    XML_SetUserData(p.parser, &p);
    XML_SetElementHandler(p.parser, begin_element, end_element);
    XML_SetCharacterDataHandler(p.parser, take_text);
    XML_SetEntityDeclHandler(p.parser, refuse_entity);
    calo_status status = check(&p, XML_Parse(p.parser, xml, (int)size, XML_TRUE));
    XML_ParserFree(p.parser);
    calo_blob_finish(&p.text);
    return status;
}

void calo_listing_finish(calo_listing *listing)
{
    calo_blob_finish(&listing->keys);
    calo_blob_finish(&listing->continuation);
}
