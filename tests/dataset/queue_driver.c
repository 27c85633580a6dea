/* A machine at a queue in Redis, told what to do by lines on its standard input; it answers each with one line of JSON or
 * more words. test_queue_redis.py plays with some of these.
 *
 *   queue_driver --shard TEXT (says which shard that is)
 *   queue_driver URL OPTIONS_HASH LIST|- CLAIM_SECONDS PATIENCE_SECONDS BACKLOG [CONSUMER]
 *
 * take | done NUMBER JSON | back NUMBER | keep | counts | trouble | results | memory | close | work (all, until the end) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dataset/queue.h"

static void answer(const char *words)
{
    puts(words);
    fflush(stdout);
}

static int failed(const calo_error *err)
{
    printf("error %s\n", err->message);
    return 3;
}

static calo_status take(calo_queue *queue, calo_error *err)
{
    static const char *const words[] = {"part", "later", "end", "spoiled"};
    calo_part part = {0};
    calo_queue_state state;
    calo_status status = calo_queue_take(queue, &part, &state, err);
    if (status)
        return status;
    if (state == CALO_QUEUE_PART || state == CALO_QUEUE_SPOILED)
        printf("%s %" PRIu64 " %s %s\n", words[state], part.number, part.name, part.samples[0].objects[0].file_identifier);
    else
        puts(words[state]);
    calo_part_finish(&part);
    return CALO_OK;
}

static void print_result(void *user, const calo_queue_result *result)
{
    (void)user;
    printf("%" PRIu64 " %s\n", result->part, result->json);
}

static void print_memory(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*s %ld", &pages) != 1)
        pages = -1;
    if (file)
        fclose(file);
    printf("%ld\n", pages * (sysconf(_SC_PAGESIZE) / 1024));
}

/* Takes and finishes parts until there are none; answers how many and how many times another had been first. */
static calo_status work(calo_queue *queue, calo_error *err)
{
    uint64_t made = 0, again = 0;
    calo_queue_state state = CALO_QUEUE_LATER;
    calo_status status = CALO_OK;
    while (!status && state != CALO_QUEUE_END) {
        calo_part part = {0};
        char json[64];
        bool first = false;
        status = calo_queue_take(queue, &part, &state, err);
        if (!status && state == CALO_QUEUE_LATER)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        if (status || (state != CALO_QUEUE_PART && state != CALO_QUEUE_SPOILED))
            continue;
        snprintf(json, sizeof json, "{\"made by\":%ld,\"number\":%" PRIu64 "}", (long)getpid(), part.number);
        status = calo_queue_done(queue, &(calo_queue_result){part.number, json}, &first, err);
        made++;
        again += !first;
        calo_part_finish(&part);
    }
    if (!status)
        printf("made %" PRIu64 " again %" PRIu64 "\n", made, again);
    return status;
}

static calo_status obey(calo_queue *queue, const char *line, calo_error *err)
{
    uint64_t number = 0, done = 0;
    int json = 0;
    bool first;
    calo_status status = CALO_OK;
    if (strcmp(line, "take") == 0)
        return take(queue, err);
    if (strcmp(line, "work") == 0)
        return work(queue, err);
    if (sscanf(line, "done %" SCNu64 " %n", &number, &json) == 1) {
        status = calo_queue_done(queue, &(calo_queue_result){number, line + json}, &first, err);
        if (!status)
            puts(first ? "first" : "again");
    } else if (sscanf(line, "back %" SCNu64, &number) == 1) {
        status = calo_queue_give_back(queue, number, err);
        if (!status)
            puts("ok");
    } else if (strcmp(line, "keep") == 0) {
        status = calo_queue_keep(queue, err);
        if (!status)
            puts("ok");
    } else if (strcmp(line, "counts") == 0) {
        calo_queue_counts(queue, &number, &done);
        printf("%" PRIu64 " %" PRIu64 "\n", number, done);
    } else if (strcmp(line, "trouble") == 0) {
        const char *trouble = calo_queue_trouble(queue);
        puts(trouble ? trouble : "none");
    } else if (strcmp(line, "results") == 0) {
        status = calo_queue_results(queue, print_result, NULL, err);
        if (!status)
            puts("that is all");
    } else if (strcmp(line, "memory") == 0) {
        print_memory();
    } else {
        puts("what?");
    }
    return status;
}

/* The list is kept in the current folder. */
static calo_status open_plan(const char *path, calo_object_list **list, calo_plan **plan, calo_error *err)
{
    const char *const lists[1] = {path};
    const calo_list_options options = {.lists = lists, .list_count = 1};
    calo_status status = calo_object_list_write(&options, ".", NULL, NULL, err);
    if (!status)
        status = calo_object_list_open(".", list, err);
    if (!status)
        status = calo_plan_create(&(calo_plan_options){.package = CALO_PACKAGE_ZIP}, *list, plan, err);
    return status;
}

static int print_shard(const char *text)
{
    calo_error err = {0};
    calo_shard shard;
    const char *found;
    if (calo_shard_parse(text, &shard, &found, &err))
        return failed(&err);
    printf("%u/%u %s\n", shard.index, shard.count, found);
    return 0;
}

int main(int count, char **words)
{
    calo_error err = {0};
    calo_object_list *list = NULL;
    calo_plan *plan = NULL;
    calo_queue *queue = NULL;
    char line[4096];
    if (count == 3 && strcmp(words[1], "--shard") == 0)
        return print_shard(words[2]);
    if (count < 7)
        return 2;
    const calo_redis_options options = {
        .url = words[1],
        .options_hash = words[2],
        .claim_seconds = atof(words[4]),
        .patience_seconds = atof(words[5]),
        .backlog = strtoull(words[6], NULL, 10),
        .consumer = words[7],
    };
    calo_status status = strcmp(words[3], "-") != 0 ? open_plan(words[3], &list, &plan, &err) : CALO_OK;
    if (!status)
        status = calo_queue_open_redis(&options, plan, &queue, &err);
    if (!status)
        answer("open");
    while (!status && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "close") == 0)
            break;
        if (obey(queue, line, &err))
            printf("error %s\n", err.message);
        fflush(stdout);
    }
    calo_queue_close(queue);
    calo_plan_destroy(plan);
    calo_object_list_close(list);
    if (status)
        return failed(&err);
    answer("closed");
    return 0;
}
