// Puts what a foreign configuration tree says (compat.hpp) into a Config, with the place of each
// value on record as for our own words.
#pragma once
#include <filesystem>
#include <string>

#include "app/compat.hpp"
#include "app/config_load.hpp"

namespace weft {

/// `folder`: where relative paths begin. Our own words of the same file are read before.
void apply_foreign(Loaded& out, const compat::Translation& translation, const std::string& where,
                   const std::filesystem::path& folder);

/// What to write in place of a PHP class or service as the value of `key`; "" when there is nothing
/// to say.
std::string hint_for_php(std::string_view key, std::string_view value);

}  // namespace weft
