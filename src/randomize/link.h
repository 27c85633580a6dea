/* What looks of a randomizer have: which nodes and materials they change, how many lights, and their streams. */
#ifndef CALO_RANDOMIZE_LINK_H
#define CALO_RANDOMIZE_LINK_H

#include "randomize/component.h"

/* Once all components are bound, and after each update. */
calo_status calo_randomizer_link(calo_randomizer *randomizer, calo_error *err);
void calo_randomizer_unlink(calo_randomizer *randomizer);

#endif
