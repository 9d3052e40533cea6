#include "base/time.h"

#include <cstddef>
#include <cstdint>

namespace wasm_server {

namespace {

// Decimal, with leading zeroes; two times stand in every answer about a module.
void put_digits(char* text, std::size_t place, std::size_t digits, std::int64_t value) {
  for (std::size_t i = place + digits; i-- > place; value /= 10) {
    text[i] = static_cast<char>('0' + value % 10);
  }
}

}  // namespace

UnixMillis unix_millis(std::chrono::system_clock::time_point time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

void append_rfc3339(std::string& out, UnixMillis time) {
  using namespace std::chrono;
  const sys_time<milliseconds> point{milliseconds{time}};
  const sys_days day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss clock{point - day};
  char text[] = "0000-00-00T00:00:00.000Z";
  put_digits(text, 0, 4, static_cast<int>(date.year()));
  put_digits(text, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text, 11, 2, clock.hours().count());
  put_digits(text, 14, 2, clock.minutes().count());
  put_digits(text, 17, 2, clock.seconds().count());
  put_digits(text, 20, 3, clock.subseconds().count());
  out.append(text, sizeof text - 1);
}

}  // namespace wasm_server
