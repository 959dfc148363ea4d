// The configuration tree of the PHP WebSocket bundle, of its three generations.
#include "app/compat.hpp"

namespace weft::compat {

std::span<const Row> bundle_rows() {
  static constexpr std::string_view kCodec =
      "paths[].envelope and paths[].converter choose among those that are shipped; your own is a "
      "C++ class given to Server::set_codec";
  static constexpr Row rows[]{
      {"server.adapter", Take::accepted, "",
       "weft is the server; a program of your own is built on weft::Server",
       "codememory.ws_server.default_server"},
      {"server.protocol", Take::protocol, "",
       "certificate and key under listen.clients turn TLS on"},
      {"server.host", Take::host, "listen.clients.address"},
      {"server.port", Take::port, "listen.clients.address"},
      {"adapter.server_service", Take::accepted, "",
       "weft is the server; a program of your own is built on weft::Server",
       "codememory.ws_server.default_server"},
      {"adapter.connection_storage_service", Take::value, "storages.connection.engine"},
      {"converters.message", Take::value, "paths[].converter"},
      {"extractors.message_event", Take::accepted, "", kCodec,
       "codememory.ws_server.default_message_event_extractor"},
      {"extractors.message_headers", Take::accepted, "", kCodec,
       "codememory.ws_server.default_message_headers_extractor"},
      {"extractors.message_input_data", Take::accepted, "", kCodec,
       "codememory.ws_server.default_message_input_data_extractor"},
  };
  return rows;
}

}  // namespace weft::compat
