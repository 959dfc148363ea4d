// Letter: an envelope on its way between loops, with all that it points to.
#pragma once
#include <string>

#include "base/bytes.hpp"
#include "base/shared_bytes.hpp"
#include "wire/mesh/envelope.hpp"

namespace weft {

struct Letter {
  mesh::Envelope envelope;
  std::string name = {}, text = {};
  SharedBytes data = {};  ///< the body, unless it is `text`

  /// The envelope with its views, good while the letter lies where it is.
  mesh::Envelope& open() {
    envelope.name = name;
    envelope.body = text.empty() ? as_text(data.bytes()) : std::string_view(text);
    return envelope;
  }
  std::size_t size() const { return name.size() + text.size() + data.size(); }

  static Letter control(mesh::Control what, ConnectionId whose) {
    Letter letter{.envelope = {.kind = mesh::Kind::control}};
    letter.envelope.connections.push_back(whose);
    letter.envelope.numbers.push_back(static_cast<std::uint64_t>(what));
    return letter;
  }
};

}  // namespace weft
