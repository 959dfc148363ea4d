// Arrival: what a connection brings along when it opens: its request, and what was found out on the
// way in. Handed to the dialect once; what it wants to keep it moves out.
#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>

#include "transport/http.hpp"
#include "weft/request.hpp"

namespace weft::session {

struct Arrival {
  const transport::HttpRequest* request = nullptr;     ///< the upgrade; nullptr on raw TCP
  std::map<std::string, std::string> parameters = {};  ///< of the path's {variables}

  // What handshake middleware leaves; empty where there is none.
  boost::json::object attributes = {};
  std::string user = {};                             ///< to be bound; "" = nobody
  std::shared_ptr<const Request> seen_request = {};  ///< `request` as the middleware saw it
};

}  // namespace weft::session
