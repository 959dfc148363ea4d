// LineSplitter: a stream of bytes to lines of bounded length. Pure; one per pipe.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace weft::worker {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}

  /// Calls `take(std::string_view)` for every line that `bytes` ends, without its line end. A
  /// longer line is given cut, with " …" behind it, and the rest of it is dropped.
  template <class Take>
  void feed(std::string_view bytes, Take&& take) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view part = bytes.substr(0, end);
      if (line_.size() < max_line_) line_.append(part.substr(0, max_line_ - line_.size()));
      cut_ = cut_ || size_ + part.size() > max_line_;
      size_ += part.size();
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      give(take);
    }
  }
  /// The stream ended: gives a last line that had no line end.
  template <class Take>
  void finish(Take&& take) {
    if (size_ > 0) give(take);
  }

 private:
  template <class Take>
  void give(Take&& take) {
    if (!cut_ && line_.ends_with('\r')) line_.pop_back();
    if (cut_) line_ += " …";
    take(std::string_view(line_));
    line_.clear();
    size_ = 0;
    cut_ = false;
  }

  std::size_t max_line_, size_ = 0;
  bool cut_ = false;
  std::string line_;
};

}  // namespace weft::worker
