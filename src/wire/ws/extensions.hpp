// The grammar of Sec-WebSocket-Extensions (RFC 6455 section 9.1), read one extension at a time, in
// linear time.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::ws {

struct ExtensionParameter {
  std::string_view name;
  std::optional<std::string> value;  ///< a token; quotes and escapes are taken off
};

struct Extension {
  std::string_view name;
  std::vector<ExtensionParameter> parameters;
  bool is_well_formed = true;  ///< else the rest of it, up to its comma, was skipped
};

/// Walks through one header value, which must outlive the reader and what it gives.
class ExtensionReader {
 public:
  explicit ExtensionReader(std::string_view header) : rest_(header) {}

  /// The next extension, nullopt after the last one. Empty list elements are passed over.
  std::optional<Extension> next();

 private:
  bool read(Extension& extension);
  bool read_parameter(ExtensionParameter& parameter);
  bool read_quoted(std::string& value);
  std::string_view read_token();
  bool eat(char wanted);  ///< with the blanks around it
  void skip_blanks();
  void skip_to_comma();

  std::string_view rest_;
};

}  // namespace weft::ws
