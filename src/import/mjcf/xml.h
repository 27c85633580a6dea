/* XML as MJCF uses it: elements and attributes. Text between them, comments and processing instructions are dropped. */
#ifndef CALO_IMPORT_MJCF_XML_H
#define CALO_IMPORT_MJCF_XML_H

#include "base/arena.h"
#include "base/blob.h"

typedef struct calo_mjcf_attribute {
    const char *name, *value; /* value NULL: taken away */
    struct calo_mjcf_attribute *next;
} calo_mjcf_attribute;

typedef struct calo_mjcf_element {
    const char *name;
    const char *file; /* where it stands, for messages */
    uint64_t line;
    calo_mjcf_attribute *attributes; /* in the file's order */
    struct calo_mjcf_element *parent, *first_child, *last_child, *next;
} calo_mjcf_element;

/* How deep elements may stand in each other: what MuJoCo's own reader allows. */
enum { CALO_MJCF_XML_DEPTH = 500 };

/* The root element; everything lives in the arena. `file` is kept, too. Declarations of entities are refused. */
calo_status calo_mjcf_xml_parse(const void *bytes, size_t size, const char *file, calo_arena *arena,
                                calo_mjcf_element **root, calo_error *err);

/* The attribute's value, or NULL. */
const char *calo_mjcf_xml_get(const calo_mjcf_element *element, const char *name);

/* Sets an attribute to a copy of the value; NULL takes it away. */
calo_status calo_mjcf_xml_set(calo_mjcf_element *element, const char *name, const char *value, calo_arena *arena,
                              calo_error *err);

/* A child, appended. NULL with `err` filled when memory ends. */
calo_mjcf_element *calo_mjcf_xml_add(calo_mjcf_element *parent, const char *name, calo_arena *arena, calo_error *err);

/* The element that follows in the file's order within `root`, its children first; NULL: none. */
calo_mjcf_element *calo_mjcf_xml_next(const calo_mjcf_element *root, const calo_mjcf_element *element);
/* The same, but without going into the element. */
calo_mjcf_element *calo_mjcf_xml_after(const calo_mjcf_element *root, const calo_mjcf_element *element);

calo_status calo_mjcf_xml_write(const calo_mjcf_element *root, calo_blob *blob, calo_error *err);

#endif
