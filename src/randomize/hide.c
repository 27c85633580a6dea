/* Hide: bodies (with all they carry), geoms and sites whose names begin with a prefix are not drawn. */
#include <string.h>

#include "randomize/orrb_components.h"

typedef struct parameters {
    char *body_prefix, *geom_prefix, *site_prefix;
} parameters;

static const calo_parameter table[] = {
    CALO_STRING(body_prefix, ""),
    CALO_STRING(geom_prefix, ""),
    CALO_STRING(site_prefix, ""),
};

/* In ORRB's order, where a subtree is a run of nodes. */
static void hide(calo_randomizer *randomizer, const calo_component *component)
{
    const parameters *p = component->parameters;
    const calo_subject *subject = &randomizer->subject;
    uint32_t hidden_until = 0;
    for (uint32_t i = 0; i < subject->scene->node_count; i++) {
        uint32_t node = subject->order[i];
        const char *name = subject->aliases[node];
        if (!calo_subject_contains(subject, component->node, node))
            continue;
        if (subject->kinds[node] == CALO_SUBJECT_BODY && subject->last[node] > hidden_until &&
            calo_has_prefix(name, p->body_prefix))
            hidden_until = subject->last[node];
        if (i < hidden_until || (subject->kinds[node] == CALO_SUBJECT_GEOM && calo_has_prefix(name, p->geom_prefix)) ||
            (subject->kinds[node] == CALO_SUBJECT_SITE && calo_has_prefix(name, p->site_prefix)))
            randomizer->hidden[node] = true;
    }
}

/* What other components hide stays hidden. */
static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    (void)component;
    (void)err;
    memset(randomizer->hidden, 0, randomizer->scene->node_count * sizeof *randomizer->hidden);
    for (uint32_t i = 0; i < randomizer->component_count; i++)
        if (randomizer->components[i].type == &calo_orrb_hide)
            hide(randomizer, &randomizer->components[i]);
    return CALO_OK;
}

const calo_component_type calo_orrb_hide = {
    .name = "Hide",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .bind = bind,
};
