#include <string_view>

#include "app/cli/command_line.hpp"
#include "program.hpp"  // examples/chat/worker

int main(int argc, char** argv) {
  // The worker of `weft init chat` comes with weft, so that its project runs at once.
  if (argc > 1 && std::string_view(argv[1]) == "chat-worker")
    return chat::program(argc - 1, argv + 1);
  return weft::cli::run_command_line(argc, argv);
}
