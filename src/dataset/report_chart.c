/* Speed over time: a bar a stretch, what was rendered below, what failed above. */
#include "dataset/live.h"
#include "dataset/report_data.h"

enum { WIDTH = 1000, HEIGHT = 240, LEFT = 64, RIGHT = 12, TOP = 12, BOTTOM = 28, TICKS = 4 };

/* The least of 1, 2, 5, 10 ... (by powers of ten) that is not below `value`. */
static double round_up(double value)
{
    static const double steps[] = {1, 2, 5};
    double power = 1;
    while (power > value)
        power /= 10;
    while (power * 10 < value)
        power *= 10;
    for (int i = 0; i < 3; i++)
        if (steps[i] * power >= value)
            return steps[i] * power;
    return 10 * power;
}

typedef struct chart {
    const calo_tally *tally;
    double seconds, most; /* what the axes reach; most: samples a second */
    size_t count;         /* of bars */
} chart;

static double x_of(const chart *c, double seconds) { return LEFT + (WIDTH - LEFT - RIGHT) * seconds / c->seconds; }
static double height_of(const chart *c, double rate) { return (HEIGHT - TOP - BOTTOM) * rate / c->most; }

static void put_rates(const chart *c, FILE *to)
{
    for (int i = 0; i <= TICKS; i++) {
        double rate = c->most * i / TICKS, y = HEIGHT - BOTTOM - height_of(c, rate);
        fprintf(to, "<line class=\"rule\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT, y, y);
        fprintf(to, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", LEFT - 8, y + 4, rate);
    }
}

static void put_times(const chart *c, FILE *to)
{
    char text[32];
    for (int i = 0; i <= TICKS; i++) {
        double seconds = c->seconds * i / TICKS;
        fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", x_of(c, seconds), HEIGHT - 8,
                i == 0 ? "start" : i == TICKS ? "end" : "middle", i == 0 ? "0" : calo_duration_text(seconds, text));
    }
}

static void put_bar(const chart *c, size_t i, FILE *to)
{
    double width = c->tally->bucket_seconds, start = width * (double)i, end = start + width;
    if (end > c->seconds)
        end = c->seconds;
    double x = x_of(c, start), span = x_of(c, end) - x, bottom = HEIGHT - BOTTOM;
    double good = height_of(c, (double)c->tally->buckets[i].rendered / width);
    double bad = height_of(c, (double)c->tally->buckets[i].failed / width);
    double gap = span > 4 ? 1 : 0;
    if (good > 0)
        fprintf(to, "<rect class=\"good\" x=\"%.2f\" width=\"%.2f\" y=\"%.2f\" height=\"%.2f\"/>", x, span - gap, bottom - good, good);
    if (bad > 0)
        fprintf(to, "<rect class=\"bad\" x=\"%.2f\" width=\"%.2f\" y=\"%.2f\" height=\"%.2f\"/>", x, span - gap, bottom - good - bad, bad);
    if (good > 0 || bad > 0)
        fputc('\n', to);
}

static void put_marks(const chart *c, FILE *to)
{
    for (size_t i = 1; i < c->tally->sessions && i < CALO_TALLY_MARKS; i++)
        fprintf(to, "<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", x_of(c, c->tally->session_marks[i]),
                x_of(c, c->tally->session_marks[i]), TOP, HEIGHT - BOTTOM);
}

static chart measure(const calo_tally *tally)
{
    chart c = {.tally = tally, .seconds = calo_tally_alive_seconds(tally, 0), .most = 0};
    c.count = (size_t)(c.seconds / tally->bucket_seconds) + 1;
    if (c.count > CALO_TALLY_BUCKETS)
        c.count = CALO_TALLY_BUCKETS;
    if (c.seconds < tally->bucket_seconds)
        c.seconds = tally->bucket_seconds;
    for (size_t i = 0; i < c.count; i++) {
        double rate = (double)(tally->buckets[i].rendered + tally->buckets[i].failed) / tally->bucket_seconds;
        c.most = rate > c.most ? rate : c.most;
    }
    c.most = round_up(c.most > 0 ? c.most : 1);
    return c;
}

void calo_report_chart(const calo_tally *tally, const char *unit, FILE *to)
{
    chart c = measure(tally);
    fprintf(to, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s a second over time\">\n", WIDTH, HEIGHT, unit);
    put_rates(&c, to);
    put_times(&c, to);
    for (size_t i = 0; i < c.count; i++)
        put_bar(&c, i, to);
    put_marks(&c, to);
    fprintf(to, "</svg>\n<p class=\"key soft\"><i class=\"done\"></i>rendered<i class=\"failed\"></i>failed; %s a second, by the time "
                "in which the run was alive%s</p>\n",
            unit, tally->sessions > 1 ? "; dashed: it was resumed" : "");
}
