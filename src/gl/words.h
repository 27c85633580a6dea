/* Lists in text: of extensions, of reasons. */
#ifndef CALO_GL_WORDS_H
#define CALO_GL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a list of words parted by blanks has this one. False for NULL. */
bool calo_word_in_list(const char *list, const char *word);

/* Adds a sentence behind "; "; what does not fit into `size` bytes is cut off. */
void calo_append_sentence(char *list, size_t size, const char *sentence);

#endif
