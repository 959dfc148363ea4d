#include "framework/request_of.hpp"

#include "net/address.hpp"

namespace weft::framework {

Request request_of(const transport::HttpRequest& request) {
  Request out;
  out.method = request.method;
  out.target = request.target;
  out.path = request.path;
  out.query = request.query;
  out.headers.reserve(request.headers.size());
  for (const auto& [name, value] : request.headers) out.headers.push_back({name, value});
  out.remote_addr = net::to_string(request.remote);
  out.tls = request.tls;
  return out;
}

}  // namespace weft::framework
