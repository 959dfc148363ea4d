// The mesh over a real nats-server.
#include "broker/nats_broker.hpp"
#include "cluster/mesh_contract.hpp"
#include "cluster/nats_store.hpp"
#include "driver/nats/test_server.hpp"

namespace weft::cluster {
namespace {

using nats::TestServer;

MeshParts make_parts(net::Loop& loop, const std::string& prefix, const std::string& name,
                     Millis lease) {
  if (!TestServer::is_installed()) return {};
  static const TestServer server(nats::with_jetstream());
  nats::NatsOptions where;
  where.servers = {server.address()};
  broker::BrokerOptions bus{.prefix = prefix, .name = name};
  StoreOptions store{.prefix = prefix, .lease = lease};
  return {std::make_unique<broker::NatsBroker>(loop, where, bus),
          std::make_shared<NatsStore>(loop, where, store)};
}

INSTANTIATE_TEST_SUITE_P(Nats, MeshContract, testing::Values(MeshEngine{"nats", make_parts}));

}  // namespace
}  // namespace weft::cluster
