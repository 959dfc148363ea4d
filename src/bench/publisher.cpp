#include "bench/publisher.hpp"

#include "bench/messages.hpp"
#include "bench/meter.hpp"
#include "bench/templates.hpp"

namespace weft::bench {
namespace {

constexpr const char* kPublication = R"({"c":"%c","d":"%s"})";
constexpr const char* kMeshRequest = R"({"m":"mesh.publish","p":{"c":"%c","d":"%s"},"i":1})";

}  // namespace

Publisher::Publisher(const FanoutOptions& options)
    : url_(url_of(options.publish_url)),
      headers_(options.target.headers),
      hello_(bytes_of(options.publish_hello)),
      pattern_(bytes_of(options.publish_as)),
      channel_(options.channel) {
  const bool is_template = !pattern_.empty();
  form_ = !url_.is_http ? Form::message : is_template ? Form::http_text : Form::http_json;
  if (is_template) return;
  if (url_.is_http) pattern_ = kPublication;
  if (!url_.is_http) pattern_ = url_.path.ends_with("/ws/v1") ? kMeshRequest : "%s";
}

std::string Publisher::bytes(std::string_view payload) const {
  const std::string text = fill(pattern_, payload, channel_);
  switch (form_) {
    case Form::http_json:
      return post_request(url_, text, headers_);
    case Form::http_text:
      return post_request(url_, text, headers_, "text/plain");
    case Form::message:
      break;
  }
  return client_frame(ws::Opcode::text, text);
}

}  // namespace weft::bench
