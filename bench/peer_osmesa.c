/* Plain OpenGL on OSMesa (llvmpipe): three render targets in one pass, everything read back. */
#define GL_GLEXT_PROTOTYPES
#include <GL/osmesa.h>
#include <GL/glext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/linear.h"
#include "peer.h"
#include "peer_osmesa_shader.h"

enum { TARGETS = 4, SHADER_COUNT = 1 << SHADER_FLAG_COUNT }; /* targets: colour, normal and depth, id, depth test */

typedef struct peer_draw {
    GLuint vertex_array, textures[CALO_SLOT_COUNT];
    GLsizei index_count;
    uint32_t shader;
    const bench_mesh *mesh;
} peer_draw;

typedef struct peer_shader {
    GLuint program;
    GLint to_clip, to_camera, view_ray, sun, base_color, surface, emissive, instance, cutoff;
} peer_shader;

typedef struct gl_peer {
    const bench_input *input;
    OSMesaContext context;
    uint8_t window[4];
    uint32_t size, samples;
    GLuint frame, resolved, buffers[2 * TARGETS];
    uint8_t *color;
    float *normal; /* and depth as the fourth */
    uint32_t *ids;
    peer_shader shaders[SHADER_COUNT];
    uint32_t draw_count;
    peer_draw *draws;
} gl_peer;

/* ---- upload ---- */

static GLuint compile(GLenum kind, const char *defines, const char *source)
{
    const char *parts[3] = {"#version 330 core\n", defines, source};
    GLuint shader = glCreateShader(kind);
    GLint good;
    glShaderSource(shader, 3, parts, NULL);
    glCompileShader(shader);
    glGetShaderiv(shader, GL_COMPILE_STATUS, &good);
    if (!good) {
        char log[1024];
        glGetShaderInfoLog(shader, sizeof log, NULL, log);
        fprintf(stderr, "llvmpipe peer: %s\n", log);
    }
    return shader;
}

static void link_shader(peer_shader *shader, uint32_t flags)
{
    static const char *const names[SHADER_FLAG_COUNT] = SHADER_FLAG_NAMES;
    static const char *const samplers[CALO_SLOT_COUNT] = SHADER_SAMPLERS;
    char defines[512] = "";
    for (int i = 0; i < SHADER_FLAG_COUNT; i++)
        if (flags >> i & 1)
            snprintf(defines + strlen(defines), sizeof defines - strlen(defines), "#define %s\n", names[i]);
    shader->program = glCreateProgram();
    glAttachShader(shader->program, compile(GL_VERTEX_SHADER, defines, osmesa_vertex_shader));
    glAttachShader(shader->program, compile(GL_FRAGMENT_SHADER, defines, osmesa_fragment_shader));
    glLinkProgram(shader->program);
    glUseProgram(shader->program);
    for (int slot = 0; slot < CALO_SLOT_COUNT; slot++)
        if (samplers[slot])
            glUniform1i(glGetUniformLocation(shader->program, samplers[slot]), slot);
    shader->to_clip = glGetUniformLocation(shader->program, "to_clip");
    shader->to_camera = glGetUniformLocation(shader->program, "to_camera");
    shader->view_ray = glGetUniformLocation(shader->program, "view_ray");
    shader->sun = glGetUniformLocation(shader->program, "sun");
    shader->base_color = glGetUniformLocation(shader->program, "base_color");
    shader->surface = glGetUniformLocation(shader->program, "surface");
    shader->emissive = glGetUniformLocation(shader->program, "emissive");
    shader->instance = glGetUniformLocation(shader->program, "instance");
    shader->cutoff = glGetUniformLocation(shader->program, "cutoff");
}

static uint32_t shader_flags(const bench_mesh *mesh)
{
    const calo_material *material = &mesh->material;
    uint32_t flags = 0;
    if (material->slots[CALO_SLOT_BASE_COLOR].texture >= 0)
        flags |= SHADER_BASE_COLOR_MAP;
    if (material->slots[CALO_SLOT_METALLIC_ROUGHNESS].texture >= 0)
        flags |= SHADER_METALLIC_ROUGHNESS_MAP;
    if (material->slots[CALO_SLOT_OCCLUSION].texture >= 0)
        flags |= SHADER_OCCLUSION_MAP;
    if (material->slots[CALO_SLOT_EMISSIVE].texture >= 0)
        flags |= SHADER_EMISSIVE_MAP;
    if (material->slots[CALO_SLOT_NORMAL].texture >= 0 && mesh->tangents)
        flags |= SHADER_NORMAL_MAP;
    if (material->alpha_mode != CALO_ALPHA_OPAQUE)
        flags |= SHADER_ALPHA_TEST;
    if (material->double_sided)
        flags |= SHADER_DOUBLE_SIDED;
    return flags;
}

static GLuint upload_texture(const calo_scene_image *image, bool srgb)
{
    GLuint texture;
    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexImage2D(GL_TEXTURE_2D, 0, srgb ? GL_SRGB8_ALPHA8 : GL_RGBA8, (GLsizei)image->width, (GLsizei)image->height, 0,
                 GL_RGBA, GL_UNSIGNED_BYTE, image->pixels);
    glGenerateMipmap(GL_TEXTURE_2D);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_LINEAR);
    return texture;
}

static void upload_attribute(GLuint location, GLint components, uint32_t offset, uint32_t stride)
{
    glVertexAttribPointer(location, components, GL_FLOAT, GL_FALSE, (GLsizei)(stride * sizeof(float)),
                          (const void *)(offset * sizeof(float)));
    glEnableVertexAttribArray(location);
}

/* Interleaved: what a vertex needs is in one cache line. */
static void upload_vertices(const bench_mesh *mesh, bool tangents)
{
    uint32_t stride = tangents ? 12 : 8;
    GLuint buffer;
    float *values = malloc(sizeof *values * stride * mesh->vertex_count), *to = values;
    if (!values)
        abort();
    for (uint32_t v = 0; v < mesh->vertex_count; v++, to += stride) {
        memcpy(to, mesh->positions + 3 * v, 3 * sizeof *to);
        memcpy(to + 3, mesh->normals + 3 * v, 3 * sizeof *to);
        memcpy(to + 6, mesh->uvs + 2 * v, 2 * sizeof *to);
        if (tangents)
            memcpy(to + 8, mesh->tangents + 4 * v, 4 * sizeof *to);
    }
    glGenBuffers(1, &buffer);
    glBindBuffer(GL_ARRAY_BUFFER, buffer);
    glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)(sizeof *values * stride * mesh->vertex_count), values, GL_STATIC_DRAW);
    free(values);
    upload_attribute(0, 3, 0, stride);
    upload_attribute(1, 3, 3, stride);
    upload_attribute(2, 2, 6, stride);
    if (tangents)
        upload_attribute(3, 4, 8, stride);
}

static void upload_mesh(gl_peer *peer, const bench_mesh *mesh, peer_draw *draw)
{
    GLuint buffer;
    draw->mesh = mesh;
    draw->shader = shader_flags(mesh);
    if (!peer->shaders[draw->shader].program)
        link_shader(&peer->shaders[draw->shader], draw->shader);
    for (int slot = 0; slot < CALO_SLOT_COUNT; slot++) {
        const calo_scene_image *image = bench_material_image(peer->input, &mesh->material, (calo_material_slot)slot);
        if (image)
            draw->textures[slot] = upload_texture(image, slot == CALO_SLOT_BASE_COLOR || slot == CALO_SLOT_EMISSIVE);
    }
    glGenVertexArrays(1, &draw->vertex_array);
    glBindVertexArray(draw->vertex_array);
    upload_vertices(mesh, draw->shader & SHADER_NORMAL_MAP);
    glGenBuffers(1, &buffer);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, buffer);
    glBufferData(GL_ELEMENT_ARRAY_BUFFER, (GLsizeiptr)(sizeof(uint32_t) * mesh->index_count), mesh->indices,
                 GL_STATIC_DRAW);
    draw->index_count = (GLsizei)mesh->index_count;
}

static void close_peer(void *pointer)
{
    gl_peer *peer = pointer;
    if (peer->context)
        OSMesaDestroyContext(peer->context);
    free(peer->color);
    free(peer->normal);
    free(peer->ids);
    free(peer->draws);
    free(peer);
}

static void *open_peer(const bench_input *input)
{
    const int attributes[] = {OSMESA_FORMAT, OSMESA_RGBA, OSMESA_PROFILE, OSMESA_CORE_PROFILE,
                              OSMESA_CONTEXT_MAJOR_VERSION, 3, OSMESA_CONTEXT_MINOR_VERSION, 3, 0};
    setenv("LP_NUM_THREADS", "0", 1); /* all work on the thread that asks */
    gl_peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->input = input;
    peer->context = OSMesaCreateContextAttribs(attributes, NULL);
    peer->draws = calloc(input->mesh_count + 1, sizeof *peer->draws);
    if (!peer->draws || !peer->context ||
        !OSMesaMakeCurrent(peer->context, peer->window, GL_UNSIGNED_BYTE, 1, 1)) {
        close_peer(peer);
        return NULL;
    }
    for (uint32_t m = 0; m < input->mesh_count; m++)
        upload_mesh(peer, &input->meshes[m], &peer->draws[peer->draw_count++]);
    glGenFramebuffers(1, &peer->frame);
    glGenFramebuffers(1, &peer->resolved);
    glGenRenderbuffers(2 * TARGETS, peer->buffers);
    glEnable(GL_DEPTH_TEST);
    glEnable(GL_FRAMEBUFFER_SRGB);
    glCullFace(GL_BACK);
    return peer;
}

/* ---- a view ---- */

static void attach(const GLuint *buffers, uint32_t size, uint32_t samples, GLuint frame)
{
    static const GLenum formats[TARGETS] = {GL_SRGB8_ALPHA8, GL_RGBA32F, GL_R32UI, GL_DEPTH_COMPONENT32F};
    static const GLenum attachments[TARGETS] = {GL_COLOR_ATTACHMENT0, GL_COLOR_ATTACHMENT1, GL_COLOR_ATTACHMENT2,
                                                GL_DEPTH_ATTACHMENT};
    glBindFramebuffer(GL_FRAMEBUFFER, frame);
    for (int i = 0; i < TARGETS; i++) {
        glBindRenderbuffer(GL_RENDERBUFFER, buffers[i]);
        glRenderbufferStorageMultisample(GL_RENDERBUFFER, samples > 1 ? (GLsizei)samples : 0, formats[i], (GLsizei)size,
                                         (GLsizei)size);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, attachments[i], GL_RENDERBUFFER, buffers[i]);
    }
    glDrawBuffers(3, attachments);
}

static bool resize_peer(void *pointer, uint32_t size, uint32_t samples)
{
    gl_peer *peer = pointer;
    GLint most;
    glGetIntegerv(GL_MAX_SAMPLES, &most);
    if (samples > 1 && samples > (uint32_t)most)
        return false;
    peer->size = size;
    peer->samples = samples;
    size_t pixels = (size_t)size * size;
    free(peer->color);
    free(peer->normal);
    free(peer->ids);
    peer->color = calloc(pixels, 4);
    peer->normal = calloc(pixels, 16);
    peer->ids = calloc(pixels, 4);
    attach(peer->buffers, size, samples, peer->frame);
    if (samples > 1)
        attach(peer->buffers + TARGETS, size, 1, peer->resolved);
    glViewport(0, 0, (GLsizei)size, (GLsizei)size);
    return peer->color && peer->normal && peer->ids &&
           glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
}

/* The camera's numbers as uniforms. The picture is drawn upside down, so that the rows that GL
 * counts from below are read back from the top. */
typedef struct gl_camera {
    float to_clip[16], to_camera[16], view_ray[4], sun[4];
} gl_camera;

static void set_camera(const gl_peer *peer, const calo_view *view, gl_camera *out)
{
    const double near = 0.01, far = 10, w = view->width, h = view->height;
    calo_mat4 to_camera, to_clip;
    calo_mat4 projection = {{{2 * view->focal_x / w, 0, 1 - 2 * view->center_x / w, 0},
                             {0, -2 * view->focal_y / h, 1 - 2 * view->center_y / h, 0},
                             {0, 0, -(far + near) / (far - near), -2 * far * near / (far - near)},
                             {0, 0, -1, 0}}};
    calo_mat4_invert_affine(&view->camera_to_world, &to_camera);
    to_clip = calo_mat4_multiply(&projection, &to_camera);
    for (int i = 0; i < 16; i++) {
        out->to_clip[i] = (float)to_clip.m[i / 4][i % 4];
        out->to_camera[i] = (float)to_camera.m[i / 4][i % 4];
    }
    /* From a pixel to the direction it looks in: x, y at depth 1. */
    out->view_ray[0] = (float)(1 / view->focal_x);
    out->view_ray[1] = (float)(-1 / view->focal_y);
    out->view_ray[2] = (float)(-view->center_x / view->focal_x);
    out->view_ray[3] = (float)(view->center_y / view->focal_y);
    double sun[3];
    calo_mat4_direction(&to_camera, peer->input->sun.direction, sun);
    for (int i = 0; i < 3; i++)
        out->sun[i] = (float)-sun[i];
    out->sun[3] = peer->input->sun.light.intensity;
}

static void draw_mesh(const gl_peer *peer, const gl_camera *camera, const peer_draw *draw)
{
    const peer_shader *shader = &peer->shaders[draw->shader];
    const calo_material *material = &draw->mesh->material;
    glUseProgram(shader->program);
    glUniformMatrix4fv(shader->to_clip, 1, GL_TRUE, camera->to_clip);
    glUniformMatrix4fv(shader->to_camera, 1, GL_TRUE, camera->to_camera);
    glUniform4fv(shader->view_ray, 1, camera->view_ray);
    glUniform4fv(shader->sun, 1, camera->sun);
    glUniform4fv(shader->base_color, 1, material->base_color);
    glUniform4f(shader->surface, material->metallic, material->roughness, material->occlusion_strength,
                material->normal_scale);
    glUniform4f(shader->emissive, material->emissive[0], material->emissive[1], material->emissive[2],
                peer->input->lighting.environment_strength);
    glUniform1ui(shader->instance, draw->mesh->instance_id);
    glUniform1f(shader->cutoff, material->alpha_mode == CALO_ALPHA_MASK ? material->alpha_cutoff : 0.5f);
    (material->double_sided ? glDisable : glEnable)(GL_CULL_FACE);
    for (GLenum slot = 0; slot < CALO_SLOT_COUNT; slot++)
        if (draw->textures[slot]) {
            glActiveTexture(GL_TEXTURE0 + slot);
            glBindTexture(GL_TEXTURE_2D, draw->textures[slot]);
        }
    glBindVertexArray(draw->vertex_array);
    glDrawElements(GL_TRIANGLES, draw->index_count, GL_UNSIGNED_INT, NULL);
}

static void resolve(const gl_peer *peer)
{
    GLint size = (GLint)peer->size;
    glBindFramebuffer(GL_READ_FRAMEBUFFER, peer->frame);
    glBindFramebuffer(GL_DRAW_FRAMEBUFFER, peer->resolved);
    for (GLenum target = GL_COLOR_ATTACHMENT0; target <= GL_COLOR_ATTACHMENT2; target++) {
        const GLenum drawn[3] = {target == GL_COLOR_ATTACHMENT0 ? target : GL_NONE,
                                 target == GL_COLOR_ATTACHMENT1 ? target : GL_NONE,
                                 target == GL_COLOR_ATTACHMENT2 ? target : GL_NONE};
        glReadBuffer(target);
        glDrawBuffers(3, drawn);
        glBlitFramebuffer(0, 0, size, size, 0, 0, size, size, GL_COLOR_BUFFER_BIT, GL_NEAREST);
    }
}

static void draw_view(void *pointer, const calo_view *view)
{
    static const float clear_color[4] = {0};
    static const GLuint clear_id[4] = {0};
    gl_peer *peer = pointer;
    GLsizei size = (GLsizei)peer->size;
    gl_camera camera;
    set_camera(peer, view, &camera);
    glBindFramebuffer(GL_FRAMEBUFFER, peer->frame);
    glFrontFace(GL_CW); /* upside down */
    glClearBufferfv(GL_COLOR, 0, clear_color);
    glClearBufferfv(GL_COLOR, 1, clear_color);
    glClearBufferuiv(GL_COLOR, 2, clear_id);
    glClear(GL_DEPTH_BUFFER_BIT);
    for (uint32_t i = 0; i < peer->draw_count; i++)
        draw_mesh(peer, &camera, &peer->draws[i]);
    if (peer->samples > 1) {
        resolve(peer);
        glBindFramebuffer(GL_READ_FRAMEBUFFER, peer->resolved);
    }
    glReadBuffer(GL_COLOR_ATTACHMENT0);
    glReadPixels(0, 0, size, size, GL_RGBA, GL_UNSIGNED_BYTE, peer->color);
    glReadBuffer(GL_COLOR_ATTACHMENT1);
    glReadPixels(0, 0, size, size, GL_RGBA, GL_FLOAT, peer->normal);
    glReadBuffer(GL_COLOR_ATTACHMENT2);
    glReadPixels(0, 0, size, size, GL_RED_INTEGER, GL_UNSIGNED_INT, peer->ids);
}

static void last_picture(const void *pointer, bench_picture *picture)
{
    const gl_peer *peer = pointer;
    *picture = (bench_picture){.color = peer->color, .normal = peer->normal, .depth = peer->normal + 3,
                               .ids = peer->ids, .normal_stride = 4, .depth_stride = 4};
}

const bench_peer osmesa_peer = {"llvmpipe", "OSMesa, LP_NUM_THREADS=0", open_peer, resize_peer, draw_view, last_picture,
                                close_peer};
