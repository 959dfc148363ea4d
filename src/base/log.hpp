// Logging: one line per event that a person would act on. spdlog stands behind this header and
// nowhere else. Control characters of the message are escaped, so a peer cannot forge a line. Any
// thread.
#pragma once
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

namespace weft::log {

enum class Level { debug, info, warn, error };

/// Where lines go from now on: "" = standard error, else a file that is appended to. Throws when it
/// cannot be opened.
void open(const std::string& file, Level level, bool json = false);
void set_level(Level level);
bool is_on(Level level);
void write(Level level, std::string_view line);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (is_on(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (is_on(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (is_on(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (is_on(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

/// Lets one line per `period` through. One per place and thread; `suppressed()` tells what was held
/// back since the last line that passed.
class Limiter {
 public:
  explicit Limiter(std::chrono::seconds period) : period_(period) {}
  bool pass(std::chrono::steady_clock::time_point now);
  std::size_t suppressed() const { return suppressed_; }

 private:
  std::chrono::seconds period_;
  std::chrono::steady_clock::time_point next_{};
  std::size_t held_ = 0, suppressed_ = 0;
};

/// `text` with control characters and invalid bytes as \n, \r, \t, \x1b …
std::string escape(std::string_view text);

}  // namespace weft::log
