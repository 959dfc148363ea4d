#include "session/session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "weft/codes.hpp"

namespace weft::session {

Session::Session(ConnectionId id, transport::Connection& connection, Dialect& dialect,
                 SessionOwner& owner, std::size_t max_channels)
    : id_(id),
      connection_(connection),
      dialect_(dialect),
      owner_(owner),
      max_channels_(static_cast<std::uint32_t>(std::min<std::size_t>(max_channels, UINT32_MAX))) {}

Session::~Session() = default;

void Session::require_context(std::string key, Millis within) {
  authentication_ = std::make_unique<net::CallbackTimer>([this, key = std::move(key), within] {
    if (dialect_.has_context(*this, key)) return;
    connection_.close(
        close_code::kNotAuthenticated,
        fmt::format("not authenticated within {} ms (authenticate.within)", within.count()));
  });
  connection_.loop().timers().set(*authentication_, within);
}

bool Session::on_message(DataType type, std::span<const std::byte> payload) {
  return dialect_.on_message(*this, type, payload);
}

void Session::on_close(const CloseInfo& info) {
  authentication_.reset();
  owner_.on_session_end(*this);
  dialect_.on_close(*this, info);
  owner_.on_session_over(*this);
}

bool deliver_frame(transport::Connection& connection, hub::Delivery& delivery) {
  const hub::Publication& publication = delivery.publication;
  switch (connection.shared_form()) {
    case transport::SharedForm::plain:
      return connection.send_frame(publication.ws_frame) == transport::SendResult::queued;
    case transport::SharedForm::deflated:
      if (!delivery.deflated_frame)
        delivery.deflated_frame = connection.deflate(publication.type, publication.data.bytes());
      return connection.send_frame(delivery.deflated_frame) == transport::SendResult::queued;
    case transport::SharedForm::own:
      break;
  }
  return connection.send(publication.type, publication.data.bytes()) ==
         transport::SendResult::queued;
}

}  // namespace weft::session
