// The calls of weft::Cluster.
#include "weft/cluster.hpp"

#include <algorithm>
#include <unordered_set>

#include "app/embedded_ask.hpp"

namespace weft {
namespace {

/// Without the second of two names.
std::vector<std::string> each_once(std::vector<std::string> users) {
  std::unordered_set<std::string> known;
  std::erase_if(users, [&](const std::string& user) { return !known.insert(user).second; });
  return users;
}

Delivered delivered(const Result<PublishCount>& count) {
  if (!count) return {0, 0, 1};
  Delivered all{count->success, count->fail, 0, count->unreachable};
  if (all.total() == 0 && all.unreachable == 0) all.gone = 1;
  return all;
}

/// What becomes of it with each user, on the way to one sum; on the loop that asks.
template <class Waiting>
struct Sum {
  Delivered all;
  std::size_t missing;
  Waiting waiting;
  void add(const Delivered& one) {
    all += one;
    if (--missing == 0) waiting->give(all);
  }
};

Delivered nobody(std::size_t users) {
  Delivered all;
  all.gone = users;
  return all;
}

template <class T>
auto give(std::shared_ptr<framework::Waiting<Result<T>>> waiting) {
  return [waiting = std::move(waiting)](Result<T> result) { waiting->give(std::move(result)); };
}

auto give_error(std::shared_ptr<framework::Waiting<Result<void>>> waiting) {
  return [waiting = std::move(waiting)](error_code error) {
    waiting->give(error ? Result<void>(error) : Result<void>());
  };
}

const error_code kNotThere = make_error_code(NodeErrc::no_such_connection);

}  // namespace

Answer<Delivered> Cluster::transport(Payload payload, std::vector<std::string> users) {
  if (users.empty()) return transport_to_all(std::move(payload));
  return transport_to_users(std::move(payload), std::move(users));
}

Answer<Delivered> Cluster::transport_to_users(Payload payload, std::vector<std::string> users) {
  users = each_once(std::move(users));
  if (users.empty()) return framework::known(Delivered());
  return ask(embedded_, nobody(users.size()), [&](Assembly& assembly, auto waiting) {
    net::Loop& loop = some_loop(assembly);
    loop.dispatch([&node = assembly.node(), &loop, users = std::move(users),
                   what = outbound(payload), waiting] {
      const auto sum = std::make_shared<Sum<decltype(waiting)>>(
          Sum<decltype(waiting)>{{}, users.size(), waiting});
      for (const std::string& user : users)
        node.push_user(loop, user, what,
                       [sum](const Result<PublishCount>& count) { sum->add(delivered(count)); });
    });
  });
}

Answer<Delivered> Cluster::transport_to_all(Payload payload, std::vector<ConnectionId> except) {
  return ask(embedded_, Delivered(), [&](Assembly& assembly, auto waiting) {
    assembly.node().push_all(some_loop(assembly), outbound(payload), PushRules{std::move(except)},
                             [waiting](const Delivered& all) { waiting->give(all); });
  });
}

Answer<Delivered> Cluster::transport_to_conn(Payload payload, std::vector<ConnectionId> to) {
  return ask(embedded_, nobody(to.size()), [&](Assembly& assembly, auto waiting) {
    assembly.node().push_some(some_loop(assembly), std::move(to), outbound(payload), {},
                              [waiting](const Delivered& all) { waiting->give(all); });
  });
}

// --- users

Answer<Result<Kicked>> Cluster::register_user(ConnectionId id, std::string user,
                                              OtherConnections others) {
  return ask(embedded_, Result<Kicked>(kNotThere), [&](Assembly& assembly, auto waiting) {
    net::Loop& loop = loop_for(assembly, id);
    loop.dispatch([&node = assembly.node(), &loop, id, user = std::move(user), others, waiting] {
      node.bind_user(loop, id, user, others, give<Kicked>(waiting));
    });
  });
}

Answer<Result<void>> Cluster::logout(ConnectionId id, std::string user) {
  return ask(embedded_, Result<void>(kNotThere), [&](Assembly& assembly, auto waiting) {
    assembly.node().unbind_user(loop_for(assembly, id), id, std::move(user), give_error(waiting));
  });
}

Answer<Result<void>> Cluster::subscribe(ConnectionId id, std::vector<std::string> channels) {
  return ask(embedded_, Result<void>(kNotThere), [&](Assembly& assembly, auto waiting) {
    assembly.node().subscribe(loop_for(assembly, id), id, std::move(channels), give_error(waiting));
  });
}

Answer<Result<void>> Cluster::unsubscribe(ConnectionId id, std::vector<std::string> channels) {
  return ask(embedded_, Result<void>(kNotThere), [&](Assembly& assembly, auto waiting) {
    assembly.node().unsubscribe(loop_for(assembly, id), id, std::move(channels),
                                give_error(waiting));
  });
}

Answer<Result<Kicked>> Cluster::kick(std::string user, CloseCode code, std::string reason) {
  return ask(embedded_, Result<Kicked>(Kicked()), [&](Assembly& assembly, auto waiting) {
    net::Loop& loop = some_loop(assembly);
    loop.dispatch([&node = assembly.node(), &loop, user = std::move(user), code,
                   reason = std::move(reason), waiting] {
      node.kick(loop, user, static_cast<std::uint16_t>(code), reason, give<Kicked>(waiting));
    });
  });
}

// --- who is where

Answer<std::vector<NodeInfo>> Cluster::servers() {
  return ask(embedded_, std::vector<NodeInfo>(), [&](Assembly& assembly, auto waiting) {
    assembly.node().nodes(some_loop(assembly), [waiting](std::vector<NodeInfo> nodes) {
      waiting->give(std::move(nodes));
    });
  });
}

std::string Cluster::server_id() const {
  Assembly* const assembly = embedded_.running();
  return assembly ? assembly->node_id() : "";
}

Answer<Result<StandingList>> Cluster::presence(std::string channel) {
  return ask(
      embedded_, Result<StandingList>(StandingList()), [&](Assembly& assembly, auto waiting) {
        net::Loop& loop = some_loop(assembly);
        loop.dispatch([&node = assembly.node(), &loop, channel = std::move(channel), waiting] {
          node.clients_in(loop, channel, give<StandingList>(waiting));
        });
      });
}

Answer<Result<StandingList>> Cluster::connections_of(std::string user) {
  return ask(embedded_, Result<StandingList>(StandingList()),
             [&](Assembly& assembly, auto waiting) {
               net::Loop& loop = some_loop(assembly);
               loop.dispatch([&node = assembly.node(), &loop, user = std::move(user), waiting] {
                 node.clients_of(loop, user, give<StandingList>(waiting));
               });
             });
}

Answer<Result<Cluster::PresenceStats>> Cluster::presence_stats(std::string channel) {
  using Stats = Result<PresenceStats>;
  return ask(embedded_, Stats(PresenceStats()), [&](Assembly& assembly, auto waiting) {
    net::Loop& loop = some_loop(assembly);
    loop.dispatch([&node = assembly.node(), &loop, channel = std::move(channel), waiting] {
      node.clients_in(loop, channel, [waiting](const Result<StandingList>& list) {
        if (!list) return waiting->give(Stats(list.error()));
        waiting->give(PresenceStats{list->items.size(), list->users(), list->unreachable.size()});
      });
    });
  });
}

}  // namespace weft
