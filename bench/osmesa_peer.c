#define GL_GLEXT_PROTOTYPES
#include "osmesa_peer.h"

#include <GL/osmesa.h>
#include <GL/glext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/linear.h"

typedef struct peer_draw {
    GLuint vertex_array;
    GLsizei index_count;
    GLuint texture;
    float base_color[4];
    bool double_sided;
    calo_mat4 to_world;
    uint32_t instance_id;
} peer_draw;

struct osmesa_peer {
    OSMesaContext context;
    uint32_t width, height;
    void *window;
    uint8_t *color;
    float *depth, *normal;
    uint32_t *ids;
    GLuint program, white;
    GLint object_to_clip, object_to_camera, base_color, instance;
    uint32_t draw_count;
    peer_draw *draws;
};

static const char vertex_source[] =
    "#version 330 core\n"
    "layout(location=0) in vec3 position; layout(location=1) in vec3 normal; layout(location=2) in vec2 uv;\n"
    "uniform mat4 object_to_clip, object_to_camera; out vec3 n; out vec2 t; out vec3 p;\n"
    "void main() { gl_Position = object_to_clip * vec4(position, 1); n = mat3(object_to_camera) * normal; t = uv;\n"
    "  p = vec3(object_to_camera * vec4(position, 1)); }\n";

/* Base colour under a white environment (split sum, Karis' fit), as calotype's shading does. */
static const char fragment_source[] =
    "#version 330 core\n"
    "in vec3 n; in vec2 t; in vec3 p; uniform sampler2D map; uniform vec4 base_color; uniform uint instance;\n"
    "layout(location=0) out vec4 color; layout(location=1) out vec4 normal; layout(location=2) out uint id;\n"
    "void main() { vec3 b = base_color.rgb * texture(map, t).rgb; vec3 m = normalize(gl_FrontFacing ? n : -n);\n"
    "  float c = max(dot(m, normalize(-p)), 1e-4); vec4 r = 0.5 * vec4(-1, -0.0275, -0.572, 0.022) +\n"
    "  vec4(1, 0.0425, 1.04, -0.04); float a = min(r.x * r.x, exp2(-9.28 * c)) * r.x + r.y;\n"
    "  vec2 k = vec2(-1.04, 1.04) * a + r.zw; float s = 0.04 * k.x + k.y; vec3 l = b * (1.0 - s) + s;\n"
    "  color = vec4(mix(12.92 * l, 1.055 * pow(l, vec3(1.0 / 2.4)) - 0.055, greaterThan(l, vec3(0.0031308))), 1);\n"
    "  normal = vec4(m, -p.z); id = instance; }\n";

static GLuint compile(GLenum kind, const char *source)
{
    GLuint shader = glCreateShader(kind);
    GLint good;
    glShaderSource(shader, 1, &source, NULL);
    glCompileShader(shader);
    glGetShaderiv(shader, GL_COMPILE_STATUS, &good);
    if (!good) {
        char log[1024];
        glGetShaderInfoLog(shader, sizeof log, NULL, log);
        fprintf(stderr, "osmesa peer: %s\n", log);
    }
    return shader;
}

static GLuint upload_texture(const uint8_t *pixels, uint32_t width, uint32_t height)
{
    GLuint texture;
    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_SRGB8_ALPHA8, (GLsizei)width, (GLsizei)height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                 pixels);
    glGenerateMipmap(GL_TEXTURE_2D);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_LINEAR);
    return texture;
}

static void upload_attribute(GLuint location, GLint components, const float *values, uint32_t vertex_count)
{
    GLuint buffer;
    if (!values)
        return;
    glGenBuffers(1, &buffer);
    glBindBuffer(GL_ARRAY_BUFFER, buffer);
    glBufferData(GL_ARRAY_BUFFER, (GLsizeiptr)sizeof(float) * components * (GLsizeiptr)vertex_count, values,
                 GL_STATIC_DRAW);
    glVertexAttribPointer(location, components, GL_FLOAT, GL_FALSE, 0, NULL);
    glEnableVertexAttribArray(location);
}

static void upload_draw(osmesa_peer *peer, const calo_scene *scene, const calo_primitive *primitive, peer_draw *draw)
{
    calo_material material = primitive->material >= 0 ? scene->materials[primitive->material] : calo_material_default();
    int32_t texture = material.slots[CALO_SLOT_BASE_COLOR].texture;
    GLuint buffer;
    memcpy(draw->base_color, material.base_color, sizeof draw->base_color);
    draw->double_sided = material.double_sided;
    draw->texture = peer->white;
    if (texture >= 0) {
        const calo_scene_image *image = &scene->images[scene->textures[texture].image];
        draw->texture = upload_texture(image->pixels, image->width, image->height);
    }
    glGenVertexArrays(1, &draw->vertex_array);
    glBindVertexArray(draw->vertex_array);
    upload_attribute(0, 3, primitive->positions, primitive->vertex_count);
    upload_attribute(1, 3, primitive->normals, primitive->vertex_count);
    upload_attribute(2, 2, primitive->uvs[0], primitive->vertex_count);
    glGenBuffers(1, &buffer);
    glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, buffer);
    glBufferData(GL_ELEMENT_ARRAY_BUFFER, (GLsizeiptr)sizeof(uint32_t) * primitive->index_count, primitive->indices,
                 GL_STATIC_DRAW);
    draw->index_count = (GLsizei)primitive->index_count;
}

static void upload_scene(osmesa_peer *peer, const calo_pose *pose)
{
    const calo_scene *scene = pose->scene;
    uint32_t capacity = 0, instance_id = 0;
    for (uint32_t n = 0; n < scene->node_count; n++)
        if (scene->nodes[n].mesh >= 0)
            capacity += scene->meshes[scene->nodes[n].mesh].primitive_count;
    peer->draws = calloc(capacity ? capacity : 1, sizeof *peer->draws);
    for (uint32_t n = 0; n < scene->node_count; n++) {
        if (!scene->nodes[n].visible || scene->nodes[n].mesh < 0)
            continue;
        const calo_mesh *mesh = &scene->meshes[scene->nodes[n].mesh];
        instance_id++;
        for (uint32_t p = 0; p < mesh->primitive_count; p++) {
            if (mesh->primitives[p].topology != CALO_TRIANGLES)
                continue;
            peer_draw *draw = &peer->draws[peer->draw_count++];
            draw->to_world = pose->node_to_world[n];
            draw->instance_id = instance_id;
            upload_draw(peer, scene, &mesh->primitives[p], draw);
        }
    }
}

static void make_targets(const osmesa_peer *peer)
{
    static const GLenum formats[3] = {GL_RGBA8, GL_RGBA32F, GL_R32UI};
    static const GLenum attachments[3] = {GL_COLOR_ATTACHMENT0, GL_COLOR_ATTACHMENT1, GL_COLOR_ATTACHMENT2};
    GLuint frame, buffers[4];
    glGenFramebuffers(1, &frame);
    glBindFramebuffer(GL_FRAMEBUFFER, frame);
    glGenRenderbuffers(4, buffers);
    for (int i = 0; i < 4; i++) {
        glBindRenderbuffer(GL_RENDERBUFFER, buffers[i]);
        glRenderbufferStorage(GL_RENDERBUFFER, i < 3 ? formats[i] : GL_DEPTH_COMPONENT32F, (GLsizei)peer->width,
                              (GLsizei)peer->height);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, i < 3 ? attachments[i] : GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER,
                                  buffers[i]);
    }
    glDrawBuffers(3, attachments);
}

osmesa_peer *osmesa_peer_open(const calo_pose *pose, uint32_t width, uint32_t height)
{
    const int attributes[] = {OSMESA_FORMAT, OSMESA_RGBA, OSMESA_DEPTH_BITS, 24, OSMESA_PROFILE, OSMESA_CORE_PROFILE,
                              OSMESA_CONTEXT_MAJOR_VERSION, 3, OSMESA_CONTEXT_MINOR_VERSION, 3, 0};
    osmesa_peer *peer = calloc(1, sizeof *peer);
    size_t pixels = (size_t)width * height;
    if (!peer)
        return NULL;
    peer->width = width;
    peer->height = height;
    peer->context = OSMesaCreateContextAttribs(attributes, NULL);
    peer->window = calloc(pixels, 4);
    if (!peer->context || !OSMesaMakeCurrent(peer->context, peer->window, GL_UNSIGNED_BYTE, (GLsizei)width, (GLsizei)height)) {
        osmesa_peer_close(peer);
        return NULL;
    }
    peer->color = malloc(pixels * 4);
    peer->normal = malloc(pixels * 16);
    peer->ids = malloc(pixels * 4);
    peer->depth = malloc(pixels * 4);
    peer->program = glCreateProgram();
    glAttachShader(peer->program, compile(GL_VERTEX_SHADER, vertex_source));
    glAttachShader(peer->program, compile(GL_FRAGMENT_SHADER, fragment_source));
    glLinkProgram(peer->program);
    glUseProgram(peer->program);
    peer->object_to_clip = glGetUniformLocation(peer->program, "object_to_clip");
    peer->object_to_camera = glGetUniformLocation(peer->program, "object_to_camera");
    peer->base_color = glGetUniformLocation(peer->program, "base_color");
    peer->instance = glGetUniformLocation(peer->program, "instance");
    peer->white = upload_texture((const uint8_t[]){255, 255, 255, 255}, 1, 1);
    make_targets(peer);
    upload_scene(peer, pose);
    glViewport(0, 0, (GLsizei)width, (GLsizei)height);
    glEnable(GL_DEPTH_TEST);
    glCullFace(GL_BACK);
    return peer;
}

static void set_matrix(GLint location, const calo_mat4 *matrix)
{
    float values[16];
    for (int i = 0; i < 16; i++)
        values[i] = (float)matrix->m[i / 4][i % 4];
    glUniformMatrix4fv(location, 1, GL_TRUE, values);
}

void osmesa_peer_draw(osmesa_peer *peer, const calo_view *view)
{
    static const float clear_color[4] = {0};
    static const GLuint clear_id[4] = {0};
    const double near = 0.1, far = 10;
    calo_mat4 world_to_camera, projection = {{{2 * view->focal_x / view->width, 0, 0, 0},
                                              {0, 2 * view->focal_y / view->height, 0, 0},
                                              {0, 0, -(far + near) / (far - near), -2 * far * near / (far - near)},
                                              {0, 0, -1, 0}}};
    calo_mat4_invert_affine(&view->camera_to_world, &world_to_camera);
    glClearBufferfv(GL_COLOR, 0, clear_color);
    glClearBufferfv(GL_COLOR, 1, clear_color);
    glClearBufferuiv(GL_COLOR, 2, clear_id);
    glClear(GL_DEPTH_BUFFER_BIT);
    for (uint32_t i = 0; i < peer->draw_count; i++) {
        const peer_draw *draw = &peer->draws[i];
        calo_mat4 to_camera = calo_mat4_multiply(&world_to_camera, &draw->to_world);
        calo_mat4 to_clip = calo_mat4_multiply(&projection, &to_camera);
        set_matrix(peer->object_to_camera, &to_camera);
        set_matrix(peer->object_to_clip, &to_clip);
        glUniform4fv(peer->base_color, 1, draw->base_color);
        glUniform1ui(peer->instance, draw->instance_id);
        (draw->double_sided ? glDisable : glEnable)(GL_CULL_FACE);
        glBindTexture(GL_TEXTURE_2D, draw->texture);
        glBindVertexArray(draw->vertex_array);
        glDrawElements(GL_TRIANGLES, draw->index_count, GL_UNSIGNED_INT, NULL);
    }
    GLsizei w = (GLsizei)peer->width, h = (GLsizei)peer->height;
    glReadBuffer(GL_COLOR_ATTACHMENT0);
    glReadPixels(0, 0, w, h, GL_RGBA, GL_UNSIGNED_BYTE, peer->color);
    glReadBuffer(GL_COLOR_ATTACHMENT1);
    glReadPixels(0, 0, w, h, GL_RGBA, GL_FLOAT, peer->normal);
    glReadBuffer(GL_COLOR_ATTACHMENT2);
    glReadPixels(0, 0, w, h, GL_RED_INTEGER, GL_UNSIGNED_INT, peer->ids);
    glReadPixels(0, 0, w, h, GL_DEPTH_COMPONENT, GL_FLOAT, peer->depth);
}

void osmesa_peer_save(const osmesa_peer *peer, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return;
    fprintf(file, "P6\n%u %u\n255\n", peer->width, peer->height);
    for (uint32_t y = peer->height; y-- > 0;)
        for (uint32_t x = 0; x < peer->width; x++)
            fwrite(peer->color + 4 * ((size_t)y * peer->width + x), 1, 3, file);
    fclose(file);
}

void osmesa_peer_close(osmesa_peer *peer)
{
    if (peer->context)
        OSMesaDestroyContext(peer->context);
    free(peer->window);
    free(peer->color);
    free(peer->normal);
    free(peer->ids);
    free(peer->depth);
    free(peer->draws);
    free(peer);
}
