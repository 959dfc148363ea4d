// For tests: a server of somebody else's as a child process, gone with its object.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::driver {

class TestProcess {
 public:
  TestProcess() = default;
  ~TestProcess() { kill(); }
  TestProcess(const TestProcess&) = delete;
  TestProcess& operator=(const TestProcess&) = delete;

  /// Of starts: somebody else may take the free port first.
  static constexpr int kAttempts = 5;
  /// Of the loopback, free a moment ago.
  static std::uint16_t free_port();

  /// Back when it says `sign_of_life` on its descriptor `says_on`; false: it ended before.
  /// `arguments` begin with the program's path.
  bool start(std::vector<std::string> arguments, int says_on, std::string_view sign_of_life);
  void kill();    ///< as by a power cut
  void freeze();  ///< it keeps its connections and does nothing any more
  void thaw();    ///< it goes on

 private:
  pid_t process_ = 0;
  int output_ = -1;
};

}  // namespace weft::driver
