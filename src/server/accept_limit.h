/* See accept_limit.c: for programs that serve. */
#ifndef CALO_SERVER_ACCEPT_LIMIT_H
#define CALO_SERVER_ACCEPT_LIMIT_H

/* As many descriptors as the system lets the process have. */
void calo_accept_raise_limit(void);

#endif
