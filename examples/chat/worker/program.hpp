// The chat's worker as a program: consumes the queues `chat` and `conn` of every node and answers.
// Start as many as you like. weft has it built in as `weft chat-worker`, for the project that `weft
// init chat` writes.
#pragma once

namespace chat {

/// What main() does with its arguments; gives the exit code.
int program(int argc, char** argv);

}  // namespace chat
