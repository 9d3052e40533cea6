#include <stdlib.h>
#include <string.h>

#include "greeter.h"

// Arguments belong to the function, and what it returns to the caller, who frees it.
void exports_example_greetings_greetings_greet(greeter_string_t *name, greeter_string_t *ret) {
  static const char before[] = "Hello, ", after[] = "!";
  const size_t begin = sizeof before - 1, end = sizeof after - 1;
  ret->len = begin + name->len + end;
  ret->ptr = malloc(ret->len);
  if (ret->ptr == NULL) abort();
  memcpy(ret->ptr, before, begin);
  memcpy(ret->ptr + begin, name->ptr, name->len);
  memcpy(ret->ptr + begin + name->len, after, end);
  greeter_string_free(name);
}

// True means the result is `ok`.
bool exports_example_greetings_greetings_summary(greeter_list_f64_t *numbers,
                                                 exports_example_greetings_greetings_statistics_t *ret,
                                                 greeter_string_t *err) {
  if (numbers->len == 0) {
    greeter_string_dup(err, "no numbers");
    return false;
  }
  double sum = 0, largest = numbers->ptr[0];
  for (size_t i = 0; i < numbers->len; ++i) {
    sum += numbers->ptr[i];
    if (numbers->ptr[i] > largest) largest = numbers->ptr[i];
  }
  ret->count = numbers->len;
  ret->mean = sum / numbers->len;
  ret->largest = largest;
  greeter_list_f64_free(numbers);
  return true;
}
