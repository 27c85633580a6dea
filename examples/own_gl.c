/* Your own OpenGL in one of Calotype's contexts: a triangle, drawn without a window, as a PNG.
 *
 *     own_gl auto|egl|osmesa|glfw OUTPUT.png
 */
#include <calotype/gl.h>
#include <calotype/image.h>

#include <stdio.h>
#include <string.h>

#include <GL/glcorearb.h>

enum { WIDTH = 320, HEIGHT = 240 };

/* Nothing is linked with OpenGL: the context gives the functions. Their types are those of OpenGL's header. */
#define FOR_EACH_FUNCTION(use)                                           \
    use(PFNGLATTACHSHADERPROC, glAttachShader)                           \
    use(PFNGLBINDFRAMEBUFFERPROC, glBindFramebuffer)                     \
    use(PFNGLBINDRENDERBUFFERPROC, glBindRenderbuffer)                   \
    use(PFNGLBINDVERTEXARRAYPROC, glBindVertexArray)                     \
    use(PFNGLCHECKFRAMEBUFFERSTATUSPROC, glCheckFramebufferStatus)       \
    use(PFNGLCLEARCOLORPROC, glClearColor)                               \
    use(PFNGLCLEARPROC, glClear)                                         \
    use(PFNGLCOMPILESHADERPROC, glCompileShader)                         \
    use(PFNGLCREATEPROGRAMPROC, glCreateProgram)                         \
    use(PFNGLCREATESHADERPROC, glCreateShader)                           \
    use(PFNGLDELETEFRAMEBUFFERSPROC, glDeleteFramebuffers)               \
    use(PFNGLDELETEPROGRAMPROC, glDeleteProgram)                         \
    use(PFNGLDELETERENDERBUFFERSPROC, glDeleteRenderbuffers)             \
    use(PFNGLDELETESHADERPROC, glDeleteShader)                           \
    use(PFNGLDELETEVERTEXARRAYSPROC, glDeleteVertexArrays)               \
    use(PFNGLDRAWARRAYSPROC, glDrawArrays)                               \
    use(PFNGLFRAMEBUFFERRENDERBUFFERPROC, glFramebufferRenderbuffer)     \
    use(PFNGLGENFRAMEBUFFERSPROC, glGenFramebuffers)                     \
    use(PFNGLGENRENDERBUFFERSPROC, glGenRenderbuffers)                   \
    use(PFNGLGENVERTEXARRAYSPROC, glGenVertexArrays)                     \
    use(PFNGLGETERRORPROC, glGetError)                                   \
    use(PFNGLGETPROGRAMIVPROC, glGetProgramiv)                           \
    use(PFNGLLINKPROGRAMPROC, glLinkProgram)                             \
    use(PFNGLREADPIXELSPROC, glReadPixels)                               \
    use(PFNGLRENDERBUFFERSTORAGEPROC, glRenderbufferStorage)             \
    use(PFNGLSHADERSOURCEPROC, glShaderSource)                           \
    use(PFNGLUSEPROGRAMPROC, glUseProgram)                               \
    use(PFNGLVIEWPORTPROC, glViewport)

typedef struct functions {
#define DECLARE(type, name) type name;
    FOR_EACH_FUNCTION(DECLARE)
#undef DECLARE
} functions;

typedef struct drawing {
    calo_gl_context *context;
    calo_image *image;
    functions gl;
} drawing;

/* The corners come from the vertex's number, so that no buffer is needed. */
static const char vertex_shader[] =
    "#version 330 core\n"
    "out vec3 color;\n"
    "void main()\n"
    "{\n"
    "    vec2 corners[3] = vec2[](vec2(-0.8, -0.8), vec2(0.8, -0.8), vec2(0.0, 0.8));\n"
    "    color = vec3(gl_VertexID == 0, gl_VertexID == 1, gl_VertexID == 2);\n"
    "    gl_Position = vec4(corners[gl_VertexID], 0.0, 1.0);\n"
    "}\n";
static const char fragment_shader[] =
    "#version 330 core\n"
    "in vec3 color;\n"
    "out vec4 pixel;\n"
    "void main()\n"
    "{\n"
    "    pixel = vec4(color, 1.0);\n"
    "}\n";

/* Where the user's own code fails, it says so as the library does. */
static calo_status fail(calo_error *err, const char *sentence)
{
    if (err) {
        *err = (calo_error){.status = CALO_ERROR_BACKEND};
        snprintf(err->message, sizeof err->message, "%s", sentence);
    }
    return CALO_ERROR_BACKEND;
}

static bool find_functions(drawing *job)
{
    void *address;
    bool found = true;
#define FIND(type, name)                                      \
    address = calo_gl_context_proc(job->context, #name);      \
    memcpy(&job->gl.name, &address, sizeof address);          \
    found = found && address;
    FOR_EACH_FUNCTION(FIND)
#undef FIND
    return found;
}

static void add_shader(const functions *gl, GLuint program, GLenum kind, const char *source)
{
    GLuint shader = gl->glCreateShader(kind);
    gl->glShaderSource(shader, 1, &source, NULL);
    gl->glCompileShader(shader);
    gl->glAttachShader(program, shader);
    gl->glDeleteShader(shader); /* the program keeps it */
}

static calo_status draw_triangle(const functions *gl, calo_error *err)
{
    GLint linked = 0;
    GLuint vertex_array, program = gl->glCreateProgram();
    add_shader(gl, program, GL_VERTEX_SHADER, vertex_shader);
    add_shader(gl, program, GL_FRAGMENT_SHADER, fragment_shader);
    gl->glLinkProgram(program);
    gl->glGetProgramiv(program, GL_LINK_STATUS, &linked);
    gl->glGenVertexArrays(1, &vertex_array);
    gl->glBindVertexArray(vertex_array);
    gl->glViewport(0, 0, WIDTH, HEIGHT);
    gl->glClearColor(0.15f, 0.15f, 0.2f, 1);
    gl->glClear(GL_COLOR_BUFFER_BIT);
    if (linked) {
        gl->glUseProgram(program);
        gl->glDrawArrays(GL_TRIANGLES, 0, 3);
        gl->glUseProgram(0);
    }
    gl->glDeleteVertexArrays(1, &vertex_array);
    gl->glDeleteProgram(program);
    return linked ? CALO_OK : fail(err, "the shaders of the triangle do not link");
}

/* OpenGL's first row is the bottom one. */
static void read_picture(const functions *gl, calo_image *image)
{
    for (int y = 0; y < HEIGHT; y++)
        gl->glReadPixels(0, HEIGHT - 1 - y, WIDTH, 1, GL_RGBA, GL_UNSIGNED_BYTE,
                         (uint8_t *)image->data + (size_t)y * image->row_bytes);
}

/* Called where the context is current: on this thread, or on the context's own. */
static calo_status draw(void *user, calo_error *err)
{
    drawing *job = user;
    const functions *gl = &job->gl;
    GLuint framebuffer, renderbuffer;
    if (!find_functions(job))
        return fail(err, "the driver lacks a function of OpenGL 3.3");
    gl->glGenRenderbuffers(1, &renderbuffer);
    gl->glBindRenderbuffer(GL_RENDERBUFFER, renderbuffer);
    gl->glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, WIDTH, HEIGHT);
    gl->glGenFramebuffers(1, &framebuffer);
    gl->glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    gl->glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, renderbuffer);
    calo_status status = gl->glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE
        ? draw_triangle(gl, err) : fail(err, "the driver takes no RGBA8 framebuffer");
    if (status == CALO_OK)
        read_picture(gl, job->image);
    gl->glDeleteFramebuffers(1, &framebuffer);
    gl->glDeleteRenderbuffers(1, &renderbuffer);
    if (status == CALO_OK && gl->glGetError() != GL_NO_ERROR)
        status = fail(err, "OpenGL reports an error");
    return status;
}

int main(int argc, char **argv)
{
    calo_error err = {0};
    calo_gl_options options = {0};
    calo_image image = {0};
    drawing job = {.image = &image};
    if (argc != 3) {
        fprintf(stderr, "usage: own_gl auto|egl|osmesa|glfw OUTPUT.png\n");
        return 2;
    }
    calo_status status = calo_gl_kind_from_name(argv[1], &options.kind, &err);
    if (status == CALO_OK)
        status = calo_gl_context_create(&options, &job.context, &err);
    if (status == CALO_OK)
        status = calo_image_init(&image, WIDTH, HEIGHT, CALO_PIXEL_RGBA8, &err);
    if (status == CALO_OK)
        status = calo_gl_context_call(job.context, draw, &job, &err);
    if (status == CALO_OK)
        status = calo_image_write_png(&image, argv[2], &err);
    if (status == CALO_OK)
        printf("%s: %s, %s\n", argv[2], calo_gl_kind_name(calo_gl_context_info(job.context)->kind),
               calo_gl_context_info(job.context)->renderer);
    else
        fprintf(stderr, "own_gl: %s\n", err.message);
    calo_image_finish(&image);
    calo_gl_context_destroy(job.context);
    return status == CALO_OK ? 0 : 1;
}
