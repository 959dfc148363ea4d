#include "framework/listener_table.hpp"

#include <algorithm>

namespace weft::framework {

Listeners& ListenerTable::add(std::string event, Listener listener, ListenerOptions options) {
  entries_.push_back({std::move(event), std::move(listener), {}, options});
  return *this;
}

Listeners& ListenerTable::add_async(std::string event, AsyncListener listener,
                                    ListenerOptions options) {
  entries_.push_back({std::move(event), {}, std::move(listener), options});
  return *this;
}

SealedListeners::SealedListeners(std::initializer_list<const ListenerTable*> tables) {
  List all;
  for (const ListenerTable* table : tables)
    if (table)
      for (const ListenerEntry& entry : table->entries()) all.push_back(&entry);
  std::stable_sort(all.begin(), all.end(), [](const auto* a, const auto* b) {
    if (a->options.priority != b->options.priority)
      return a->options.priority > b->options.priority;
    return a->event.empty() && !b->event.empty();
  });
  for (const ListenerEntry* entry : all)
    if (!entry->event.empty()) by_event_.try_emplace(entry->event);
  for (const ListenerEntry* entry : all) {
    if (entry->event.empty()) any_.push_back(entry);
    for (auto& [event, list] : by_event_)
      if (entry->event.empty() || entry->event == event) list.push_back(entry);
  }
}

const SealedListeners::List* SealedListeners::find(std::string_view event) const {
  const auto found = by_event_.find(event);
  if (found != by_event_.end()) return &found->second;
  return any_.empty() ? nullptr : &any_;
}

}  // namespace weft::framework
