/* Whose requests to S3 are, as Amazon's own tools find it out. */
#ifndef CALO_TRANSFER_CREDENTIALS_H
#define CALO_TRANSFER_CREDENTIALS_H

#include <calotype/status.h>

typedef struct calo_credentials {
    char *access_key, *secret_key, *session_token; /* NULL: none; without keys requests are not signed */
} calo_credentials;

/* From the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, else from the profile AWS_PROFILE
 * ("default") of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials). Half a pair, or a profile that is asked for and not there,
 * is an error. Sentences never have secrets in them. */
calo_status calo_credentials_load(calo_credentials *credentials, calo_error *err);
void calo_credentials_finish(calo_credentials *credentials);

/* Adds a profile's keys from the text of such a file. `found`: whether it is there. */
calo_status calo_credentials_parse(const char *text, size_t size, const char *profile, calo_credentials *credentials,
                                   bool *found, calo_error *err);

#endif
