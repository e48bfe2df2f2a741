// OpenBLAS's C interface: sgemm, and the calls that choose its threads.
#include <cblas.h>
