/* What Redis does in one step. Keys: the run (a hash), its parts (a stream with the group "calotype"), its results (a hash from
 * part number to JSON). ARGV[1] is the hash of the options, ARGV[2] this machine's consumer.
 *
 * Whatever is filled in has a result or stands in the stream: each script leaves it so, and `counts` fills in anew where that
 * is not so, because somebody has removed entries or Redis has lost them. Scripts need Redis 6.2. */
#ifndef CALO_DATASET_QUEUE_SCRIPTS_H
#define CALO_DATASET_QUEUE_SCRIPTS_H

#define QUEUE_SCRIPT_BEGIN \
    "local run, parts, results = KEYS[1], KEYS[2], KEYS[3]\n" \
    "local me = ARGV[2]\n" \
    "if redis.replicate_commands then redis.replicate_commands() end\n"

/* Answers of scripts begin with a word and three counts: filled in, in the stream, done. "gone": there is no such run (any
 * more), which is for QUEUE_SCRIPT_JOIN to find out. */
#define QUEUE_SCRIPT_COMMON \
    QUEUE_SCRIPT_BEGIN \
    "if redis.call('HGET', run, 'options') ~= ARGV[1] then return {'gone', 0, 0, 0} end\n" \
    "local function answer(word)\n" \
    "    local filled = tonumber(redis.call('HGET', run, 'filled'))\n" \
    "    local waiting, done = redis.call('XLEN', parts), redis.call('HLEN', results)\n" \
    "    if waiting + done < filled then\n" \
    "        filled = 0\n" \
    "        redis.call('HSET', run, 'filled', 0)\n" \
    "    end\n" \
    "    return {word, filled, waiting, done}\n" \
    "end\n" \
    "local function value(fields, name)\n" \
    "    for i = 1, #fields, 2 do if fields[i] == name then return fields[i + 1] end end\n" \
    "    return ''\n" \
    "end\n" \
    "local function drop(id)\n" \
    "    redis.call('XACK', parts, 'calotype', id)\n" \
    "    redis.call('XDEL', parts, id)\n" \
    "end\n"

/* ARGV: options, consumer, version, list ("": this machine has none), number of parts. */
#define QUEUE_SCRIPT_JOIN \
    QUEUE_SCRIPT_BEGIN \
    "local have = redis.call('HMGET', run, 'version', 'options', 'list', 'parts', 'filled')\n" \
    "if not have[2] then\n" \
    "    if ARGV[4] == '' then return {'empty', 0, 0, 0, 0} end\n" \
    "    have = {ARGV[3], ARGV[1], ARGV[4], ARGV[5], '0'}\n" \
    "    redis.call('HSET', run, 'version', ARGV[3], 'options', ARGV[1], 'list', ARGV[4], 'parts', ARGV[5], 'filled', 0)\n" \
    "end\n" \
    "if have[1] ~= ARGV[3] then return {'version', 0, 0, 0, 0} end\n" \
    "if have[2] ~= ARGV[1] then return {'options', 0, 0, 0, 0} end\n" \
    "if ARGV[4] ~= '' and (have[3] ~= ARGV[4] or have[4] ~= ARGV[5]) then return {'list', 0, 0, 0, tonumber(have[4])} end\n" \
    "local made = redis.pcall('XGROUP', 'CREATE', parts, 'calotype', '0', 'MKSTREAM')\n" \
    "if made.err and not string.find(made.err, 'BUSYGROUP') then return made end\n" \
    "return {'joined', tonumber(have[5]), redis.call('XLEN', parts), redis.call('HLEN', results), tonumber(have[4])}\n"

/* ARGV: ..., number of the first part, how many may wait, then the parts' JSON. Machines that fill in at the same time, or one
 * after the other, add nothing twice: whose first part is not the next one adds nothing. */
#define QUEUE_SCRIPT_FILL \
    QUEUE_SCRIPT_COMMON \
    "local state = answer('filled')\n" \
    "local from = tonumber(ARGV[3])\n" \
    "if state[2] ~= from or state[3] >= tonumber(ARGV[4]) then return state end\n" \
    "for i = 5, #ARGV do\n" \
    "    local number = string.format('%.0f', from + i - 5)\n" \
    "    if redis.call('HEXISTS', results, number) == 0 then\n" \
    "        redis.call('XADD', parts, '*', 'number', number, 'part', ARGV[i])\n" \
    "    end\n" \
    "end\n" \
    "redis.call('HSET', run, 'filled', string.format('%.0f', from + #ARGV - 4))\n" \
    "return answer('filled')\n"

/* A new part, or one that was given back, or one that fell silent. ARGV: ..., after how many milliseconds of silence ("": this
 * is not asked now). Answers "part", counts, entry, number, JSON, how many times it has been taken; or "none". */
#define QUEUE_SCRIPT_TAKE \
    QUEUE_SCRIPT_COMMON \
    "local function give(entry, times)\n" \
    "    local number = value(entry[2], 'number')\n" \
    "    if redis.call('HEXISTS', results, number) == 1 then\n" \
    "        drop(entry[1])\n" \
    "        return nil\n" \
    "    end\n" \
    "    local state = answer('part')\n" \
    "    for _, what in ipairs({entry[1], number, value(entry[2], 'part'), times}) do table.insert(state, what) end\n" \
    "    return state\n" \
    "end\n" \
    "for i = 1, 64 do\n" \
    "    local got = redis.call('XREADGROUP', 'GROUP', 'calotype', me, 'COUNT', 1, 'STREAMS', parts, '>')\n" \
    "    if not got then break end\n" \
    "    local given = give(got[1][2][1], 1)\n" \
    "    if given then return given end\n" \
    "end\n" \
    "for i = 1, 64 do\n" \
    "    local silence = '0'\n" \
    "    local lost = redis.call('XPENDING', parts, 'calotype', '-', '+', 1, 'given back')[1]\n" \
    "    if not lost and ARGV[3] ~= '' then\n" \
    "        silence = ARGV[3]\n" \
    "        lost = redis.call('XPENDING', parts, 'calotype', 'IDLE', silence, '-', '+', 1)[1]\n" \
    "    end\n" \
    "    if not lost then break end\n" \
    "    local entry = redis.call('XCLAIM', parts, 'calotype', me, silence, lost[1])[1]\n" \
    "    if not entry then drop(lost[1]) end\n" \
    "    local given = entry and give(entry, lost[4] + 1)\n" \
    "    if given then return given end\n" \
    "end\n" \
    "return answer('none')\n"

/* ARGV: ..., number, JSON, entry ("": it was not taken). Answers "first" or "again". */
#define QUEUE_SCRIPT_DONE \
    QUEUE_SCRIPT_COMMON \
    "local first = redis.call('HSETNX', results, ARGV[3], ARGV[4])\n" \
    "if ARGV[5] ~= '' then drop(ARGV[5]) end\n" \
    "return answer(first == 1 and 'first' or 'again')\n"

/* ARGV: ..., entries: those that are still this machine's are so from now on. */
#define QUEUE_SCRIPT_KEEP \
    QUEUE_SCRIPT_COMMON \
    "for i = 3, #ARGV do\n" \
    "    if #redis.call('XPENDING', parts, 'calotype', ARGV[i], ARGV[i], 1, me) == 1 then\n" \
    "        redis.call('XCLAIM', parts, 'calotype', me, 0, ARGV[i], 'JUSTID')\n" \
    "    end\n" \
    "end\n" \
    "return answer('kept')\n"

/* ARGV: ..., "1": taking them was nothing against them, then entries: what this machine is said to have, but these, is
 * anybody's at once. */
#define QUEUE_SCRIPT_RELEASE \
    QUEUE_SCRIPT_COMMON \
    "local known = {}\n" \
    "for i = 4, #ARGV do known[ARGV[i]] = true end\n" \
    "for _, taken in ipairs(redis.call('XPENDING', parts, 'calotype', '-', '+', 10000, me)) do\n" \
    "    if not known[taken[1]] then\n" \
    "        redis.call('XCLAIM', parts, 'calotype', 'given back', 0, taken[1],\n" \
    "                   'RETRYCOUNT', math.max(taken[4] - tonumber(ARGV[3]), 0), 'JUSTID')\n" \
    "    end\n" \
    "end\n" \
    "return answer('released')\n"

/* Forgets the consumer, which has nothing any more. */
#define QUEUE_SCRIPT_LEAVE \
    QUEUE_SCRIPT_COMMON \
    "if #redis.call('XPENDING', parts, 'calotype', '-', '+', 1, me) == 0 then\n" \
    "    redis.call('XGROUP', 'DELCONSUMER', parts, 'calotype', me)\n" \
    "end\n" \
    "return answer('left')\n"

#endif
