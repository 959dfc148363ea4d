// What can become of a task (Server::task) that gives no result.
#pragma once
#include <chrono>

#include "weft/result.hpp"

namespace weft {

enum class TaskErrc {
  timed_out = 1,  ///< the deadline passed; the work may still run, its result is thrown away
  threw,          ///< the work let an exception out: it is in the log
  full,           ///< too many tasks wait already (framework.tasks.max_waiting)
  stopped,        ///< the server ended before its turn came, or does not run yet
};
error_code make_error_code(TaskErrc error);

struct TaskOptions {
  std::chrono::milliseconds timeout{500};  ///< from now to the result; 0 = none
};

}  // namespace weft

template <>
struct boost::system::is_error_code_enum<weft::TaskErrc> : std::true_type {};
