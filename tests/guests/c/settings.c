// Prints its arguments, one environment variable, the sum of a million doubles, and whether time moves on.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char** argv) {
  struct timespec before, after, nap = {0, 20 * 1000 * 1000};
  double sum = 0;
  for (int i = 1; i < argc; ++i) printf("arg %s\n", argv[i]);
  printf("GREETING=%s\n", getenv("GREETING") ? getenv("GREETING") : "(none)");
  for (int i = 1; i <= 1000000; ++i) sum += sqrt(i);
  printf("%.3f\n", sum);
  clock_gettime(CLOCK_MONOTONIC, &before);
  nanosleep(&nap, NULL);
  clock_gettime(CLOCK_MONOTONIC, &after);
  puts(after.tv_sec > before.tv_sec || after.tv_nsec - before.tv_nsec >= nap.tv_nsec ? "slept" : "did not sleep");
  return time(NULL) > 1700000000 ? 0 : 1;
}
