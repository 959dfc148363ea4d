// What a running weft::Server sends: to one, to some, to all, to a user, to a channel.
#include "app/embedded_ask.hpp"
#include "wire/events/converters.hpp"

namespace weft {
namespace {

SendStatus status_of(error_code error) {
  if (!error) return SendStatus::queued;
  return error == NodeErrc::no_such_connection ? SendStatus::gone : SendStatus::dropped;
}

/// A value that another thread may destroy.
json::value own(json::value&& value) { return json::value(std::move(value), json::storage_ptr()); }

}  // namespace

SharedBytes bytes_of(const Payload& payload) {
  if (payload.name().empty()) return SharedBytes::copy_of(payload.bytes());
  std::string envelope;
  events::JsonConverter().encode({payload.name(), payload.data()}, envelope);
  return SharedBytes::copy_of(envelope);
}

Outbound outbound(const Payload& payload) {
  return {payload.type(), bytes_of(payload), !payload.name().empty()};
}

Payload Payload::event(std::string name, json::value data) {
  Payload payload;
  payload.name_ = std::move(name);
  payload.data_ = std::move(data);
  return payload;
}

Payload Payload::text(std::string utf8) {
  Payload payload;
  payload.bytes_ = std::move(utf8);
  return payload;
}

Payload Payload::binary(std::string bytes) {
  Payload payload;
  payload.bytes_ = std::move(bytes);
  payload.type_ = DataType::binary;
  return payload;
}

namespace {

/// A send that finds nobody is told to subscribers from here: no connection could. `what` gives the
/// payload, if somebody wants to hear of it.
template <class What, class Waiting>
Completion<error_code> tell_status(Embedded& embedded, ConnectionId to, What what,
                                   Waiting waiting) {
  const EventBus& bus = embedded.application().bus;
  std::optional<Payload> kept;
  if (bus.has<MessageSent>() || bus.has<ConnectionRemoved>()) kept = what();
  return [&embedded, to, kept = std::move(kept), waiting](error_code error) {
    const SendStatus status = status_of(error);
    if (status == SendStatus::gone && kept) {
      Server& server = embedded.application().server;
      embedded.raise(
          MessageSent{server, to, nullptr, kept->name(), kept->data(), status, kept->type()});
      embedded.raise(ConnectionRemoved{server, to, ConnectionRemoved::Why::send_found_it_gone});
    }
    waiting->give(status);
  };
}

}  // namespace

Answer<SendStatus> Server::send(ConnectionId to, std::string event, json::value data) {
  return ask(*embedded_, SendStatus::gone, [&](Assembly& assembly, auto waiting) {
    const auto what = [&] { return Payload::event(event, data); };
    auto done = tell_status(*embedded_, to, what, std::move(waiting));
    assembly.node().send_event(loop_for(assembly, to), to, std::move(event), own(std::move(data)),
                               std::move(done));
  });
}

Answer<SendStatus> Server::push(ConnectionId to, Payload payload) {
  if (!payload.name().empty()) return send(to, payload.name(), payload.data());
  return ask(*embedded_, SendStatus::gone, [&](Assembly& assembly, auto waiting) {
    const auto what = [&] { return payload; };
    auto done = tell_status(*embedded_, to, what, std::move(waiting));
    assembly.node().send(loop_for(assembly, to), to, payload.type(), bytes_of(payload),
                         std::move(done));
  });
}

Answer<Delivered> Server::push_some(std::vector<ConnectionId> to, Payload payload, Except except) {
  Delivered none;
  none.gone = to.size();
  return ask(*embedded_, none, [&](Assembly& assembly, auto waiting) {
    assembly.node().push_some(some_loop(assembly), std::move(to), outbound(payload),
                              PushRules{std::move(except)},
                              [waiting](Delivered delivered) { waiting->give(delivered); });
  });
}

Answer<Delivered> Server::push_all(Payload payload, Except except, std::size_t page) {
  return ask(*embedded_, Delivered(), [&](Assembly& assembly, auto waiting) {
    assembly.node().push_all(some_loop(assembly), outbound(payload),
                             PushRules{std::move(except), page},
                             [waiting](Delivered delivered) { waiting->give(delivered); });
  });
}

Answer<Delivered> Server::push_user(std::string user, Payload payload) {
  const auto delivered = [](const Result<PublishCount>& count) {
    if (!count) return Delivered{0, 0, 1};
    const bool nobody = count->success + count->fail + count->unreachable == 0;
    return Delivered{count->success, count->fail, nobody ? 1u : 0u, count->unreachable};
  };
  return ask(*embedded_, Delivered{0, 0, 1}, [&](Assembly& assembly, auto waiting) {
    net::Loop& loop = some_loop(assembly);
    loop.dispatch([&node = assembly.node(), &loop, user = std::move(user), delivered, waiting,
                   what = outbound(payload)]() mutable {
      node.push_user(loop, user, std::move(what), [waiting, delivered](Result<PublishCount> count) {
        waiting->give(delivered(count));
      });
    });
  });
}

Answer<PublishCount> Server::publish(std::string channel, Payload payload) {
  return ask(*embedded_, PublishCount(), [&](Assembly& assembly, auto waiting) {
    net::Loop& loop = some_loop(assembly);
    loop.dispatch([&node = assembly.node(), &loop, channel = std::move(channel), waiting,
                   what = outbound(payload)]() mutable {
      node.publish(loop, channel, std::move(what), [waiting](Result<PublishCount> count) {
        waiting->give(count ? *count : PublishCount());
      });
    });
  });
}

}  // namespace weft
