// Snowball's stemmers, as Debian's libstemmer has them.
#include <libstemmer.h>
