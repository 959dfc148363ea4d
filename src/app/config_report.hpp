// Report: findings about a configuration, each at the place where its key was written. Says nothing
// about a key that could not even be read: that was told already.
#pragma once
#include <string>
#include <string_view>

#include "app/config_load.hpp"

namespace weft {

/// "paths", 2 → "paths[2]".
std::string item_key(std::string_view list, std::size_t index);

class Report {
 public:
  explicit Report(Loaded& loaded) : loaded_(loaded) {}

  void error(const std::string& key, std::string message, std::string hint) {
    add(Finding::Severity::error, key, std::move(message), std::move(hint));
  }
  void warning(const std::string& key, std::string message, std::string hint) {
    add(Finding::Severity::warning, key, std::move(message), std::move(hint));
  }
  bool given(const std::string& key) const { return loaded_.origins.contains(key); }

 private:
  void add(Finding::Severity severity, std::string key, std::string message, std::string hint);
  /// The key, something inside of it, or something it stands in could not be read.
  bool is_broken(const std::string& key) const;

  Loaded& loaded_;
};

}  // namespace weft
