// The configuration for people: what is in force and why, what one key means, and the reference
// page. Secrets are printed as ***.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "app/config_load.hpp"

namespace weft {

/// The whole configuration as a weft.yaml; `with_origin` adds which of flag, environment, file or
/// default said it.
std::string dump_yaml(Loaded& loaded, bool with_origin);
std::string dump_json(Loaded& loaded);

/// Type, range, default, names and example of a key; the list of keys for a section. nullopt for an
/// unknown key.
std::optional<std::string> explain(std::string_view key);
/// "did you mean client.max_message?", "" when nothing is near.
std::string suggest_key(std::string_view key);

/// The reference tables of docs/config.md.
std::string reference_markdown();

/// `url` with the password in it as ***.
std::string mask_url(const std::string& url);

}  // namespace weft
