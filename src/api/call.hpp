// Call: one HTTP request to the API on its way to the function that answers it, and how answers are
// written. Functions that answer stand in the table of routes.cpp.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/routes.hpp"
#include "node/node.hpp"
#include "transport/http.hpp"
#include "weft/task.hpp"

namespace weft::api {

using Exchange = std::shared_ptr<transport::HttpExchange>;

struct Call {
  Node& node;
  const ApiOptions& options;
  const transport::HttpRequest& request;
  Exchange exchange;

  void respond(transport::HttpResponse response) const { exchange->respond(std::move(response)); }
};

transport::HttpResponse json_response(std::string body, int status = 200);
/// {"E":{"c":code,"m":message}}; the code is the status when none is given.
transport::HttpResponse problem(int status, std::string_view message, int code = 0);
/// The value of `name` in a query, decoded; nullopt when it is not there.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

inline constexpr std::size_t kMaxPage = 1000;
/// `limit` of a query, 100 when it is not there; nullopt when it is not 1 to kMaxPage.
std::optional<std::size_t> page_limit(std::string_view query);

/// Runs `work` on the loop of `exchange`. What it throws, out of a storage of the program, is
/// logged and answered with 500.
void spawn_answer(const Exchange& exchange, Task<void> work);

}  // namespace weft::api
