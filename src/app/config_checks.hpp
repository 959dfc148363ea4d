// Rules over the whole configuration: what fits together, what is dangerous. Adds findings.
#pragma once
#include "app/config_load.hpp"

namespace weft {

void check_config(Loaded& loaded, bool dev, bool program);

/// True for "https://app.example.com", "https://*.example.com", "http://localhost:8080" and "*".
bool is_origin_pattern(std::string_view text);
/// True for "10.0.0.0/8", "fd00::/8" and single addresses.
bool is_network(std::string_view text);

}  // namespace weft
