#include "api/call.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/url/params_encoded_view.hpp>
#include <boost/url/parse_query.hpp>
#include <charconv>

#include "base/log.hpp"
#include "wire/connmix/reply.hpp"

namespace weft::api {

using transport::HttpResponse;

HttpResponse json_response(std::string body, int status) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.content_type = "application/json";
  return response;
}

HttpResponse problem(int status, std::string_view message, int code) {
  return json_response(connmix::error_body(code ? code : status, message), status);
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  const auto parsed = boost::urls::parse_query({query.data(), query.size()});
  if (!parsed) return std::nullopt;
  for (const auto& one : *parsed) {
    std::string key, value;
    one.key.decode({}, boost::urls::string_token::assign_to(key));
    if (key != name) continue;
    one.value.decode({}, boost::urls::string_token::assign_to(value));
    return value;
  }
  return std::nullopt;
}

std::optional<std::size_t> page_limit(std::string_view query) {
  std::size_t limit = 100;
  const auto text = query_value(query, "limit");
  if (!text) return limit;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, limit);
  if (error != std::errc{} || stop != end || limit < 1 || limit > kMaxPage) return std::nullopt;
  return limit;
}

void spawn_answer(const Exchange& exchange, Task<void> work) {
  boost::asio::co_spawn(exchange->loop().context(), std::move(work),
                        [exchange](std::exception_ptr thrown) {
                          if (!thrown) return;
                          try {
                            std::rethrow_exception(thrown);
                          } catch (const std::exception& error) {
                            log::error("an API call failed: {}", error.what());
                          } catch (...) {
                            log::error("an API call failed with something that is no exception");
                          }
                          exchange->respond(problem(500, "internal error: the log says more"));
                        });
}

}  // namespace weft::api
