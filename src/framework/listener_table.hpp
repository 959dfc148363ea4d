// Who listens to which event. Filled while the program registers, sealed into one sorted list per
// event when a loop builds its dialects, only read from then on.
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "weft/listeners.hpp"

namespace weft::framework {

/// One registered listener; one of `plain` and `coroutine` is set.
struct ListenerEntry {
  std::string event;  ///< "" = a catch-all
  Listener plain;
  AsyncListener coroutine;
  ListenerOptions options;
};

class ListenerTable final : public Listeners {
 public:
  const std::vector<ListenerEntry>& entries() const { return entries_; }

 private:
  Listeners& add(std::string event, Listener listener, ListenerOptions options) override;
  Listeners& add_async(std::string event, AsyncListener listener, ListenerOptions options) override;

  std::vector<ListenerEntry> entries_;
};

/// The listeners of one path, by event, highest priority first, catch-alls before an event's own of
/// the same priority, else in the order of the tables.
class SealedListeners {
 public:
  using List = std::vector<const ListenerEntry*>;

  /// Points into the tables; they must live on and change no more. nullptr = no table.
  SealedListeners(std::initializer_list<const ListenerTable*> tables);

  /// nullptr: nobody listens to it.
  const List* find(std::string_view event) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  boost::unordered_flat_map<std::string, List, Hash, std::equal_to<>> by_event_;
  List any_;
};

}  // namespace weft::framework
