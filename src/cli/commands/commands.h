#pragma once

// One function for each client command, each in the file of its name.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/api/api_client.h"
#include "cli/command.h"
#include "cli/data_directory.h"

namespace wasm_server::cli {

std::unique_ptr<Command> put_command();
std::unique_ptr<Command> list_command();
std::unique_ptr<Command> show_command();
std::unique_ptr<Command> get_command();
std::unique_ptr<Command> run_guest_command();
std::unique_ptr<Command> update_command();
std::unique_ptr<Command> rollback_command();
std::unique_ptr<Command> remove_command();
std::unique_ptr<Command> logs_command();
std::unique_ptr<Command> bench_command();
std::unique_ptr<Command> token_command(OpenData open_data);
std::unique_ptr<Command> secret_command(OpenData open_data);
std::unique_ptr<Command> backup_command(OpenData open_data);
std::unique_ptr<Command> completion_command();
std::unique_ptr<Command> man_command();
std::unique_ptr<Command> version_command();

// All of them, in the order of `wasm-server --help`.
std::vector<std::unique_ptr<Command>> client_commands(const OpenData& open_data);

// The server that the command line means.
Outcome<ServerAddress> chosen_server(const Session& session);
// That of the data directory `data`, if it is not empty.
Outcome<DataServer> chosen_server_or_data(const Session& session, const std::string& data,
                                          const OpenData& open_data);

// A list that the server gives as {"items": [...]}: a table with a member of each in each column,
// or its JSON.
struct Column {
  const char* title;
  const char* member;
};
Outcome<int> print_items(const Session& session, ApiClient& api, std::string target,
                         std::span<const Column> columns);

// What a command that made a revision answers: `add: revision 2, 59 B, ready`, or the resource.
Outcome<void> print_revision(const Session& session, ApiClient& api, const ModuleView& module,
                             std::string_view remark = {});

}  // namespace wasm_server::cli
