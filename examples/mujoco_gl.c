/* MuJoCo's own renderer in one of Calotype's contexts, without a window.
 *
 *     mujoco_gl auto|egl|osmesa|glfw OUTPUT.png
 *
 * MuJoCo 2.2 draws with old fixed functions, so it wants the compatibility profile. It finds OpenGL by itself when
 * mjr_makeContext is called: the context must be current then, and in every mjr_ function that draws or frees. */
#include <calotype/gl.h>
#include <calotype/image.h>

#include <stdio.h>
#include <string.h>

#include <mujoco/mujoco.h>

enum { WIDTH = 480, HEIGHT = 360, MAX_GEOMETRIES = 100 };

static const char model_text[] =
    "<mujoco>"
    "  <visual><global offwidth='480' offheight='360'/></visual>"
    "  <asset>"
    "    <texture type='skybox' builtin='gradient' rgb1='.6 .8 1' rgb2='.2 .3 .5' width='64' height='64'/>"
    "    <texture name='squares' type='2d' builtin='checker' rgb1='.3 .4 .5' rgb2='.2 .25 .3' "
    "     width='128' height='128'/>"
    "    <material name='floor' texture='squares' texrepeat='6 6' reflectance='.2'/>"
    "  </asset>"
    "  <worldbody>"
    "    <light pos='1 -1 3' dir='-.3 .3 -1'/>"
    "    <geom type='plane' size='2 2 .1' material='floor'/>"
    "    <body pos='0 0 .3'><freejoint/><geom type='box' size='.2 .2 .2' rgba='.9 .3 .2 1'/></body>"
    "    <body pos='.5 .3 .9'><freejoint/><geom type='sphere' size='.2' rgba='.2 .7 .3 1'/></body>"
    "    <body pos='-.5 .2 .6'><freejoint/><geom type='capsule' size='.1 .25' rgba='.2 .4 .9 1'/></body>"
    "  </worldbody>"
    "</mujoco>";

typedef struct drawing {
    const mjModel *model;
    mjData *state;
    calo_image *image;
} drawing;

/* MuJoCo stops the program at a fatal error, and asks here for the last words. */
static void last_words(const char *message)
{
    fprintf(stderr, "mujoco_gl: %s\n", message);
}

static mjModel *load_model(void)
{
    static mjVFS files; /* large */
    char message[512] = "";
    mj_defaultVFS(&files);
    if (mj_makeEmptyFileVFS(&files, "model.xml", (int)sizeof model_text - 1) != 0)
        return NULL;
    memcpy(files.filedata[0], model_text, sizeof model_text - 1);
    mjModel *model = mj_loadXML("model.xml", &files, message, sizeof message);
    mj_deleteVFS(&files);
    if (!model)
        fprintf(stderr, "mujoco_gl: %s\n", message);
    return model;
}

/* MuJoCo's first row is the bottom one. */
static void turn_over(calo_image *image)
{
    uint8_t row[3 * WIDTH], *rows = image->data;
    for (int y = 0; y < HEIGHT / 2; y++) {
        uint8_t *upper = rows + (size_t)y * sizeof row, *lower = rows + (size_t)(HEIGHT - 1 - y) * sizeof row;
        memcpy(row, upper, sizeof row);
        memcpy(upper, lower, sizeof row);
        memcpy(lower, row, sizeof row);
    }
}

/* Called where the context is current. */
static calo_status draw(void *user, calo_error *err)
{
    (void)err;
    drawing *job = user;
    mjvScene scene;
    mjvCamera camera;
    mjvOption option;
    mjrContext renderer;
    const mjrRect viewport = {0, 0, WIDTH, HEIGHT};
    mjv_defaultScene(&scene);
    mjv_defaultOption(&option);
    mjr_defaultContext(&renderer);
    mjv_defaultFreeCamera(job->model, &camera);
    mjv_makeScene(job->model, &scene, MAX_GEOMETRIES);
    mjr_makeContext(job->model, &renderer, mjFONTSCALE_100);
    mjr_setBuffer(mjFB_OFFSCREEN, &renderer);
    camera.distance = 3;
    camera.elevation = -25;
    mjv_updateScene(job->model, job->state, &option, NULL, &camera, mjCAT_ALL, &scene);
    mjr_render(viewport, &scene, &renderer);
    mjr_readPixels(job->image->data, NULL, viewport, &renderer);
    mjr_freeContext(&renderer);
    mjv_freeScene(&scene);
    turn_over(job->image);
    return CALO_OK;
}

static calo_status draw_in(const char *kind, drawing *job, const char *path, calo_error *err)
{
    calo_gl_options options = {.profile = CALO_GL_COMPATIBILITY};
    calo_gl_context *context = NULL;
    calo_status status = calo_gl_kind_from_name(kind, &options.kind, err);
    if (status == CALO_OK)
        status = calo_gl_context_create(&options, &context, err);
    if (status == CALO_OK)
        status = calo_gl_context_call(context, draw, job, err);
    if (status == CALO_OK)
        status = calo_image_write_png(job->image, path, err);
    if (status == CALO_OK)
        printf("%s: MuJoCo %s, %s, %s\n", path, mj_versionString(),
               calo_gl_kind_name(calo_gl_context_info(context)->kind), calo_gl_context_info(context)->renderer);
    calo_gl_context_destroy(context);
    return status;
}

int main(int argc, char **argv)
{
    calo_error err = {0};
    calo_image image = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: mujoco_gl auto|egl|osmesa|glfw OUTPUT.png\n");
        return 2;
    }
    mju_user_error = last_words;
    mjModel *model = load_model();
    if (!model)
        return 1;
    drawing job = {model, mj_makeData(model), &image};
    for (int step = 0; step < 200; step++)
        mj_step(model, job.state);
    calo_status status = calo_image_init(&image, WIDTH, HEIGHT, CALO_PIXEL_RGB8, &err);
    if (status == CALO_OK)
        status = draw_in(argv[1], &job, argv[2], &err);
    if (status != CALO_OK)
        fprintf(stderr, "mujoco_gl: %s\n", err.message);
    calo_image_finish(&image);
    mj_deleteData(job.state);
    mj_deleteModel(model);
    return status == CALO_OK ? 0 : 1;
}
