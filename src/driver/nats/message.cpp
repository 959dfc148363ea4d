#include "driver/nats/message.hpp"

#include <nats/nats.h>

#include <charconv>

namespace weft::nats {
namespace {

std::string_view view_of(const char* text) { return text ? text : std::string_view(); }

}  // namespace

std::string_view Message::subject() const { return view_of(natsMsg_GetSubject(message_.get())); }
std::string_view Message::reply() const { return view_of(natsMsg_GetReply(message_.get())); }

std::string_view Message::text() const {
  const int size = natsMsg_GetDataLength(message_.get());
  if (size <= 0) return {};
  return {natsMsg_GetData(message_.get()), static_cast<std::size_t>(size)};
}

std::span<const std::byte> Message::bytes() const { return std::as_bytes(std::span(text())); }

std::string_view Message::header(const char* name) const {
  const char* value = nullptr;
  return natsMsgHeader_Get(message_.get(), name, &value) == NATS_OK ? view_of(value) : "";
}

int Message::status() const {
  const std::string_view text = header("Status");
  int status = 0;
  std::from_chars(text.data(), text.data() + text.size(), status);
  return status;
}

std::size_t Message::size() const { return subject().size() + reply().size() + text().size(); }

void Message::Destroy::operator()(__natsMsg* message) const { natsMsg_Destroy(message); }

}  // namespace weft::nats
