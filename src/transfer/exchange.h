/* One request and its answer, by libcurl: connections, timeouts, redirections. What answers mean is for others to say. */
#ifndef CALO_TRANSFER_EXCHANGE_H
#define CALO_TRANSFER_EXCHANGE_H

#include "transfer/answer.h"

typedef enum calo_exchange_end {
    CALO_EXCHANGE_ANSWERED = 0, /* the whole answer is here, whatever its code */
    CALO_EXCHANGE_BROKEN,       /* another try may help; `why` says what happened */
    CALO_EXCHANGE_IMPOSSIBLE,   /* another try does not help; `why` */
    CALO_EXCHANGE_STALLED,
    CALO_EXCHANGE_LATE,         /* the deadline passed */
    CALO_EXCHANGE_CANCELLED,
    CALO_EXCHANGE_STOPPED,      /* `take` or the file that is sent said so */
} calo_exchange_end;

typedef struct calo_exchange {
    const char *method;           /* "GET", "HEAD" or "PUT" */
    const char *url;
    const char *const *headers;   /* "name: value", NULL at the end; NULL: none */
    bool is_exact;                /* the path as it is, no redirections: what a signature needs */
    int file;                     /* PUT: what is sent, from its beginning */
    uint64_t file_bytes;
    /* Takes the body of a 2xx answer: 0 bytes when its head is here, then pieces; false stops. Other bodies are not shown. */
    bool (*take)(void *user, const calo_answer *answer, const void *bytes, size_t size);
    void *user;
    double stall_seconds;
    double deadline;              /* by calo_clock_seconds */
    bool (*cancelled)(void *user); /* NULL: never; asked ten times a second */
    void *cancelled_user;
} calo_exchange;

/* Connections that are kept from exchange to exchange. One thread at a time. */
typedef struct calo_connection calo_connection;

calo_status calo_connection_create(calo_connection **connection, calo_error *err);
void calo_connection_destroy(calo_connection *connection);

/* `why`: a few words without secrets, where the end asks for them. */
calo_exchange_end calo_connection_exchange(calo_connection *connection, const calo_exchange *exchange,
                                           calo_answer *answer, char why[256]);

#endif
