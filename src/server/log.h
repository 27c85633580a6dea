/* Lines for operators: one event a line, as text or as JSON. */
#ifndef CALO_SERVER_LOG_H
#define CALO_SERVER_LOG_H

#include <calotype/status.h>

typedef enum calo_log_level {
    CALO_LOG_DEBUG = 0,
    CALO_LOG_INFO,
    CALO_LOG_WARNING,
    CALO_LOG_ERROR,
    CALO_LOG_NOTHING
} calo_log_level;

/* Where lines go. Plain data; any thread may write, a line is one write(). */
typedef struct calo_log {
    int fd;
    bool json;
    calo_log_level least;
} calo_log;

/* A line while it is made. What does not fit is cut off. */
typedef struct calo_log_line {
    const calo_log *log; /* NULL: below the least level */
    size_t length;
    char text[3072];
} calo_log_line;

void calo_log_begin(calo_log_line *line, const calo_log *log, calo_log_level level, const char *event);
/* NULL is left out. */
void calo_log_text(calo_log_line *line, const char *key, const char *value);
void calo_log_count(calo_log_line *line, const char *key, uint64_t value);
void calo_log_milliseconds(calo_log_line *line, const char *key, double seconds);
void calo_log_end(calo_log_line *line);

/* A line of an event and one sentence. */
void calo_log_message(const calo_log *log, calo_log_level level, const char *event, const char *sentence);

#endif
