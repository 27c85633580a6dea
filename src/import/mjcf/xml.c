#include "import/mjcf/xml.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- reading ---- */

typedef struct parsing {
    XML_Parser parser;
    calo_arena *arena;
    const char *file;
    calo_mjcf_element *root, *open; /* the element that is being read */
    uint32_t depth;
    calo_error *err;
    calo_status status;
} parsing;

static void stop(parsing *p, calo_status status)
{
    p->status = status;
    XML_StopParser(p->parser, XML_FALSE);
}

static calo_mjcf_element *append(calo_mjcf_element *parent, const char *name, calo_arena *arena, calo_error *err)
{
    calo_mjcf_element *element = CALO_ARENA_TAKE(arena, calo_mjcf_element, 1, "an XML element", err);
    if (!element || !(element->name = calo_arena_text(arena, name, strlen(name), err)))
        return NULL;
    element->parent = parent;
    if (!parent)
        return element;
    element->file = parent->file;
    element->line = parent->line;
    if (parent->last_child)
        parent->last_child->next = element;
    else
        parent->first_child = element;
    parent->last_child = element;
    return element;
}

static calo_mjcf_attribute *new_attribute(const char *name, const char *value, calo_arena *arena, calo_error *err)
{
    calo_mjcf_attribute *attribute = CALO_ARENA_TAKE(arena, calo_mjcf_attribute, 1, "an XML attribute", err);
    if (!attribute || !(attribute->name = calo_arena_text(arena, name, strlen(name), err)) ||
        !(attribute->value = calo_arena_text(arena, value, strlen(value), err)))
        return NULL;
    return attribute;
}

static void XMLCALL begin_element(void *user, const XML_Char *name, const XML_Char **attributes)
{
    parsing *p = user;
    if (p->status != CALO_OK)
        return;
    if (++p->depth > CALO_MJCF_XML_DEPTH) {
        stop(p, calo_fail(p->err, CALO_ERROR_LIMIT, "%s: line %llu: elements stand more than %d deep in each other",
                          p->file, (unsigned long long)XML_GetCurrentLineNumber(p->parser), CALO_MJCF_XML_DEPTH));
        return;
    }
    calo_mjcf_element *element = append(p->open, name, p->arena, p->err);
    if (!element) {
        stop(p, calo_failed(p->err));
        return;
    }
    element->file = p->file;
    element->line = XML_GetCurrentLineNumber(p->parser);
    calo_mjcf_attribute **link = &element->attributes;
    for (; attributes[0]; attributes += 2) {
        *link = new_attribute(attributes[0], attributes[1], p->arena, p->err);
        if (!*link) {
            stop(p, calo_failed(p->err));
            return;
        }
        link = &(*link)->next;
    }
    if (!p->root)
        p->root = element;
    p->open = element;
}

static void XMLCALL end_element(void *user, const XML_Char *name)
{
    parsing *p = user;
    (void)name;
    if (p->status != CALO_OK)
        return;
    p->open = p->open->parent;
    p->depth--;
}

/* MJCF has no use for them, and small files can grow without end by them. */
static void XMLCALL refuse_entity(void *user, const XML_Char *name, int is_parameter, const XML_Char *value, int length,
                                  const XML_Char *base, const XML_Char *system_id, const XML_Char *public_id,
                                  const XML_Char *notation)
{
    parsing *p = user;
    (void)is_parameter, (void)value, (void)length, (void)base, (void)system_id, (void)public_id, (void)notation;
    stop(p, calo_fail(p->err, CALO_ERROR_UNSUPPORTED,
                      "%s: line %llu: the XML entity \"%s\" is declared; entities are not read: write its text instead",
                      p->file, (unsigned long long)XML_GetCurrentLineNumber(p->parser), name));
}

/* Where `what` begins at or behind `at`, or NULL. */
static char *find(char *at, char *end, const char *what)
{
    return at < end ? memmem(at, (size_t)(end - at), what, strlen(what)) : NULL;
}

/* MuJoCo's reader lets comments hold "--", which XML forbids; blanks do no harm. */
static void blank_comments(char *text, size_t size)
{
    char *end = text + size;
    for (char *at = find(text, end, "<!--"); at; at = find(at, end, "<!--")) {
        char *close = find(at + 4, end, "-->");
        if (!close)
            return; /* the reader says so */
        for (close += 3; at < close; at++)
            if (*at != '\n')
                *at = ' ';
    }
}

static calo_status read_text(parsing *p, const char *text, size_t size)
{
    if (size > INT32_MAX)
        return calo_fail(p->err, CALO_ERROR_LIMIT, "%s: %zu bytes of XML are more than can be read", p->file, size);
    XML_SetUserData(p->parser, p);
    XML_SetElementHandler(p->parser, begin_element, end_element);
    XML_SetEntityDeclHandler(p->parser, refuse_entity);
    enum XML_Status read = XML_Parse(p->parser, text, (int)size, XML_TRUE);
    if (p->status != CALO_OK)
        return p->status;
    if (read != XML_STATUS_OK)
        return calo_fail(p->err, CALO_ERROR_FORMAT, "%s: line %llu, column %llu: not valid XML: %s", p->file,
                         (unsigned long long)XML_GetCurrentLineNumber(p->parser),
                         (unsigned long long)XML_GetCurrentColumnNumber(p->parser) + 1,
                         XML_ErrorString(XML_GetErrorCode(p->parser)));
    return CALO_OK;
}

calo_status calo_mjcf_xml_parse(const void *bytes, size_t size, const char *file, calo_arena *arena,
                                calo_mjcf_element **root, calo_error *err)
{
    parsing p = {.arena = arena, .err = err};
    char *text = malloc(size + 1);
    p.parser = XML_ParserCreate(NULL);
    if (!text || !p.parser) {
        p.status = calo_fail_memory(err, "XML text", size);
        goto done;
    }
    memcpy(text, bytes, size);
    blank_comments(text, size);
    p.file = calo_arena_text(arena, file, strlen(file), err);
    p.status = p.file ? CALO_OK : calo_failed(err);
    if (p.status == CALO_OK)
        p.status = read_text(&p, text, size);
    *root = p.root;
done:
    if (p.parser)
        XML_ParserFree(p.parser);
    free(text);
    return p.status;
}

/* ---- looking and changing ---- */

const char *calo_mjcf_xml_get(const calo_mjcf_element *element, const char *name)
{
    for (const calo_mjcf_attribute *a = element->attributes; a; a = a->next)
        if (strcmp(a->name, name) == 0)
            return a->value;
    return NULL;
}

calo_status calo_mjcf_xml_set(calo_mjcf_element *element, const char *name, const char *value, calo_arena *arena,
                              calo_error *err)
{
    calo_mjcf_attribute **link = &element->attributes;
    while (*link && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    if (!*link && !value)
        return CALO_OK;
    if (!*link)
        return (*link = new_attribute(name, value, arena, err)) ? CALO_OK : calo_failed(err);
    (*link)->value = value ? calo_arena_text(arena, value, strlen(value), err) : NULL;
    return value && !(*link)->value ? calo_failed(err) : CALO_OK;
}

calo_mjcf_element *calo_mjcf_xml_add(calo_mjcf_element *parent, const char *name, calo_arena *arena, calo_error *err)
{
    return append(parent, name, arena, err);
}

calo_mjcf_element *calo_mjcf_xml_after(const calo_mjcf_element *root, const calo_mjcf_element *element)
{
    while (element != root && !element->next)
        element = element->parent;
    return element == root ? NULL : element->next;
}

calo_mjcf_element *calo_mjcf_xml_next(const calo_mjcf_element *root, const calo_mjcf_element *element)
{
    return element->first_child ? element->first_child : calo_mjcf_xml_after(root, element);
}

/* ---- writing ---- */

/* Line ends in values are written as references: a reader turns them into blanks otherwise. */
static calo_status write_value(calo_blob *blob, const char *value, calo_error *err)
{
    calo_status status = CALO_OK;
    for (; *value && status == CALO_OK; value++) {
        size_t plain = strcspn(value, "&<>\"\n\r\t");
        status = calo_blob_append(blob, value, plain, err);
        value += plain;
        if (!*value)
            break;
        if (status == CALO_OK)
            status = calo_blob_print(blob, err, "&#%d;", *value);
    }
    return status;
}

/* On the line where it stands in the file, so that MuJoCo's complaints name it; until a file is included. */
static calo_status write_begin(calo_blob *blob, const calo_mjcf_element *element, const char *file, uint64_t *line,
                               calo_error *err)
{
    calo_status status = CALO_OK;
    for (; element->file == file && *line < element->line && status == CALO_OK; (*line)++)
        status = calo_blob_append(blob, "\n", 1, err);
    if (status == CALO_OK)
        status = calo_blob_print(blob, err, "<%s", element->name);
    for (const calo_mjcf_attribute *a = element->attributes; a && status == CALO_OK; a = a->next) {
        if (!a->value)
            continue;
        status = calo_blob_print(blob, err, " %s=\"", a->name);
        if (status == CALO_OK)
            status = write_value(blob, a->value, err);
        if (status == CALO_OK)
            status = calo_blob_append(blob, "\"", 1, err);
    }
    return status == CALO_OK
               ? calo_blob_append(blob, element->first_child ? ">" : "/>", element->first_child ? 1 : 2, err)
               : status;
}

calo_status calo_mjcf_xml_write(const calo_mjcf_element *root, calo_blob *blob, calo_error *err)
{
    const calo_mjcf_element *element = root;
    uint64_t line = 1;
    calo_status status = write_begin(blob, root, root->file, &line, err);
    while (status == CALO_OK) {
        const calo_mjcf_element *child = element->first_child;
        if (!child) {
            while (element != root && !element->next && status == CALO_OK) {
                element = element->parent;
                status = calo_blob_print(blob, err, "</%s>", element->name);
            }
            if (element == root || status != CALO_OK)
                return status;
            child = element->next;
        }
        element = child;
        status = write_begin(blob, element, root->file, &line, err);
    }
    return status;
}
