#include <weft/server.hpp>

#include "journal_storage.hpp"

// Answers WHO with the users of all connections, as the storage knows them.
weft::Task<> tell_who(std::shared_ptr<weft::Connection> sender) {
  auto& storage = sender->server().connection_storage();
  weft::json::array users;
  weft::Cursor from;
  do {
    auto page = co_await storage.list(from, 100);
    if (!page) co_return (void) sender->send("FAILED", {{"why", page.error().message()}});
    for (const weft::ConnectionRow& row : page->items) users.emplace_back(row.user);
    from = page->next;
  } while (!from.empty());
  sender->send("USERS", {{"users", users}});
}

int main(int argc, char** argv) {
  weft::Server server{weft::load_config(argc, argv)};
  server.set_connection_storage(std::make_shared<JournalStorage>("journal.txt"));
  server.events().on("LOGIN", [](weft::Connection& sender, const weft::Message& message) {
    const auto* name =
        message.data().is_object() ? message.data().as_object().if_contains("name") : nullptr;
    if (name && name->is_string()) sender.bind_user(name->as_string());
  });
  server.events().on("WHO", [](weft::Connection& sender, const weft::Message&) {
    return tell_who(sender.shared_from_this());
  });
  return server.run();
}
