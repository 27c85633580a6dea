/* What a pool and its workers tell each other over a socket: the length of a text in 4 bytes (little-endian), then the text,
 * which is JSON. A worker may be anything that a hostile file has made of it, so neither side believes the other. */
#ifndef CALO_DATASET_WORKER_MESSAGE_H
#define CALO_DATASET_WORKER_MESSAGE_H

#include "base/blob.h"
#include "dataset/reason.h"

typedef enum calo_message_kind {
    CALO_MESSAGE_SETUP = 0, /* to a worker, first */
    CALO_MESSAGE_TASK,      /* to a worker, one at a time */
    CALO_MESSAGE_READY,     /* from a worker: it waits for its first task */
    CALO_MESSAGE_REFUSED,   /* from a worker, in place of READY: it cannot start, and ends */
    CALO_MESSAGE_RESULT,    /* from a worker, one a task */
    CALO_MESSAGE_KINDS
} calo_message_kind;

enum { CALO_MESSAGE_MAX_BYTES = 16 << 20, CALO_MESSAGE_MAX_OBJECTS = 1000 };

typedef struct calo_message_object {
    const char *identifier; /* never NULL */
    const char *path;       /* absolute; NULL: left out */
} calo_message_object;

/* Of each kind the fields that are named for it count. Texts are never NULL in a message that was parsed. */
typedef struct calo_message {
    calo_message_kind kind;
    /* SETUP */
    const char *scratch_folder;
    uint64_t threads, memory_bytes; /* 0: no limit */
    uint64_t parent;                /* process */
    bool sandbox, require_sandbox;
    /* TASK */
    uint64_t number;  /* of the sample */
    const char *name; /* of the sample */
    bool thumbnail;   /* TASK: wanted; RESULT: made */
    calo_message_object *objects;
    size_t object_count;
    /* TASK and RESULT */
    uint64_t ticket;
    /* RESULT */
    uint64_t reason; /* a calo_reason */
    bool stop;       /* not the object's fault */
    bool retire;     /* the worker should be replaced */
    const char *file, *facts; /* what was made, in the sample's staging folder; "" of a failure */
    /* REFUSED */
    uint64_t status; /* a calo_status */
    /* READY (how it is held), REFUSED and RESULT */
    const char *words;
    void *memory; /* of a message that was parsed */
} calo_message;

/* Appends the message to `blob`, with its length. Texts that are NULL are sent as "". */
calo_status calo_message_print(const calo_message *message, calo_blob *blob, calo_error *err);
/* From text without the length. The caller finishes the message. */
calo_status calo_message_parse(const void *text, size_t size, calo_message *message, calo_error *err);
void calo_message_finish(calo_message *message);

/* Whether it is an object of JSON in one line. */
bool calo_message_is_json_line(const char *text);

/* What has come of messages. All-zero is empty. */
typedef struct calo_inbox {
    calo_blob bytes;
    size_t max_bytes; /* of a message; 0: CALO_MESSAGE_MAX_BYTES */
    bool ended; /* the other side has closed, or is gone */
} calo_inbox;

/* Reads what is there, once. */
calo_status calo_inbox_read(calo_inbox *inbox, int fd, calo_error *err);
/* The next whole message, if there is one. */
calo_status calo_inbox_take(calo_inbox *inbox, calo_message *message, bool *there, calo_error *err);
void calo_inbox_finish(calo_inbox *inbox);

#endif
