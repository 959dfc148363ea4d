// The rows of `cluster`.
#include "app/options_row.hpp"

namespace weft {

void add_cluster(Table& t) {
  t.add<Config>(
       "cluster.url", [](Config & c) -> auto& { return c.cluster.url; },
       "The broker through which many nodes are one: redis://user:password@host:port/db, "
       "rediss://, "
       "redis+sentinel://host:port,host:port/master-name, nats://host:port,host:port or tls://. "
       "Empty = this node is alone.")
      .secret()
      .example("redis://127.0.0.1:6379/0");
  t.add<Config>(
       "cluster.prefix", [](Config & c) -> auto& { return c.cluster.prefix; },
       "Of everything that the broker carries and keeps for this application; nodes with the same "
       "prefix are one. Required with cluster.url: 1 to 64 letters, digits, - and _.")
      .example("shop");
  t.add<Config>(
       "cluster.password_file", [](Config & c) -> auto& { return c.cluster.password_file; },
       "File with the broker's password, in place of the url's.")
      .path()
      .example("/run/secrets/broker");
  t.add<Config>(
       "cluster.token_file", [](Config & c) -> auto& { return c.cluster.token_file; },
       "NATS: file with the token.")
      .path()
      .example("/run/secrets/nats-token");
  t.add<Config>(
       "cluster.credentials", [](Config & c) -> auto& { return c.cluster.credentials; },
       "NATS: credentials file, a JWT and its key.")
      .path()
      .example("/run/secrets/weft.creds");
  t.add<Config>(
       "cluster.certificates", [](Config & c) -> auto& { return c.cluster.certificates; },
       "PEM file of those who may sign the broker's certificate; empty = the system's.")
      .path()
      .example("/etc/weft/broker-ca.pem");
  t.add<Config>(
       "cluster.beat", [](Config & c) -> auto& { return c.cluster.beat; },
       "How often a node renews its lease.")
      .range(100, kMinute)
      .example("1s");
  t.add<Config>(
       "cluster.lease", [](Config & c) -> auto& { return c.cluster.lease; },
       "A node that has not renewed for this long is dead to the others.")
      .range(500, 10 * kMinute)
      .example("5s");
  t.add<Config>(
       "cluster.answer_within", [](Config & c) -> auto& { return c.cluster.answer_within; },
       "Nodes that do not answer within this time are told as unreachable.")
      .range(50, kMinute)
      .example("1s");
  t.add<Config>(
       "cluster.join_within", [](Config & c) -> auto& { return c.cluster.join_within; },
       "A node that has not found its broker after this time does not start.")
      .range(100, kHour)
      .example("1m");
  t.add<Config>(
       "cluster.events", [](Config & c) -> auto& { return c.cluster.events; },
       "Who hears of users, nodes and presence, on a node that is alone too: queue:NAME, "
       "lua:FILE:FUNCTION or worker:NAME; each gets {event, node, connection, user, channel}.")
      .example("[queue:cluster]");
  t.add<Config>(
       "cluster.messages", [](Config & c) -> auto& { return c.cluster.messages; },
       "Who hears every message of a client before it is handled, named as in cluster.events; each "
       "gets {event, node, connection, user, path, data}. Empty = nobody, and messages cost "
       "nothing for it.")
      .example("[queue:heard]");
  t.add<Config>(
       "presence.channels", [](Config & c) -> auto& { return c.presence.channels; },
       "Channels of which it is told who enters and leaves; * stands for any characters.")
      .example("[room_*]");
  t.add<Config>(
       "presence.debounce", [](Config & c) -> auto& { return c.presence.debounce; },
       "Who leaves and is back within this time, on any node, has not left.")
      .range(0, kHour)
      .example("5s");
  t.add<Config>(
       "presence.announce", [](Config & c) -> auto& { return c.presence.announce; },
       "Publishes the events presence.join and presence.leave to the channel.")
      .example("true");
}

}  // namespace weft
