#pragma once

// What a shell can put where the cursor is.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace wasm_server::cli {

struct Candidate {
  std::string text;
  std::string description{};
};

struct Candidates {
  std::vector<Candidate> list;
  bool files = false;  // files as well
};

// Where names come from that only a server or the client's file knows.
struct CompletionSources {
  std::function<std::vector<std::string>(const ConnectionFlags&, std::string_view)> module_ids;
  std::function<std::vector<std::string>()> server_names;
};

// `words` stand behind the program's name; the last one is what the cursor is in, empty at its
// start.
Candidates complete(const CommandList& commands, std::span<const std::string> words,
                    const CompletionSources& sources);

// Asks the server that the words mean, for at most two seconds; says nothing about failures.
CompletionSources real_sources();

// What the shells' scripts call; it is in no help.
inline constexpr std::string_view kCompleteCommand = "__complete";

// `__complete WORD...`: a candidate a line, with a tab and its
// description behind it; the line `:files` asks for files. The exit code.
int print_candidates(const CommandList& commands, std::span<const std::string> words);

}  // namespace wasm_server::cli
