#pragma once

// How a client command ends: its exit code, and one line that says why.

#include <expected>
#include <string>
#include <utility>

#include "base/result.h"

namespace wasm_server::cli {

// Documented in docs/cli.md. All but kDone are out of the way of what guests exit with, because
// `run` hands the guest's own code on.
enum ExitCode : int {
  kDone = 0,
  kDamaged = 1,         // of `check` and the like: something stored is damaged, or cannot be opened
  kWrongUsage = 2,      // of every command but `run`
  kWrongRun = 120,      // wrong usage of `run`
  kLocalTrouble = 121,  // a file, the configuration, standard output
  kUnreachable = 122,   // no server there, or what is there is none of ours
  kRefused = 123,       // the server says no
  kGuestDeadline = 124,  // the guest was stopped at its deadline
  kGuestFailed = 125,    // it trapped, or met a limit
};

struct Failure {
  ExitCode code;
  std::string message;  // one line; may hold what a server sent, so it is escaped where it is shown
};

// `TRY` and `TRY_ASSIGN` (base/result.h) take it as they take a Result.
template <class T>
using Outcome = std::expected<T, Failure>;

inline std::unexpected<Failure> failure(ExitCode code, std::string message) {
  return std::unexpected{Failure{code, std::move(message)}};
}

}  // namespace wasm_server::cli
