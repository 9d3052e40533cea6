// Counts lines, words and bytes of its standard input, as wc does; with "-f FILE" it tries to open a file first, which
// this server's guests cannot. Exit code 2 after a failure.
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int try_file(const char* name) {
  FILE* file = fopen(name, "r");
  if (file != NULL) {
    fprintf(stderr, "opened %s\n", name);
    return fclose(file);
  }
  fprintf(stderr, "%s: %s\n", name, strerror(errno));
  return -1;
}

int main(int argc, char** argv) {
  long lines = 0, words = 0, bytes = 0;
  int in_word = 0;
  if (argc == 3 && strcmp(argv[1], "-f") == 0 && try_file(argv[2]) != 0) return 2;
  for (int c; (c = getchar()) != EOF; ++bytes) {
    lines += c == '\n';
    words += !isspace(c) && !in_word;
    in_word = !isspace(c);
  }
  printf("%ld %ld %ld\n", lines, words, bytes);
  return 0;
}
