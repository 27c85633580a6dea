#include "render/environment.h"

#include <math.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/thread.h"

enum {
    SOURCE_SIZE = 256,    /* the octahedral copy of the picture that everything is filtered from */
    IRRADIANCE_SIZE = 16,
    IRRADIANCE_SOURCE_SIZE = 64,
    REFLECTION_SAMPLES = 256,
    MIP_COUNT = 9,        /* 256 .. 1 */
};

/* ---- the octahedral mapping (Meyer et al. 2010) ---- */

/* Direction to [0, 1]^2; the outer triangles hold the lower half. */
static void octahedral_from_direction(const float d[3], float uv[2])
{
    float sum = fabsf(d[0]) + fabsf(d[1]) + fabsf(d[2]);
    float x = d[0] / sum, y = d[1] / sum;
    if (d[2] < 0) {
        float folded = (1 - fabsf(y)) * (x >= 0 ? 1.0f : -1.0f);
        y = (1 - fabsf(x)) * (y >= 0 ? 1.0f : -1.0f);
        x = folded;
    }
    uv[0] = x * 0.5f + 0.5f;
    uv[1] = y * 0.5f + 0.5f;
}

static void direction_from_texel(uint32_t size, uint32_t column, uint32_t row, float d[3])
{
    float x = 2 * ((float)column + 0.5f) / (float)size - 1, y = 2 * ((float)row + 0.5f) / (float)size - 1;
    float z = 1 - fabsf(x) - fabsf(y);
    if (z < 0) {
        float unfolded = (1 - fabsf(y)) * (x >= 0 ? 1.0f : -1.0f);
        y = (1 - fabsf(x)) * (y >= 0 ? 1.0f : -1.0f);
        x = unfolded;
    }
    float length = sqrtf(x * x + y * y + z * z);
    d[0] = x / length;
    d[1] = y / length;
    d[2] = z / length;
}

/* Past an edge the map goes on mirrored along that edge. */
static const float *octahedral_texel(const calo_octahedral_map *map, int column, int row)
{
    int size = (int)map->size;
    if (column < 0 || column >= size) {
        column = column < 0 ? -1 - column : 2 * size - 1 - column;
        row = size - 1 - row;
    }
    if (row < 0 || row >= size) {
        row = row < 0 ? -1 - row : 2 * size - 1 - row;
        column = size - 1 - column;
    }
    return map->texels + 3 * ((size_t)row * map->size + (size_t)column);
}

static void octahedral_sample(const calo_octahedral_map *map, const float direction[3], float rgb[3])
{
    float uv[2];
    octahedral_from_direction(direction, uv);
    float x = uv[0] * (float)map->size - 0.5f, y = uv[1] * (float)map->size - 0.5f;
    float x0 = floorf(x), y0 = floorf(y), fx = x - x0, fy = y - y0;
    const float *a = octahedral_texel(map, (int)x0, (int)y0), *b = octahedral_texel(map, (int)x0 + 1, (int)y0);
    const float *c = octahedral_texel(map, (int)x0, (int)y0 + 1), *d = octahedral_texel(map, (int)x0 + 1, (int)y0 + 1);
    for (int i = 0; i < 3; i++)
        rgb[i] = (a[i] * (1 - fx) + b[i] * fx) * (1 - fy) + (c[i] * (1 - fx) + d[i] * fx) * fy;
}

/* ---- the picture ---- */

static void equirectangular_sample(const calo_image *image, const float direction[3], float rgb[3])
{
    double horizontal = sqrt((double)direction[0] * direction[0] + (double)direction[1] * direction[1]);
    double u = 0.5 - calo_atan2(direction[1], direction[0]) / (2 * CALO_PI);
    double v = 0.5 - calo_atan2(direction[2], horizontal) / CALO_PI;
    double x = u * image->width - 0.5, y = v * image->height - 0.5, x0 = floor(x), y0 = floor(y);
    float fx = (float)(x - x0), fy = (float)(y - y0);
    int64_t w = image->width, h = image->height;
    int64_t columns[2] = {((int64_t)x0 % w + w) % w, ((int64_t)x0 + 1) % w};
    int64_t rows[2] = {(int64_t)y0 < 0 ? 0 : (int64_t)y0, (int64_t)y0 + 1 >= h ? h - 1 : (int64_t)y0 + 1};
    float weights[4] = {(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy};
    rgb[0] = rgb[1] = rgb[2] = 0;
    for (int i = 0; i < 4; i++) {
        const char *row = (const char *)image->data + (size_t)rows[i >> 1] * image->row_bytes;
        const float *texel = (const float *)row + 4 * columns[i & 1];
        for (int c = 0; c < 3; c++)
            rgb[c] += weights[i] * texel[c];
    }
}

/* World to the picture's own frame: undo the rotation about z. */
static void rotate_into_picture(const calo_environment *environment, const float in[3], float out[3])
{
    float s = environment->rotation_sine, c = environment->rotation_cosine;
    out[0] = c * in[0] + s * in[1];
    out[1] = c * in[1] - s * in[0];
    out[2] = in[2];
}

/* ---- filtering ---- */

typedef struct filter_job {
    const calo_environment *environment;
    calo_octahedral_map source[MIP_COUNT];
    float *texels;
    uint32_t size, steps; /* steps: samples along each axis of a source texel */
    float roughness;
} filter_job;

/* One row of the octahedral copy: the mean of the picture over each texel. */
static calo_status copy_row(void *user, uint32_t worker, size_t row, calo_error *err)
{
    (void)worker;
    (void)err;
    filter_job *job = user;
    for (uint32_t column = 0; column < job->size; column++) {
        float *to = job->texels + 3 * (row * job->size + column), sum[3] = {0};
        for (uint32_t i = 0; i < job->steps * job->steps; i++) {
            float direction[3], rgb[3];
            direction_from_texel(job->size * job->steps, column * job->steps + i % job->steps,
                                 (uint32_t)row * job->steps + i / job->steps, direction);
            equirectangular_sample(job->environment->image, direction, rgb);
            for (int c = 0; c < 3; c++)
                sum[c] += isfinite(rgb[c]) && rgb[c] > 0 ? rgb[c] : 0;
        }
        for (int c = 0; c < 3; c++)
            to[c] = sum[c] / (float)(job->steps * job->steps);
    }
    return CALO_OK;
}

/* The area on the unit sphere of a texel of the octahedral map, up to a constant. */
static float texel_solid_angle(uint32_t size, uint32_t column, uint32_t row)
{
    float x = 2 * ((float)column + 0.5f) / (float)size - 1, y = 2 * ((float)row + 0.5f) / (float)size - 1;
    float z = 1 - fabsf(x) - fabsf(y);
    if (z < 0) {
        float unfolded = 1 - fabsf(y);
        y = 1 - fabsf(x);
        x = unfolded;
    }
    float length2 = x * x + y * y + z * z;
    return 1 / (length2 * sqrtf(length2));
}

/* Cosine-weighted mean over all directions, integrated over every source texel. */
static calo_status irradiance_row(void *user, uint32_t worker, size_t row, calo_error *err)
{
    (void)worker;
    (void)err;
    filter_job *job = user;
    const calo_octahedral_map *source = NULL;
    for (int i = 0; i < MIP_COUNT; i++)
        if (job->source[i].size == IRRADIANCE_SOURCE_SIZE)
            source = &job->source[i];
    for (uint32_t column = 0; column < job->size; column++) {
        float normal[3], direction[3], total = 0, sum[3] = {0};
        direction_from_texel(job->size, column, (uint32_t)row, normal);
        for (uint32_t i = 0; i < source->size * source->size; i++) {
            direction_from_texel(source->size, i % source->size, i / source->size, direction);
            float cosine = normal[0] * direction[0] + normal[1] * direction[1] + normal[2] * direction[2];
            if (cosine <= 0)
                continue;
            float weight = cosine * texel_solid_angle(source->size, i % source->size, i / source->size);
            total += weight;
            for (int c = 0; c < 3; c++)
                sum[c] += weight * source->texels[3 * i + (uint32_t)c];
        }
        for (int c = 0; c < 3; c++)
            job->texels[3 * (row * job->size + column) + (uint32_t)c] = sum[c] / total;
    }
    return CALO_OK;
}

static float radical_inverse(uint32_t bits)
{
    bits = bits << 16 | bits >> 16;
    bits = (bits & 0x00ff00ffu) << 8 | (bits & 0xff00ff00u) >> 8;
    bits = (bits & 0x0f0f0f0fu) << 4 | (bits & 0xf0f0f0f0u) >> 4;
    bits = (bits & 0x33333333u) << 2 | (bits & 0xccccccccu) >> 2;
    bits = (bits & 0x55555555u) << 1 | (bits & 0xaaaaaaaau) >> 1;
    return (float)(bits >> 8) * 0x1p-24f;
}

typedef struct lobe_sample {
    float direction[3]; /* around +z */
    int level;          /* source mip whose texel covers about the sample's solid angle */
} lobe_sample;

/* Reflected directions of a GGX lobe seen head-on (Karis 2013), weighted by their cosine. */
static void make_lobe(float roughness, lobe_sample samples[REFLECTION_SAMPLES])
{
    float alpha2 = roughness * roughness * roughness * roughness;
    for (uint32_t i = 0; i < REFLECTION_SAMPLES; i++) {
        float u1 = ((float)i + 0.5f) / REFLECTION_SAMPLES, u2 = radical_inverse(i);
        double sine, cosine;
        calo_sincos(2 * CALO_PI * u2, &sine, &cosine);
        float h_cos2 = (1 - u1) / (1 + (alpha2 - 1) * u1), h_cos = sqrtf(h_cos2), h_sin = sqrtf(1 - h_cos2);
        float l_sin = 2 * h_cos * h_sin, l_cos = 2 * h_cos2 - 1;
        float density_root = (h_cos2 * (alpha2 - 1) + 1);
        float density = alpha2 / ((float)CALO_PI * density_root * density_root) / 4;
        float solid_angle = 1 / (REFLECTION_SAMPLES * density);
        float texels = solid_angle / (4 * (float)CALO_PI) * SOURCE_SIZE * SOURCE_SIZE;
        int level = 0;
        for (; texels > 1 && level < MIP_COUNT - 1; texels /= 4)
            level++;
        samples[i] = (lobe_sample){{l_sin * (float)cosine, l_sin * (float)sine, l_cos}, level};
    }
}

static calo_status reflection_row(void *user, uint32_t worker, size_t row, calo_error *err)
{
    (void)worker;
    (void)err;
    filter_job *job = user;
    lobe_sample lobe[REFLECTION_SAMPLES];
    make_lobe(job->roughness, lobe);
    for (uint32_t column = 0; column < job->size; column++) {
        float n[3], t[3], b[3], total = 0, sum[3] = {0};
        direction_from_texel(job->size, column, (uint32_t)row, n);
        /* Any frame around n (Duff et al. 2017). */
        float sign = n[2] >= 0 ? 1.0f : -1.0f, k = -1 / (sign + n[2]), m = n[0] * n[1] * k;
        t[0] = 1 + sign * n[0] * n[0] * k, t[1] = sign * m, t[2] = -sign * n[0];
        b[0] = m, b[1] = sign + n[1] * n[1] * k, b[2] = -n[1];
        for (uint32_t i = 0; i < REFLECTION_SAMPLES; i++) {
            const float *l = lobe[i].direction;
            if (l[2] <= 0)
                continue;
            float direction[3], rgb[3];
            for (int c = 0; c < 3; c++)
                direction[c] = t[c] * l[0] + b[c] * l[1] + n[c] * l[2];
            octahedral_sample(&job->source[lobe[i].level], direction, rgb);
            total += l[2];
            for (int c = 0; c < 3; c++)
                sum[c] += l[2] * rgb[c];
        }
        for (int c = 0; c < 3; c++)
            job->texels[3 * (row * job->size + column) + (uint32_t)c] = sum[c] / total;
    }
    return CALO_OK;
}

static float *take_map(calo_arena *arena, uint32_t size, calo_octahedral_map *map, calo_error *err)
{
    float *texels = CALO_ARENA_TAKE(arena, float, 3ull * size * size, "an environment map", err);
    *map = (calo_octahedral_map){size, texels};
    return texels;
}

static void halve_map(const calo_octahedral_map *from, float *to)
{
    uint32_t size = from->size / 2;
    for (uint32_t i = 0; i < size * size; i++) {
        const float *a = from->texels + 3 * ((size_t)(i / size * 2) * from->size + i % size * 2);
        for (int c = 0; c < 3; c++)
            to[3 * i + (uint32_t)c] = (a[c] + a[3 + c] + a[3 * from->size + (uint32_t)c] +
                                       a[3 * from->size + 3 + (uint32_t)c]) * 0.25f;
    }
}

calo_status calo_environment_filter(const calo_environment *environment, calo_arena *arena, uint32_t threads,
                                    calo_environment_maps *maps, calo_error *err)
{
    filter_job job = {.environment = environment, .size = SOURCE_SIZE};
    /* Enough samples that no texel of the picture is jumped over. */
    job.steps = 1 + environment->image->width / (2 * SOURCE_SIZE);
    if (job.steps > 16)
        job.steps = 16;
    job.texels = take_map(arena, SOURCE_SIZE, &job.source[0], err);
    if (!job.texels)
        return calo_failed(err);
    calo_status status = calo_thread_for(threads, job.size, copy_row, &job, err);
    for (int i = 1; status == CALO_OK && i < MIP_COUNT; i++) {
        float *texels = take_map(arena, SOURCE_SIZE >> i, &job.source[i], err);
        if (!texels)
            return calo_failed(err);
        halve_map(&job.source[i - 1], texels);
    }
    maps->reflection[0] = job.source[0];
    for (int i = 1; status == CALO_OK && i < CALO_ENVIRONMENT_LEVELS; i++) {
        job.size = i < 3 ? SOURCE_SIZE / 2 : SOURCE_SIZE / 8;
        job.roughness = (float)i / (CALO_ENVIRONMENT_LEVELS - 1);
        job.texels = take_map(arena, job.size, &maps->reflection[i], err);
        status = job.texels ? calo_thread_for(threads, job.size, reflection_row, &job, err) : calo_failed(err);
    }
    if (status != CALO_OK)
        return status;
    job.size = IRRADIANCE_SIZE;
    job.texels = take_map(arena, job.size, &maps->irradiance, err);
    return job.texels ? calo_thread_for(threads, job.size, irradiance_row, &job, err) : calo_failed(err);
}

calo_environment calo_environment_of(const calo_lighting *lighting)
{
    calo_environment environment = {.present = !lighting->no_environment};
    double sine, cosine;
    calo_sincos(calo_radians(lighting->environment_rotation_degrees), &sine, &cosine);
    environment.image = environment.present ? lighting->environment : NULL;
    environment.rotation_sine = (float)sine;
    environment.rotation_cosine = (float)cosine;
    for (int i = 0; i < 3; i++) {
        environment.scale[i] = lighting->environment_color[i] * lighting->environment_strength;
        environment.uniform[i] = environment.scale[i];
    }
    return environment;
}

/* The maps are turned and scaled when they are looked up, not when they are made. */
calo_shared_key calo_environment_key(const calo_environment *environment)
{
    const calo_image *image = environment->image;
    calo_shared_key key = {.source = image->data, .kind = CALO_SHARED_LIGHT,
                           .parameters = {image->width, image->height, (uint32_t)image->row_bytes,
                                          (uint32_t)((uint64_t)image->row_bytes >> 32)}};
    return key;
}

static bool is_uniform(const calo_environment *environment, float rgb[3])
{
    if (environment->present && environment->image)
        return false;
    for (int i = 0; i < 3; i++)
        rgb[i] = environment->present ? environment->uniform[i] : 0;
    return true;
}

void calo_environment_irradiance(const calo_environment *environment, const float normal[3], float rgb[3])
{
    float direction[3];
    if (is_uniform(environment, rgb))
        return;
    rotate_into_picture(environment, normal, direction);
    octahedral_sample(&environment->maps.irradiance, direction, rgb);
    for (int i = 0; i < 3; i++)
        rgb[i] *= environment->scale[i];
}

void calo_environment_reflection(const calo_environment *environment, const float world_direction[3], float roughness,
                                 float rgb[3])
{
    float direction[3], second[3];
    if (is_uniform(environment, rgb))
        return;
    rotate_into_picture(environment, world_direction, direction);
    float level = roughness * (CALO_ENVIRONMENT_LEVELS - 1);
    int low = (int)level < CALO_ENVIRONMENT_LEVELS - 2 ? (int)level : CALO_ENVIRONMENT_LEVELS - 2;
    float weight = level - (float)low;
    octahedral_sample(&environment->maps.reflection[low], direction, rgb);
    octahedral_sample(&environment->maps.reflection[low + 1], direction, second);
    for (int i = 0; i < 3; i++)
        rgb[i] = (rgb[i] + weight * (second[i] - rgb[i])) * environment->scale[i];
}
