#include "transfer/exchange.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

enum { MAX_REDIRECTIONS = 10, POLL_MS = 100, BUFFER_BYTES = 1 << 17, MAX_ERROR_BODY_BYTES = 4096 };

struct calo_connection {
    CURLM *multi;
    CURL *easy;
};

/* An exchange under way. */
typedef struct conversation {
    const calo_exchange *exchange;
    calo_answer *answer;
    CURL *easy;
    struct curl_slist *headers;
    double moved_at;   /* when a byte moved last */
    off_t sent;
    bool has_head;     /* of the good answer */
    bool is_stopped;
    char error_body[MAX_ERROR_BODY_BYTES];
    size_t error_body_bytes;
    char error_text[CURL_ERROR_SIZE];
} conversation;

calo_status calo_connection_create(calo_connection **connection, calo_error *err)
{
    *connection = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return calo_fail_memory(err, "libcurl", 0);
    calo_connection *made = calloc(1, sizeof *made);
    if (made) {
        made->multi = curl_multi_init();
        made->easy = curl_easy_init();
    }
    if (!made || !made->multi || !made->easy) {
        if (made)
            calo_connection_destroy(made);
        else
            curl_global_cleanup();
        return calo_fail_memory(err, "connections", sizeof *made);
    }
    *connection = made;
    return CALO_OK;
}

void calo_connection_destroy(calo_connection *connection)
{
    if (!connection)
        return;
    if (connection->easy)
        curl_easy_cleanup(connection->easy);
    if (connection->multi)
        curl_multi_cleanup(connection->multi);
    free(connection);
    curl_global_cleanup();
}

/* ---- the answer's head ---- */

/* What libcurl knows by itself. */
static void complete_head(conversation *talk)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(talk->easy, CURLINFO_RESPONSE_CODE, &talk->answer->code);
    if (curl_easy_getinfo(talk->easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
        talk->answer->retry_after_seconds = (double)seconds;
    if (talk->answer->is_chunked)
        talk->answer->body_bytes = -1; /* then a length says nothing (RFC 9112, 6.3) */
}

static bool hand_on(conversation *talk, const void *bytes, size_t size)
{
    const calo_exchange *exchange = talk->exchange;
    if (calo_answer_is_good(talk->answer) && exchange->take && !exchange->take(exchange->user, talk->answer, bytes, size))
        talk->is_stopped = true;
    return !talk->is_stopped;
}

/* Line by line, up to an empty one; of a redirection, and of "100 Continue", before those of the answer itself. */
static size_t take_header(char *line, size_t one, size_t size, void *user)
{
    conversation *talk = user;
    (void)one;
    talk->moved_at = calo_clock_seconds();
    if (talk->has_head)
        return size; /* what comes behind chunks */
    if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        calo_answer_reset(talk->answer);
    } else if (size > 0 && (line[0] == '\r' || line[0] == '\n')) {
        complete_head(talk);
        talk->has_head = calo_answer_is_good(talk->answer);
        return hand_on(talk, "", 0) ? size : 0;
    } else {
        calo_answer_add_header(talk->answer, line, size);
    }
    return size;
}

/* ---- bodies ---- */

static size_t take_body(char *bytes, size_t one, size_t size, void *user)
{
    conversation *talk = user;
    (void)one;
    talk->moved_at = calo_clock_seconds();
    if (size > 0 && !hand_on(talk, bytes, size))
        return 0;
    if (!calo_answer_is_good(talk->answer)) {
        size_t room = MAX_ERROR_BODY_BYTES - talk->error_body_bytes, kept = size < room ? size : room;
        memcpy(talk->error_body + talk->error_body_bytes, bytes, kept);
        talk->error_body_bytes += kept;
    }
    return size;
}

static size_t give_file(char *bytes, size_t one, size_t capacity, void *user)
{
    conversation *talk = user;
    ssize_t got = pread(talk->exchange->file, bytes, one * capacity, talk->sent);
    talk->moved_at = calo_clock_seconds();
    if (got < 0 || (got == 0 && (uint64_t)talk->sent < talk->exchange->file_bytes)) {
        talk->is_stopped = true;
        return CURL_READFUNC_ABORT;
    }
    talk->sent += got;
    return (size_t)got;
}

/* To begin anew on a fresh connection, when a kept one turns out to be closed. */
static int seek_file(void *user, curl_off_t offset, int origin)
{
    conversation *talk = user;
    if (origin != SEEK_SET || offset < 0)
        return CURL_SEEKFUNC_FAIL;
    talk->sent = offset;
    return CURL_SEEKFUNC_OK;
}

/* ---- the request ---- */

static bool add_headers(conversation *talk)
{
    for (const char *const *header = talk->exchange->headers; header && *header; header++) {
        struct curl_slist *more = curl_slist_append(talk->headers, *header);
        if (!more)
            return false;
        talk->headers = more;
    }
    return true;
}

static void set_method(CURL *easy, const calo_exchange *exchange)
{
    if (strcmp(exchange->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (strcmp(exchange->method, "PUT") == 0) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)exchange->file_bytes);
    }
}

/* All that can fail for want of memory: false. */
static bool set_texts(CURL *easy, conversation *talk)
{
    return add_headers(talk) && curl_easy_setopt(easy, CURLOPT_URL, talk->exchange->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "calotype/" CALO_VERSION) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, talk->headers) == CURLE_OK;
}

static bool set_options(CURL *easy, conversation *talk)
{
    curl_easy_reset(easy);
    if (!set_texts(easy, talk))
        return false;
    set_method(easy, talk->exchange);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, talk->exchange->is_exact ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, talk->exchange->is_exact ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTIONS);
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a name server that does not answer holds up nobody who cancels */
#endif
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, talk);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, talk);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_file);
    curl_easy_setopt(easy, CURLOPT_READDATA, talk);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_file);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, talk);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, talk->error_text);
    return true;
}

/* ---- the exchange ---- */

/* CURLE_OK and `*end` where it did not come to a result. */
static CURLcode perform(calo_connection *connection, conversation *talk, calo_exchange_end *end)
{
    const calo_exchange *exchange = talk->exchange;
    for (;;) {
        int running = 0, waiting = 0;
        if (curl_multi_perform(connection->multi, &running) != CURLM_OK)
            return CURLE_OUT_OF_MEMORY;
        CURLMsg *message = curl_multi_info_read(connection->multi, &waiting);
        if (message && message->msg == CURLMSG_DONE)
            return message->data.result;
        double now = calo_clock_seconds();
        if (exchange->cancelled && exchange->cancelled(exchange->cancelled_user))
            *end = CALO_EXCHANGE_CANCELLED;
        else if (now >= exchange->deadline)
            *end = CALO_EXCHANGE_LATE;
        else if (now >= talk->moved_at + exchange->stall_seconds)
            *end = CALO_EXCHANGE_STALLED;
        if (*end != CALO_EXCHANGE_ANSWERED)
            return CURLE_OK;
        curl_multi_poll(connection->multi, NULL, 0, POLL_MS, NULL);
    }
}

/* Whether it is of the URL, the server's settings or this machine's, and so the same at the next try. */
static bool is_lasting(CURLcode code)
{
    switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_BAD_FUNCTION_ARGUMENT:
        return true;
    default:
        return false;
    }
}

static calo_exchange_end end_of(conversation *talk, CURLcode code, char why[256])
{
    if (talk->is_stopped)
        return CALO_EXCHANGE_STOPPED;
    snprintf(why, 256, "%s", talk->error_text[0] ? talk->error_text : curl_easy_strerror(code));
    if (code != CURLE_OK)
        return is_lasting(code) ? CALO_EXCHANGE_IMPOSSIBLE : CALO_EXCHANGE_BROKEN;
    calo_answer_add_error(talk->answer, talk->error_body, talk->error_body_bytes);
    return CALO_EXCHANGE_ANSWERED;
}

calo_exchange_end calo_connection_exchange(calo_connection *connection, const calo_exchange *exchange,
                                           calo_answer *answer, char why[256])
{
    conversation talk = {.exchange = exchange, .answer = answer, .easy = connection->easy,
                         .moved_at = calo_clock_seconds()};
    calo_exchange_end end = CALO_EXCHANGE_ANSWERED;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    why[0] = '\0';
    calo_answer_reset(answer);
    if (set_options(connection->easy, &talk) &&
        curl_multi_add_handle(connection->multi, connection->easy) == CURLM_OK) {
        code = perform(connection, &talk, &end);
        curl_multi_remove_handle(connection->multi, connection->easy);
    }
    if (end == CALO_EXCHANGE_ANSWERED)
        end = end_of(&talk, code, why);
    curl_easy_setopt(connection->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(connection->easy, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(talk.headers);
    return end;
}
