#include "gl/words.h"

#include <string.h>

bool calo_word_in_list(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; at && (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

void calo_append_sentence(char *list, size_t size, const char *sentence)
{
    if (list[0] && sentence[0])
        strncat(list, "; ", size - strlen(list) - 1);
    strncat(list, sentence, size - strlen(list) - 1);
}
