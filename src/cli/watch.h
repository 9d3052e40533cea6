#pragma once

#include <string>

#include "base/descriptor.h"
#include "cli/failure.h"

namespace wasm_server::cli {

// Waits for changes of one file. Its directory is watched, because editors and compilers write
// another file and rename it.
class FileWatch {
 public:
  // The file need not be there. From now on no change is missed.
  static Outcome<FileWatch> start(const std::string& file);

  // Returns once the file has been written or replaced and then left alone for a moment.
  Outcome<void> wait_for_change();

 private:
  FileWatch(Descriptor inotify, std::string name);

  // Whether any of the events that wait is about the file.
  Outcome<bool> take_events();
  bool has_events(int millis) const;

  Descriptor inotify_;
  std::string name_;  // in its directory
};

}  // namespace wasm_server::cli
