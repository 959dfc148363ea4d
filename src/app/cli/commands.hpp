// The commands of `weft`. Each adds itself to `parent`, runs while the command line is parsed, and
// sets `exit_code`.
#pragma once
#include <CLI/App.hpp>

#include "app/cli/globals.hpp"

namespace weft::cli {

void add_serve_commands(CLI::App& parent, Globals& globals, int& exit_code);  // dev, run
void add_init_command(CLI::App& parent, Globals& globals, int& exit_code);
void add_config_command(CLI::App& parent, Globals& globals, int& exit_code);
void add_connections_command(CLI::App& parent, Globals& globals, int& exit_code);
void add_presence_command(CLI::App& parent, Globals& globals, int& exit_code);
void add_nodes_command(CLI::App& parent, Globals& globals, int& exit_code);
void add_status_command(CLI::App& parent, Globals& globals, int& exit_code);
void add_drain_command(CLI::App& parent, Globals& globals, int& exit_code);
void add_mesh_commands(CLI::App& parent, Globals& globals, int& exit_code);  // pub, sub, send, kick
void add_queue_command(CLI::App& parent, Globals& globals, int& exit_code);
void add_messages_command(CLI::App& parent, Globals& globals, int& exit_code);
void add_version_command(CLI::App& parent, Globals& globals, int& exit_code);

}  // namespace weft::cli
