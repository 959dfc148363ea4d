// The contracts, against the engines that need no server.
#include "storage/connection_storage_contract.hpp"
#include "storage/memory_connections.hpp"
#include "storage/memory_messages.hpp"
#include "storage/message_storage_contract.hpp"
#include "storage/sqlite_connections.hpp"
#include "storage/sqlite_messages.hpp"
#include "storage/test_folder.hpp"

namespace weft::storage {
namespace {

/// A file of its own for each test.
std::string new_file() {
  static const Folder folder;
  static int number = 0;
  return folder.file(std::to_string(++number) + ".sqlite");
}

std::shared_ptr<ConnectionStorage> connections_in_memory(net::Loop&) {
  return std::make_shared<MemoryConnectionStorage>();
}
std::shared_ptr<ConnectionStorage> connections_in_sqlite(net::Loop&) {
  return std::make_shared<SqliteConnectionStorage>(new_file());
}
std::shared_ptr<MessageStorage> messages_in_memory(net::Loop&, std::size_t max_items) {
  return std::make_shared<MemoryMessageStorage>(MessageLimits{.max_items = max_items});
}
std::shared_ptr<MessageStorage> messages_in_sqlite(net::Loop&, std::size_t max_items) {
  SqliteMessageOptions options;
  options.file = new_file();
  options.slot = MessageEngine::kSlot;
  options.max_items = max_items;
  return std::make_shared<SqliteMessageStorage>(options);
}

const auto name_of = [](const auto& info) { return info.param.name; };

INSTANTIATE_TEST_SUITE_P(Engines, ConnectionStorageContract,
                         testing::Values(ConnectionEngine{"memory", connections_in_memory},
                                         ConnectionEngine{"sqlite", connections_in_sqlite}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Engines, MessageStorageContract,
                         testing::Values(MessageEngine{"memory", messages_in_memory},
                                         MessageEngine{"sqlite", messages_in_sqlite}),
                         name_of);

}  // namespace
}  // namespace weft::storage
