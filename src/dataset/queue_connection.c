#include "dataset/queue_connection.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

enum { CONNECT_MILLISECONDS = 500, MAX_WORDS = 1024 };
static const struct timeval reply_timeout = {2, 0};
static const double first_pause_seconds = 0.1, longest_pause_seconds = 5;

/* ---- the address ---- */

/* Percent-encoded; false where it is not, holds a NUL or does not fit. */
static bool decode(const char *text, size_t size, char *out, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        char byte = text[i];
        if (byte == '%') {
            if (size - i < 3 || !isxdigit((unsigned char)text[i + 1]) || !isxdigit((unsigned char)text[i + 2]))
                return false;
            const char digits[3] = {text[i + 1], text[i + 2], '\0'};
            byte = (char)strtol(digits, NULL, 16);
            i += 2;
        }
        if (!byte)
            return false;
        if (used + 1 >= room)
            return false;
        out[used++] = byte;
    }
    out[used] = '\0';
    return true;
}

static bool parse_login(const char *text, size_t size, calo_redis_address *address)
{
    const char *colon = memchr(text, ':', size);
    if (!colon)
        return false;
    size_t user = (size_t)(colon - text);
    return decode(text, user, address->user, sizeof address->user) &&
           decode(colon + 1, size - user - 1, address->password, sizeof address->password) && *address->password;
}

/* host, host:port, [::1]:port; "" is this machine. */
static bool parse_host(const char *text, size_t size, calo_redis_address *address)
{
    const char *end = text + size, *colon = NULL, *host_end = end;
    bool brackets = size && *text == '[';
    if (brackets) {
        host_end = memchr(text, ']', size);
        if (!host_end)
            return false;
        text++;
        colon = host_end + 1 < end ? host_end + 1 : NULL;
        if (colon && *colon != ':')
            return false;
    } else if ((colon = memchr(text, ':', size))) {
        host_end = colon;
    }
    if (!decode(text, (size_t)(host_end - text), address->host, sizeof address->host))
        return false;
    if (!*address->host)
        strcpy(address->host, "127.0.0.1");
    strcpy(address->port, "6379");
    int64_t port;
    if (colon && (!decode(colon + 1, (size_t)(end - colon) - 1, address->port, sizeof address->port) ||
                  !calo_parse_integer(address->port, &port) || port < 1 || port > 65535))
        return false;
    snprintf(address->label, sizeof address->label, brackets ? "[%s]:%s" : "%s:%s", address->host, address->port);
    return true;
}

static bool parse_database(const char *text, size_t size, calo_redis_address *address)
{
    char digits[8];
    int64_t number = 0;
    if (!decode(text, size, digits, sizeof digits) || (*digits && !calo_parse_integer(digits, &number)) || number < 0)
        return false;
    address->database = (int)number;
    return true;
}

static bool parse_name(const char *query, calo_redis_address *address)
{
    strcpy(address->name, "default");
    if (!query)
        return true;
    if (strncmp(query, "name=", 5) != 0 || !query[5] || strlen(query + 5) >= sizeof address->name)
        return false;
    strcpy(address->name, query + 5);
    return strspn(address->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(address->name);
}

/* The sentence never repeats the URL, which may hold a password. */
calo_status calo_redis_address_parse(const char *url, calo_redis_address *address, calo_error *err)
{
    static const char form[] = "redis://[[user]:password@]host[:port][/database][?name=run]";
    *address = (calo_redis_address){0};
    if (strncmp(url, "rediss://", 9) == 0)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "--queue rediss://...: Redis over TLS is not supported: use redis:// through a tunnel (stunnel, ssh)");
    if (strncmp(url, "redis://", 8) != 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--queue: the address does not begin with redis://: write %s", form);
    const char *rest = url + 8;
    size_t until_query = strcspn(rest, "?"), until_path = strcspn(rest, "/?");
    const char *query = rest[until_query] ? rest + until_query + 1 : NULL;
    const char *at = memrchr(rest, '@', until_path);
    const char *host = at ? at + 1 : rest;
    const char *wrong = NULL;
    if (at && !parse_login(rest, (size_t)(at - rest), address))
        wrong = "user and password (percent-encoded) cannot be read";
    else if (!parse_host(host, (size_t)(rest + until_path - host), address))
        wrong = "host and port cannot be read";
    else if (until_path < until_query && !parse_database(rest + until_path + 1, until_query - until_path - 1, address))
        wrong = "the database is not a number";
    else if (!parse_name(query, address))
        wrong = "what follows \"?\" is not name= and up to 64 letters, digits, \".\", \"_\" or \"-\"";
    return wrong ? calo_fail(err, CALO_ERROR_ARGUMENT, "--queue redis://...: %s: write %s", wrong, form) : CALO_OK;
}

/* ---- the connection ---- */

void calo_redis_close(calo_redis *redis)
{
    if (redis->context)
        redisFree(redis->context);
    redis->context = NULL;
}

calo_status calo_redis_away(calo_redis *redis, const char *why, calo_error *err)
{
    double now = calo_clock_seconds();
    char reason[256];
    snprintf(reason, sizeof reason, "%s", why); /* before the connection goes, which may own it */
    calo_redis_close(redis);
    if (!redis->away_since)
        redis->away_since = now;
    redis->pause = redis->pause ? 2 * redis->pause : first_pause_seconds;
    if (redis->pause > longest_pause_seconds)
        redis->pause = longest_pause_seconds;
    redis->next_try = now + redis->pause;
    snprintf(redis->trouble, sizeof redis->trouble, "Redis at %s is not there (%s)", redis->address.label, reason);
    if (now - redis->away_since <= redis->patience_seconds)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_IO,
                     "Redis at %s has not been there for %.0f seconds (%s): start it, and go on with --resume",
                     redis->address.label, now - redis->away_since, reason);
}

/* 0, or an errno. */
static int connect_within(int fd, const struct addrinfo *to)
{
    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int ready = poll(&wait, 1, CONNECT_MILLISECONDS);
    int problem = 0;
    socklen_t size = sizeof problem;
    if (ready <= 0)
        return ready ? errno : ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) ? errno : problem;
}

/* hiredis would leave the socket to the worker processes that are started later: it is made here. -1 with `why`. */
static int open_socket(const calo_redis_address *address, const char **why)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int problem = getaddrinfo(address->host, address->port, &hints, &found), fd = -1;
    *why = problem ? gai_strerror(problem) : "no address";
    for (struct addrinfo *to = found; to && fd < 0; to = to->ai_next) {
        fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->ai_protocol);
        problem = fd < 0 ? errno : connect_within(fd, to);
        if (problem)
            *why = strerror(problem);
        if (problem && fd >= 0) {
            close(fd);
            fd = -1;
        }
    }
    if (found)
        freeaddrinfo(found);
    if (fd < 0)
        return -1;
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

/* hiredis writes without MSG_NOSIGNAL: a Redis that goes would end the process. */
static bool send_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* NULL when the connection broke, with `why`. */
static redisReply *exchange(calo_redis *redis, const calo_redis_word *words, size_t count, const char **why)
{
    const char *texts[MAX_WORDS];
    size_t sizes[MAX_WORDS];
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].text;
        sizes[i] = words[i].size;
    }
    char *command = NULL;
    int size = redisFormatCommandArgv(&command, (int)count, texts, sizes);
    *why = "no memory for a command";
    if (size < 0)
        return NULL;
    bool sent = send_all(redis->context->fd, command, (size_t)size);
    *why = sent ? "" : strerror(errno);
    redisFreeCommand(command);
    void *reply = NULL;
    if (sent && redisGetReply(redis->context, &reply) != REDIS_OK) {
        *why = errno == EAGAIN ? "no answer in 2 seconds" : redis->context->errstr;
        return NULL;
    }
    return reply;
}

/* What passes by itself: a restart, a full memory or disk of Redis', a replica that takes over; NOGROUP: all is gone and has
 * to be filled in again. Errors within scripts have the server's code in their middle. */
static bool passes(const char *message)
{
    static const char *const codes[] = {"LOADING", "READONLY", "MASTERDOWN", "BUSY ", "OOM ", "MISCONF",
                                        "NOREPLICAS", "CLUSTERDOWN", "TRYAGAIN", "NOGROUP", "max number of clients"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strstr(message, codes[i]))
            return true;
    return false;
}

/* The last: of commands with many words before AUTH. */
static bool wants_password(const char *message)
{
    return strstr(message, "NOAUTH") || strstr(message, "WRONGPASS") || strstr(message, "unauthenticated");
}

/* CALO_OK and NULL: away. */
static calo_status say(calo_redis *redis, const calo_redis_word *words, size_t count, redisReply **reply, calo_error *err)
{
    const char *why;
    *reply = exchange(redis, words, count, &why);
    if (!*reply)
        return calo_redis_away(redis, why, err);
    if ((*reply)->type != REDIS_REPLY_ERROR)
        return CALO_OK;
    calo_status status;
    if (passes((*reply)->str))
        status = calo_redis_away(redis, (*reply)->str, err);
    else if (wants_password((*reply)->str))
        status = calo_fail(err, CALO_ERROR_ARGUMENT, "Redis at %s wants another password (%.200s): write redis://[user]:password@...",
                           redis->address.label, (*reply)->str);
    else
        status = calo_fail(err, CALO_ERROR_IO, "Redis at %s refuses %.20s: %.400s", redis->address.label, words[0].text,
                           (*reply)->str);
    freeReplyObject(*reply);
    *reply = NULL;
    return status;
}

calo_redis_word calo_redis_text(const char *text)
{
    return (calo_redis_word){text, strlen(text)};
}

static calo_status sign_in(calo_redis *redis, calo_error *err)
{
    const calo_redis_address *address = &redis->address;
    redisReply *reply = NULL;
    calo_status status = CALO_OK;
    if (*address->password) {
        calo_redis_word words[3] = {calo_redis_text("AUTH"), calo_redis_text(address->user), calo_redis_text(address->password)};
        if (!*address->user)
            words[1] = words[2];
        status = say(redis, words, *address->user ? 3 : 2, &reply, err);
        freeReplyObject(reply);
    }
    if (!status && redis->context && address->database) {
        char number[16];
        snprintf(number, sizeof number, "%d", address->database);
        const calo_redis_word words[2] = {calo_redis_text("SELECT"), calo_redis_text(number)};
        status = say(redis, words, 2, &reply, err);
        freeReplyObject(reply);
    }
    return status;
}

static calo_status connect_when_due(calo_redis *redis, calo_error *err)
{
    if (redis->context || calo_clock_seconds() < redis->next_try)
        return CALO_OK;
    const char *why;
    int fd = open_socket(&redis->address, &why);
    if (fd < 0)
        return calo_redis_away(redis, why, err);
    redis->context = redisConnectFd(fd);
    if (!redis->context) {
        close(fd);
        return calo_fail_memory(err, "the connection to Redis", sizeof *redis->context);
    }
    redisSetTimeout(redis->context, reply_timeout);
    redis->generation++;
    return sign_in(redis, err);
}

calo_status calo_redis_ask(calo_redis *redis, const calo_redis_word *words, size_t count, redisReply **reply, calo_error *err)
{
    *reply = NULL;
    calo_status status = connect_when_due(redis, err);
    if (status || !redis->context)
        return status;
    status = say(redis, words, count, reply, err);
    if (*reply) {
        redis->away_since = redis->pause = 0;
        *redis->trouble = '\0';
    }
    return status;
}
