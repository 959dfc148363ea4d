// spawn(): one child process in a process group of its own, which dies with the thread that made
// it.
#pragma once
#include <sys/types.h>

#include <map>
#include <string>

#include "weft/result.hpp"

namespace weft::worker {

struct Child {
  pid_t pid = 0;    ///< also its process group
  int output = -1;  ///< read end of its standard output and error; the caller closes it
};

/// Runs `command` by /bin/sh -c in `directory` ("" = ours), with `environment` added to ours and
/// nothing open but standard input (/dev/null), output and error. Errors: what fork, chdir or exec
/// say.
Result<Child> spawn(const std::string& command, const std::string& directory,
                    const std::map<std::string, std::string>& environment);

}  // namespace weft::worker
