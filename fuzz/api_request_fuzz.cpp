// Anything a worker may send: no input may crash the reader, every answer must be JSON with the
// question's id in it, and what we cut out of the text must be what Boost.JSON reads there.
#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "wire/connmix/json.hpp"
#include "wire/connmix/reply.hpp"
#include "wire/connmix/request.hpp"

namespace {

using weft::check;
using weft::connmix::Json;

/// `ours` and `theirs` say the same.
void compare(const Json& ours, const boost::json::value& theirs) {
  check(ours.is(Json::Kind::string) == theirs.is_string(), "same kind");
  check(ours.is(Json::Kind::object) == theirs.is_object(), "same kind");
  check(ours.is(Json::Kind::list) == theirs.is_array(), "same kind");
  check(ours.is(Json::Kind::null) == theirs.is_null(), "same kind");
  check(ours.is(Json::Kind::boolean) == theirs.is_bool(), "same kind");
  if (theirs.is_string())
    check(ours.string() == std::string_view(theirs.get_string()), "same text");
  if (theirs.is_bool()) check(ours.boolean() == theirs.get_bool(), "same boolean");
  if (theirs.is_int64()) check(ours.integer() == theirs.get_int64(), "same number");
  if (theirs.is_array()) {
    const auto elements = ours.elements();
    check(elements.size() == theirs.get_array().size(), "same length");
    for (std::size_t i = 0; i < elements.size(); ++i) compare(elements[i], theirs.get_array()[i]);
  }
  if (theirs.is_object()) {
    const auto members = ours.members();
    check(members.size() >= theirs.get_object().size(),
          "no key is lost");  // keys may repeat in ours
    for (const auto& [key, value] : members)
      check(theirs.get_object().contains(key), "no key is invented");
  }
}

void must_be_json(const std::string& text) {
  check(weft::connmix::json_problem(text, 128).empty(), "we write JSON");
}

void must_be_whole(const weft::connmix::AddMessage& message) {
  must_be_json(message.data);
  check((message.to == weft::ConnectionId::none) != message.user.empty(), "exactly one target");
  check(!message.event.empty() && message.ttl.count() >= 0, "an event, and no time before now");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::connmix;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const Request request = parse_request(text);
  must_be_json(request.id);
  must_be_json(ok_reply(request));
  must_be_json(sent_reply(request));
  must_be_json(published_reply(request, {1, 2}));
  must_be_json(pong_reply(request));
  const auto* refused = std::get_if<Refused>(&request.method);
  if (refused) {
    check(!refused->message.empty(), "a refusal says why");
    must_be_json(error_reply(request, refused->code, refused->message));
  }
  if (const auto* set = std::get_if<SetContext>(&request.method)) {
    must_be_json(set->object);
    check(Json(set->object).is(Json::Kind::object), "a context is an object");
  }
  if (const auto* message = std::get_if<AddMessage>(&request.method)) must_be_whole(*message);
  if (const auto* publish = std::get_if<Publish>(&request.method))
    must_be_json(
        publication_event(Style::long_keys, publish->channel, publish->type, publish->data));
  for (const auto parse : {parse_send, parse_publish, parse_push, parse_close}) parse(text);

  const auto list = parse_messages(text);
  if (const auto* messages = std::get_if<MessageList>(&list))
    for (const AddMessage& message : messages->messages) must_be_whole(message);
  must_be_json(queued_reply(request, text));

  const bool is_json = json_problem(text).empty();
  boost::json::error_code error;
  const boost::json::value theirs =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  check(is_json == !error, "both readers agree");
  if (!is_json) return 0;
  compare(Json(text), theirs);
  JobEvent event;
  event.topic = text;
  event.data = text;
  for (const EventStyle style : {EventStyle::long_consume, EventStyle::short_pop})
    must_be_json(job_event(style, event));
  check(Json(json_quote(text)).string() == text, "quoting is undone");
  return 0;
}
