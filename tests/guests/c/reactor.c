// A reactor: no main; constructors run in _initialize, and its functions can be called with typed arguments.
#include <stdint.h>
#include <string.h>

static char text[64];

__attribute__((constructor)) static void prepare(void) { strcpy(text, "prepared"); }

__attribute__((export_name("prepared_length"))) int32_t prepared_length(void) { return (int32_t)strlen(text); }

__attribute__((export_name("gcd"))) int64_t gcd(int64_t a, int64_t b) { return b == 0 ? a : gcd(b, a % b); }
