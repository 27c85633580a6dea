/* URLs as text. */
#ifndef CALO_TRANSFER_URL_H
#define CALO_TRANSFER_URL_H

#include "base/blob.h"

bool calo_url_is_s3(const char *url);

/* For sentences: without user, password, query and fragment, on one line, and not too long. malloc'ed. */
char *calo_url_shown(const char *url);

/* What may not stand in a URL (blanks, letters beyond ASCII) behind the host percent-encoded. malloc'ed. */
char *calo_url_mended(const char *url);

/* Percent-encodes all but letters, digits and "-._~" (RFC 3986's unreserved), and '/' where it is kept. */
calo_status calo_url_encode(calo_blob *blob, const char *text, bool keep_slashes, calo_error *err);

#endif
