#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/connection/connection.h"
#include "cli/failure.h"
#include "cli/terminal.h"

namespace wasm_server::cli {

// What is said of a command in its help, its man page and the completion.
struct CommandText {
  std::string_view name;
  std::string_view summary;      // begins in lower case, no full stop
  std::string_view usage;        // behind the name: "[OPTIONS] ID"
  std::string_view description;  // paragraphs, an empty line between
};

// A command as far as it can be described. The server's own are only that (server_commands.h).
class CommandDefinition {
 public:
  virtual ~CommandDefinition() = default;
  virtual const CommandText& text() const = 0;
  // Adds its options and arguments, which write to this object.
  virtual void define(CLI::App& app) = 0;
  // Whether it takes --server and the like.
  virtual bool connects() const { return false; }
  // Whether it takes --json.
  virtual bool answers_json() const { return false; }
};

using CommandList = std::vector<std::unique_ptr<CommandDefinition>>;

// What a command has to do with.
struct Session {
  const Terminal& terminal;
  const ConnectionFlags& connection;
  bool json = false;  // --json was given
  const CommandList& commands;
};

// A command that this folder runs.
class Command : public CommandDefinition {
 public:
  // The exit code, or why it failed.
  virtual Outcome<int> run(const Session& session) = 0;
  bool connects() const override { return true; }
  bool answers_json() const override { return true; }
  // What it exits with when it is called wrongly.
  virtual ExitCode wrong_usage() const { return kWrongUsage; }
};

}  // namespace wasm_server::cli
